"""primus.cfg as the stand-in's `ppin` reads it, and where it and .secrets.cfg are searched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import libconf

NOTHING_CONFIGURED = 0x80005001
NO_CONFIGURATION = 0x80005003
BAD_CONFIGURATION = 0x80005005
FOLDERS = ("etc/primus", "usr/local/primus/etc")


class ConfigError(Exception):
    """primus.cfg cannot be used; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code


@dataclass(frozen=True)
class Slot:
    name: str
    id: int
    user_name: str
    client_id: str
    proxy_user: str | None
    proxy_password: str | None


@dataclass(frozen=True)
class Hsm:
    name: str
    host: str
    port: str
    priority: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Config:
    path: Path
    hsms: tuple[Hsm, ...]
    seconds: float
    """How long an answer may take: wait_delay × wait_max_tries."""

    def copies(self, user: str) -> Iterator[tuple[Hsm, Slot]]:
        """Where a partition is, in the order in which its HSMs are tried."""
        for hsm in sorted(self.hsms, key=lambda hsm: hsm.priority):
            for slot in hsm.slots:
                if slot.user_name == user:
                    yield hsm, slot

    def proxies(self, user: str) -> Iterator[tuple[Hsm, Slot]]:
        """Where a service user is needed, one slot for each HSM."""
        for hsm in sorted(self.hsms, key=lambda hsm: hsm.priority):
            for slot in hsm.slots:
                if slot.proxy_user == user:
                    yield hsm, slot
                    break


def find(explicit: str | None, variable: str, name: str, root: str) -> Path:
    """The file to use: the option's, the variable's, or the first searched one there is (else the first)."""
    named = explicit or os.environ.get(variable)
    if named:
        return Path(named)
    places = [Path(root or "/") / folder / name for folder in FOLDERS]
    return next((place for place in places if place.exists()), places[0])


def load(path: Path) -> Config:
    """Read primus.cfg; :class:`ConfigError` if that cannot be done."""
    try:
        primus = libconf.loads(path.read_text()).get("primus", {})
    except OSError as error:
        raise ConfigError(NO_CONFIGURATION) from error
    except (libconf.ConfigParseError, ValueError) as error:
        raise ConfigError(BAD_CONFIGURATION) from error
    hsms = tuple(
        Hsm(name, hsm["host"], _text(hsm, "port", "2310"), hsm.get("priority", 0), tuple(_slots(hsm)))
        for name, hsm in primus.get("hsms", {}).items()
        if "host" in hsm
    )
    if not any(hsm.slots for hsm in hsms):
        raise ConfigError(NOTHING_CONFIGURED)
    seconds = primus.get("wait_delay", 250) * primus.get("wait_max_tries", 5) / 1000
    return Config(path, hsms, seconds)


def _slots(hsm: Mapping[str, object]) -> Iterator[Slot]:
    groups = hsm.get("slots", {})
    assert isinstance(groups, Mapping)
    for name, slot in groups.items():
        if "id" in slot and "user_name" in slot:
            yield Slot(
                name,
                slot["id"],
                slot["user_name"],
                slot.get("client_id", ""),
                slot.get("proxy_user"),
                slot.get("proxy_password"),
            )


def _text(group: Mapping[str, object], name: str, default: str) -> str:
    """A port that is written as an int is none, as for the library."""
    value = group.get(name)
    return value if isinstance(value, str) else default
