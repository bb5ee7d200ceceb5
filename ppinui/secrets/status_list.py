"""The status list as ppin prints it: every slot and service user of primus.cfg, with its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from ppinui.config.primus_config import SecretOwners
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind

BANNER: Final = "********************\nPrimus Permanent PIN\n********************"


class Where(Enum):
    """Where a secret was found; the values are words for people."""

    KEYRING = "keyring"
    FILE = "secrets file"
    CONFIG = "primus.cfg"


@dataclass(frozen=True)
class StatusRow:
    """A slot (``slot_id`` as in primus.cfg) or a service user (``slot_id`` None) on one HSM.

    ``number``: slots and service users are counted separately, from 1. ``where``: every place that has its
    secret.
    """

    number: int
    kind: SecretKind
    name: str
    slot_id: int | None
    hsm: str
    where: tuple[Where, ...]

    def text(self) -> str:
        """The row as ppin prints it (spacing differs between its versions, so scripts match words)."""
        if self.kind is SecretKind.PROXY:
            who = f"service/proxy user '{self.name}'  "
        else:
            slot_id = "?" if self.slot_id is None else self.slot_id
            who = f"slot-id {slot_id}:    user '{self.name}'   "
        return f"[{self.number:02}] {who}permanent secret: {'Configured' if self.where else 'MISSING'}"


def status_rows(
    users: SecretOwners, store: SecretStore, in_file: Iterable[Key], *, everywhere: bool = False
) -> tuple[StatusRow, ...]:
    """The list: first all slots, then all service users, each again on every HSM that it is on.

    ``in_file``: who has an entry in the application's .secrets.cfg. The keyring is asked once for each user,
    and only about users whom the file does not have, unless ``everywhere``. Raises KeyringError.
    """
    file = frozenset(in_file)
    in_keyring = cache(store.has)

    def places(kind: SecretKind, name: str, in_config: bool) -> tuple[Where, ...]:
        found = [Where.CONFIG] if in_config else []
        if (kind, name) in file:
            found.append(Where.FILE)
        if (everywhere or not found) and in_keyring(kind, name):
            found.append(Where.KEYRING)
        return tuple(found)

    slots = [(SecretKind.PERMANENT, slot.user_name or "", slot.id, slot.hsm, False) for slot in users.slots]
    return tuple(
        StatusRow(number, kind, name, slot_id, hsm, places(kind, name, clear))
        for rows in (slots, list(_proxy_rows(users)))
        for number, (kind, name, slot_id, hsm, clear) in enumerate(rows, start=1)
    )


def _proxy_rows(users: SecretOwners) -> Iterator[tuple[SecretKind, str, None, str, bool]]:
    """One row for each service user and HSM."""
    clear: dict[tuple[str, str], bool] = {}
    for slot in users.slots:
        if slot.proxy_user is not None:
            key = slot.hsm, slot.proxy_user
            clear[key] = clear.get(key, False) or slot.has_clear_proxy_password
    for (hsm, name), in_config in clear.items():
        yield SecretKind.PROXY, name, None, hsm, in_config
