"""What a connection test found, as data: stages, slots, the whole run, and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ppinui.pkcs11.return_codes import PinVerdict
from ppinui.provider.vendor_codes import ConnectionVerdict


class Stage(StrEnum):
    """The stages of a slot's test, in the order in which they are passed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    LOAD = "load"
    SLOT = "slot"
    TOKEN = "token"  # noqa: S105 - a PKCS#11 token, not a password
    SESSION = "session"
    LOGIN = "login"
    CRYPTO = "crypto"


class Outcome(StrEnum):
    """How a stage or a slot ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ErrorInfo:
    """A failure as people and programs need it: the code, its name, what it means here, and the next step."""

    code: int | None
    """A PKCS#11 or vendor return value; None where there is none for it."""
    name: str
    message: str
    remedy: str
    found_by_us: bool = False
    """A condition that ppinui found: whatever the code, no library has answered with it."""
    pin: PinVerdict = PinVerdict.MAY_BE_WRONG
    """What it says of an offered PIN, if it ended the login."""
    secret: ConnectionVerdict = ConnectionVerdict.MAY_BE_ANY
    """What it says of proxy password and permanent secret, if it ended a stage before the login."""

    @property
    def hex(self) -> str | None:
        """The code as ``0x%08X``, or None."""
        return None if self.code is None else f"0x{self.code:08X}"

    def as_json(self) -> dict[str, str | None]:
        """The ``error`` object of the JSON output."""
        return {"code": self.hex, "name": self.name, "message": self.message, "remedy": self.remedy}


@dataclass(frozen=True)
class StageResult:
    """One stage of one slot."""

    stage: Stage
    outcome: Outcome
    milliseconds: float
    error: ErrorInfo | None = None
    login_refused: bool = False
    """The provider's log says that a login on the HSM failed."""
    note: str | None = None
    """Something worth knowing of a stage that passed, such as a slot found by its token's label."""

    def as_json(self) -> dict[str, Any]:
        """An entry of ``stages`` in the JSON output."""
        return {
            "name": self.stage.value,
            "outcome": self.outcome.value,
            "milliseconds": round(self.milliseconds, 3),
            "error": self.error.as_json() if self.error else None,
            "note": self.note,
        }


@dataclass(frozen=True)
class SlotResult:
    """One slot on one HSM."""

    hsm: str
    host: str
    port: str
    slot: str
    id: int | None
    user: str
    proxy: str | None
    outcome: Outcome
    stages: tuple[StageResult, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Where each kind of secret came from, as far as it is known: ``permanent``, ``proxy``, ``pin``, each
    ``file``, ``keyring``, ``configuration``, ``asked`` or ``missing``."""
    firmware: str | None = None
    """The token's hardware version, ``major.minor``, which for a Primus is its firmware."""
    module: str | None = None
    """The library of a slot that is named by its id alone. There is no host then, and ``user`` is the label
    of the token that was found, empty where none was."""

    @property
    def scope(self) -> str:
        """``endpoint`` behind a service proxy, which chooses among its HSMs itself; else ``hsm``."""
        return "endpoint" if self.proxy else "hsm"

    @property
    def error(self) -> ErrorInfo | None:
        """Why the slot is not fine: the error of its last stage; None if it is fine."""
        if self.outcome is Outcome.OK or not self.stages:
            return None
        return self.stages[-1].error

    def as_json(self) -> dict[str, Any]:
        """An entry of ``results`` in the JSON output."""
        return {
            "hsm": self.hsm,
            "host": self.host,
            "port": self.port,
            "slot": self.slot,
            "id": self.id,
            "user": self.user,
            "proxy": self.proxy,
            "scope": self.scope,
            "outcome": self.outcome.value,
            "firmware": self.firmware,
            **({"module": self.module} if self.module is not None else {}),
            "secrets": dict(self.secrets),
            "stages": [stage.as_json() for stage in self.stages],
        }


@dataclass(frozen=True)
class Report:
    """The whole run, its results in the order of the configuration file."""

    config: str
    module: str | None
    results: tuple[SlotResult, ...]
    interrupted: bool = False

    @property
    def tested_hsms(self) -> int:
        """How many HSMs have a result."""
        return len({result.hsm for result in self.results})

    @property
    def partitions(self) -> int:
        """How many slots were tested: a partition counts once on each HSM (and once for each of its ids)."""
        return len(self.results)

    @property
    def failures(self) -> int:
        """How many slots are not fine, those that were skipped among them: they are not known to work."""
        return sum(result.outcome is not Outcome.OK for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """The JSON object of the whole run."""
        return {
            "config": self.config,
            "module": self.module,
            "results": [result.as_json() for result in self.results],
            "tested_hsms": self.tested_hsms,
            "partitions": self.partitions,
            "failures": self.failures,
            "interrupted": self.interrupted,
        }
