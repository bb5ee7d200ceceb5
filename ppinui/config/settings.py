"""The settings of primus.cfg as the vendor documents them: type, default, limits, unit, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class SettingType(Enum):
    """What libconfig has to find for the library to take the setting; ``value`` is the word for it."""

    STRING = "string"
    INT = "int"
    BOOL = "bool"
    GROUP = "group"


@dataclass(frozen=True)
class SettingSpec:
    """One documented setting.

    ``default`` is what holds when the setting is absent (None: nothing documented). ``minimum`` and
    ``maximum`` bound an int, or a port's digits, both included. ``required`` means that an HSM or a slot is
    of no use without it. ``secret`` means that the value is a password in clear text, shown to nobody
    unasked.
    """

    name: str
    type: SettingType
    meaning: str
    default: str | int | bool | None = None
    minimum: int | None = None
    maximum: int | None = None
    unit: str | None = None
    required: bool = False
    secret: bool = False

    @property
    def limits(self) -> str:
        """The limits in words, "0–127" or "0 or more"; empty where there are none."""
        if self.minimum is None:
            return ""
        return f"{self.minimum} or more" if self.maximum is None else f"{self.minimum}–{self.maximum}"


MAXIMUM_INT: Final = 2**31 - 1
"""The largest int that every version of libconfig reads alike without an ``L`` behind it."""

DEFAULT_PORT: Final = "2310"
"""The port of the HSM's PKCS#11 service unless its security officer chose another."""

_S, _I, _B, _G = SettingType.STRING, SettingType.INT, SettingType.BOOL, SettingType.GROUP

FILE_SETTINGS: Final = (
    SettingSpec("version", _S, "version of the file format", "1.0"),
    SettingSpec("primus", _G, "everything that the provider library reads", required=True),
)
"""What stands at the top of the file."""

GLOBAL_SETTINGS: Final = (
    SettingSpec("wait_delay", _I, "how long to wait when data is incomplete", 250, 0, MAXIMUM_INT, unit="ms"),
    SettingSpec(
        "wait_max_tries", _I, "tries before falling back to the next HSM of the cluster", 5, 0, MAXIMUM_INT
    ),
    SettingSpec("connect_on_init", _B, "connect when the library is initialised", True),
    SettingSpec("hsms", _G, "the HSMs: hsm0, hsm1, …", required=True),
    SettingSpec("log", _G, "the log of the provider library"),
)
"""What stands in the group ``primus``."""

HSM_SETTINGS: Final = (
    SettingSpec("host", _S, "name or IP address of the HSM or of the service proxy", required=True),
    SettingSpec(
        "port", _S, f"TCP port, digits in quotes, as a rule {DEFAULT_PORT}", None, 1, 65535, required=True
    ),
    SettingSpec("priority", _I, "the smaller is tried first, equal ones in turn", 0, 0, 127),
    SettingSpec("pin", _S, "setup password in clear text (not the PKCS#11 PIN); discouraged", secret=True),
    SettingSpec("slots", _G, "the partitions on this HSM: slot0, slot1, …", required=True),
)
"""What stands in each group ``primus.hsms.hsmN``."""

SLOT_SETTINGS: Final = (
    SettingSpec("client_id", _S, "free text that identifies the application in the HSM's log"),
    SettingSpec("user_name", _S, "name of the partition", required=True),
    SettingSpec("proxy_user", _S, "service user of the proxy, CloudHSM only"),
    SettingSpec("proxy_password", _S, "password of the service user in clear text; discouraged", secret=True),
    SettingSpec("id", _I, "PKCS#11 slot id", None, 0, MAXIMUM_INT, required=True),
)
"""What stands in each group ``primus.hsms.hsmN.slots.slotM``."""

LOG_SETTINGS: Final = (
    SettingSpec("file", _S, "log file", "/tmp/primus.log"),  # noqa: S108 - the provider's documented default
    SettingSpec("write_log_file", _B, "write to the log file (provider 2.2.2 or newer)", True),
    SettingSpec("write_syslog", _B, "write to syslog (provider 2.2.2 or newer)", True),
    SettingSpec("trace_linenumber", _B, "line number in each line of the log", False),
    SettingSpec("trace_timestamp", _B, "time in each line", True),
    SettingSpec("trace_function", _B, "name of the function in each line", True),
    SettingSpec("trace_inout", _B, "the vendor documents no more than the name", False),
    SettingSpec("trace_pid", _B, "process and thread in each line", True),
    SettingSpec("trace_filename", _B, "file name in each line", False),
    SettingSpec(
        "trace_mask",
        _I,
        "bits: 1 input of each PKCS#11 function, 2 serialization, 4 received TCP data",
        0,
        0,
        MAXIMUM_INT,
    ),
    SettingSpec(
        "trace_level",
        _I,
        "0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 info, 7 debug",
        4,
        0,
        7,
    ),
)
"""What stands in the group ``primus.log``."""


class Level(Enum):
    """The five kinds of groups of a primus.cfg; each has its own settings."""

    FILE = "the top of the file"
    GLOBAL = "primus"
    LOG = "primus.log"
    HSM = "primus.hsms.hsmN"
    SLOT = "primus.hsms.hsmN.slots.slotM"

    __hash__ = object.__hash__  # Enum's own is five times as slow

    @property
    def specs(self) -> Mapping[str, SettingSpec]:
        """The settings of such a group by name, in the vendor's order."""
        return _SPECS[self]


_SPECS: Final = {
    level: {spec.name: spec for spec in table}
    for level, table in (
        (Level.FILE, FILE_SETTINGS),
        (Level.GLOBAL, GLOBAL_SETTINGS),
        (Level.LOG, LOG_SETTINGS),
        (Level.HSM, HSM_SETTINGS),
        (Level.SLOT, SLOT_SETTINGS),
    )
}


def spec_of(path: str) -> SettingSpec | None:
    """What is documented of the setting at a full path (``primus.hsms.hsm0.port``); None where nothing is.

    The groups of HSMs and slots may have any name: the answer depends on the level alone.
    """
    group, _, name = path.rpartition(".")
    level = level_of(group)
    return level.specs.get(name) if level else None


def level_of(path: str) -> Level | None:
    """Which kind of group stands at a full path ("" is the top of the file); None for others."""
    match path.split(".") if path else []:
        case []:
            return Level.FILE
        case ["primus"]:
            return Level.GLOBAL
        case ["primus", "log"]:
            return Level.LOG
        case ["primus", "hsms", _]:
            return Level.HSM
        case ["primus", "hsms", _, "slots", _]:
            return Level.SLOT
    return None
