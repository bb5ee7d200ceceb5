""".secrets.cfg as the stand-in's `ppin` keeps it: opaque entries with blinded values.

A user's entry has `name`, `salt`, `secret` and `check`. Names and blinding of the last three are ours: the
vendor's are not documented. The library's part is provider/secrets.c.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any

import libconf

from tests.primus_sim.libconfig import Group, dump
from tests.primus_sim.switches import Blinded, ProxyEntries

MODE = 0o640
_64_BITS = (1 << 64) - 1


class SecretsFileError(ValueError):
    """The file is no libconfig file."""


@dataclass
class SecretsFile:
    """The entries, by name, in the order of the file."""

    users: dict[str, Group] = field(default_factory=dict)
    proxies: dict[str, Group] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> SecretsFile:
        """Read a file's text; SecretsFileError if it is none."""
        try:
            primus = libconf.loads(text).get("primus", {})
        except (libconf.ConfigParseError, ValueError) as error:
            raise SecretsFileError(str(error)) from error
        found = cls()
        for entry in primus.get("users", {}).values():
            where = found.proxies if entry.get("type") == "proxy" else found.users
            where[entry["name"]] = _plain(entry)
        for entry in primus.get("proxies", {}).values():
            found.proxies[entry["name"]] = _plain(entry)
        return found

    @classmethod
    def load(cls, path: Path) -> SecretsFile:
        """Read a file; FileNotFoundError where there is none."""
        return cls.parse(path.read_text())

    def set_user(self, name: str, secret: str, blinded: Blinded = Blinded.STRINGS) -> None:
        self.users.pop(name, None)
        self.users[name] = _entry(name, secret, blinded)

    def set_proxy(self, name: str, password: str, blinded: Blinded = Blinded.STRINGS) -> None:
        self.proxies.pop(name, None)
        self.proxies[name] = _entry(name, password, blinded)

    def user_secret(self, name: str) -> str | None:
        return _clear(name, self.users[name]) if name in self.users else None

    def proxy_password(self, name: str) -> str | None:
        return _clear(name, self.proxies[name]) if name in self.proxies else None

    def text(self, proxy_entries: ProxyEntries = ProxyEntries.USERS) -> str:
        users = list(self.users.values())
        primus: Group = {"users": users}
        proxies = [
            {key: value for key, value in one.items() if key != "type"} for one in self.proxies.values()
        ]
        if proxy_entries is ProxyEntries.USERS:
            users += [{"name": one["name"], "type": "proxy", **one} for one in proxies]
        elif proxies:
            primus["proxies"] = {f"proxy{number}": one for number, one in enumerate(proxies)}
        primus["users"] = {f"user{number}": one for number, one in enumerate(users)}
        return dump({"version": "1.0", "primus": primus})

    def save(self, path: Path, proxy_entries: ProxyEntries = ProxyEntries.USERS) -> None:
        """Replace the file, which keeps its group and gets 0640."""
        descriptor, beside = tempfile.mkstemp(prefix=".secrets.", dir=path.parent)
        try:
            with open(descriptor, "w") as new:
                new.write(self.text(proxy_entries))
                os.fchmod(descriptor, MODE)
                with suppress(FileNotFoundError, PermissionError):
                    os.fchown(descriptor, -1, path.stat().st_gid)
                new.flush()
                os.fsync(descriptor)
            os.replace(beside, path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise


def _plain(entry: Any) -> Group:
    return {key: list(value) if isinstance(value, list | tuple) else value for key, value in entry.items()}


def _entry(name: str, secret: str, blinded: Blinded) -> Group:
    clear, salt = secret.encode(), token_bytes(8)
    values = {"salt": salt, "secret": _blind(clear, name, salt), "check": _digest(clear).to_bytes(8)}
    if blinded is Blinded.ARRAYS:
        return {"name": name} | {key: list(value) for key, value in values.items()}
    return {"name": name} | {key: value.hex() for key, value in values.items()}


def _clear(name: str, entry: Group) -> str | None:
    """The secret in clear text; None if the entry is damaged."""
    try:
        salt, secret, check = (_bytes(entry[key]) for key in ("salt", "secret", "check"))
        clear = _blind(secret, name, salt)
        return clear.decode() if _digest(clear).to_bytes(8) == check else None
    except (KeyError, ValueError, TypeError):
        return None


def _bytes(value: str | list[int]) -> bytes:
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)


def _digest(data: bytes) -> int:
    """FNV-1a, 64 bits."""
    total = 0xCBF29CE484222325
    for byte in data:
        total = ((total ^ byte) * 0x100000001B3) & _64_BITS
    return total


def _blind(data: bytes, name: str, salt: bytes) -> bytes:
    """Exclusive or with the stream of splitmix64, which undoes itself. Blinded, not encrypted."""
    seed, stream, out = _digest(name.encode()) ^ int.from_bytes(salt), 0, bytearray()
    for index, byte in enumerate(data):
        if index % 8 == 0:
            seed = (seed + 0x9E3779B97F4A7C15) & _64_BITS
            stream = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & _64_BITS
            stream = ((stream ^ stream >> 27) * 0x94D049BB133111EB) & _64_BITS
            stream ^= stream >> 31
        out.append(byte ^ (stream >> 8 * (index % 8)) & 0xFF)
    return bytes(out)
