"""A configuration with one slot of one HSM, for a library that is to talk to just that one.

Redundant HSMs hide behind one slot: the provider library picks one of them. So a single HSM of a cluster
can only be tested with a configuration that holds that HSM alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Final

from ppinui.config.primus_config import PrimusConfig, Slot, is_entry
from ppinui.libconfig.document import Kind, Setting
from ppinui.libconfig.scalars import write_scalar

# What a private log has to be like for the vendor's return values to be found in it: documented fields, no
# more.
_LOG: Final = {
    "write_log_file": "true",
    "write_syslog": "false",
    "trace_linenumber": "false",
    "trace_timestamp": "true",
    "trace_function": "true",
    "trace_inout": "false",
    "trace_pid": "true",
    "trace_filename": "false",
    "trace_mask": "0",
    "trace_level": "4",
}


def slot_configuration(config: PrimusConfig, slot: Slot, log_file: str) -> str:
    """The text of a primus.cfg that holds one slot, its HSM, and all global settings, unknown ones too.

    Values stand as they are written in the file, included files in their place, comments left out. The
    library is to connect when it is asked to (``connect_on_init`` false) and to log to ``log_file`` alone,
    at level 4 without inputs of functions. The result may hold clear-text passwords: it is to be treated as
    a secret.

    The cost is that of this HSM's settings, however many others there are.
    """
    own = config.setting_of(slot)
    slots = own.parent
    hsm = slots.parent if slots else None
    if slots is None or hsm is None:
        raise ValueError(f"{slot.path} is no slot of an HSM")
    root = config.document.root
    primus = root.get("primus")
    one_hsm = _group(
        slot.hsm,
        *_settings(hsm.children, but=("slots",)),
        _group(
            "slots",
            *_settings(other for other in slots.children if not is_entry(other)),
            _group(slot.name, *_settings(own.children)),
        ),
    )
    beside_hsms = [other for other in config.unknown if other.path == f"primus.hsms.{other.name}"]
    whole = _group(
        "primus",
        *_settings(primus.children if primus else (), but=("connect_on_init", "hsms", "log")),
        "connect_on_init = false;\n",
        _group("hsms", *_settings(beside_hsms), one_hsm),
        _log(primus.get("log") if primus else None, log_file),
    )
    return "".join((*_settings(root.children, but=("primus",)), whole))


def _log(log: Setting | None, log_file: str) -> str:
    kept = _settings(log.children, but=("file", *_LOG)) if log and log.kind is Kind.GROUP else ()
    forced = (f"{name} = {value};\n" for name, value in _LOG.items())
    return _group("log", *kept, f"file = {write_scalar(log_file)};\n", *forced)


def _settings(settings: Iterable[Setting], but: Container[str | None] = ()) -> Iterator[str]:
    return (f"{setting.name} = {setting.raw};\n" for setting in settings if setting.name not in but)


def _group(name: str, *content: str) -> str:
    return f"{name} = {{\n{''.join(content)}}};\n"
