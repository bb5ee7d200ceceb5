"""A fetcher without an HSM behind it, and a primus.cfg without a file: for the rules between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ppinui.config.primus_config import read
from ppinui.libconfig.document import parse
from ppinui.secrets.fetcher import Configuration, FetchFailed
from ppinui.secrets.secret import Secret
from tests.rig.credentials import UserSlot, credentials_of

KNOWN = credentials_of(
    UserSlot("hsm1", 1, "PART-1", "SERVICE"),
    UserSlot("hsm1", 2, "PART-2", "SERVICE"),
    UserSlot("hsm0", 1, "PART-1", "SERVICE"),
    UserSlot("hsm2", 7, "ALONE"),
    origin="primus.cfg",
    priorities={"hsm1": 1},
)


@dataclass
class CountingFetcher:
    """Writes numbered secrets into the file that it gets; notes what it was offered, in clear."""

    fails: FetchFailed | None = None
    proxies_shape: str = "users"
    """The group that proxies are written to; "" for a shape in which nobody recognises an entry."""
    offered: list[tuple[str, ...]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """HSM and slot of each configuration, in the order in which they would be tried."""
    number: int = 0

    def add(
        self,
        user: str,
        setup_password: Secret,
        pin: Secret,
        *,
        configurations: Sequence[Configuration],
        secrets_file: bytes,
    ) -> bytes:
        self._note(configurations, user, setup_password, pin)
        return self._with_entry(secrets_file, user, "users")

    def add_proxy(
        self, user: str, password: Secret, *, configurations: Sequence[Configuration], secrets_file: bytes
    ) -> bytes:
        self._note(configurations, user, password)
        if not self.proxies_shape:
            return secrets_file.replace(b"primus:", f'proxy = "blinded {user}"; primus:'.encode())
        return self._with_entry(secrets_file, user, self.proxies_shape)

    def _note(self, configurations: Sequence[Configuration], user: str, *passwords: Secret) -> None:
        self.offered.append((user, *(password.reveal_bytes().decode() for password in passwords)))
        self.asked += [_slot_of(configuration("log")) for configuration in configurations]
        if self.fails is not None:
            raise self.fails

    def _with_entry(self, secrets_file: bytes, user: str, group: str) -> bytes:
        self.number += 1
        text = secrets_file.decode()
        free = len(re.findall(r"\buser\d", text))
        entry = f'user{free} = {{ name = "{user}"; secret = "{self.number}"; }};\n'
        if f" {group}:" not in text:
            text = text.replace("  users:", f"  {group}:\n  {{\n  }};\n  users:")
        return re.sub(rf"(\b{group}:\s*\{{\n)", lambda found: found[1] + entry, text, count=1).encode()


def _slot_of(text: str) -> str:
    (slot,) = read(parse(text)).slots
    return f"{slot.hsm}.{slot.name}"
