"""Users of a primus.cfg that is no file: its slots alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ppinui.config.primus_config import SecretOwners, read
from ppinui.libconfig.document import parse


@dataclass(frozen=True)
class UserSlot:
    """A slot on an HSM; `proxy` is the service user, `clear`: its password is in primus.cfg."""

    hsm: str
    id: int
    user: str
    proxy: str | None = None
    clear: bool = False

    def text(self, number: int) -> str:
        """The slot's group."""
        proxy = f' proxy_user = "{self.proxy}";' if self.proxy else ""
        password = ' proxy_password = "clear";' if self.clear else ""
        return f'slot{number}: {{ user_name = "{self.user}"; id = {self.id};{proxy}{password} }}; '


def credentials_of(
    *slots: UserSlot, origin: str = "f", priorities: Mapping[str, int] | None = None
) -> SecretOwners:
    """The users of these slots; HSMs stand in the order in which slots name them first."""
    text = ""
    for hsm in dict.fromkeys(slot.hsm for slot in slots):
        group = "".join(
            slot.text(number) for number, slot in enumerate(one for one in slots if one.hsm == hsm)
        )
        text += f"{hsm}: {{ priority = {(priorities or {}).get(hsm, 0)}; slots: {{ {group} }}; }}; "
    return read(parse(f"primus: {{ hsms: {{ {text} }}; }};", origin)).credentials()
