"""Names of partitions and service users: which may be handed on, and which primus.cfg has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ppinui.errors import PpinuiError
from ppinui.secrets.fetcher import Configuration


def check_name(name: str) -> None:
    """Refuse a name that a program could take for an option, or a terminal for a command.

    Raises PpinuiError for an empty name, one that begins with ``-``, and one with control characters.
    """
    if not name or name.startswith("-") or any(_is_control(character) for character in name):
        raise PpinuiError(
            "this is no name of a partition or service user", repr(name), "name one that primus.cfg has"
        )


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"


@dataclass(frozen=True)
class KnownSlot:
    """A slot of primus.cfg, as far as secrets go.

    ``priority`` of its HSM: the smallest is asked first. ``clear_proxy_password``: primus.cfg has it.
    ``configuration``: a primus.cfg for this HSM and this slot alone; its text may hold secrets.
    """

    hsm: str
    slot_id: int | None
    user_name: str
    proxy_user: str | None
    priority: int
    clear_proxy_password: bool
    configuration: Configuration = field(repr=False)


@dataclass(frozen=True)
class KnownUsers:
    """Partitions and service users of a primus.cfg. ``place``: its path, for errors."""

    place: str
    slots: tuple[KnownSlot, ...]

    @property
    def partitions(self) -> tuple[str, ...]:
        """Names of partitions, each once, in the order of the file."""
        return tuple(dict.fromkeys(slot.user_name for slot in self.slots))

    @property
    def proxies(self) -> tuple[str, ...]:
        """Names of service users, each once, in the order of the file."""
        return tuple(dict.fromkeys(self._proxy_users(self.slots)))

    def copies(self, partition: str) -> tuple[KnownSlot, ...]:
        """The slots of a partition, those of the HSM that is asked first in front. Raises PpinuiError."""
        check_name(partition)
        found = [slot for slot in self.slots if slot.user_name == partition]
        if not found:
            raise self._unknown(partition, "partition", self.partitions)
        return _by_priority(found)

    def behind(self, proxy: str) -> tuple[KnownSlot, ...]:
        """The slots that a service user passes the proxy for, one for each HSM. Raises PpinuiError."""
        check_name(proxy)
        found = {slot.hsm: slot for slot in reversed(self.slots) if slot.proxy_user == proxy}
        if not found:
            raise self._unknown(proxy, "service user", self.proxies)
        return _by_priority(reversed(found.values()))

    def proxies_of(self, partition: str) -> tuple[str, ...]:
        """The service users that are needed for a partition."""
        return tuple(dict.fromkeys(self._proxy_users(self.copies(partition))))

    def _proxy_users(self, slots: Iterable[KnownSlot]) -> Iterator[str]:
        return (slot.proxy_user for slot in slots if slot.proxy_user is not None)

    def _unknown(self, name: str, what: str, known: tuple[str, ...]) -> PpinuiError:
        near = difflib.get_close_matches(name, known, n=3) or known[:3]
        remedy = f"did you mean {', '.join(near)}?" if near else "add the slot to primus.cfg first"
        return PpinuiError(
            f"User not found in Primus configuration file: no {what} '{name}'", self.place, remedy
        )


def _by_priority(slots: Iterable[KnownSlot]) -> tuple[KnownSlot, ...]:
    return tuple(sorted(slots, key=lambda slot: slot.priority))
