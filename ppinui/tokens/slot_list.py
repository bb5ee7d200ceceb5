"""The slots of a module, and the one that a text names."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from ppinui.pkcs11.structures import ModuleInfo
from ppinui.provider.library import is_primus
from ppinui.tokens.module_client import Access, carry_out
from ppinui.tokens.slot import SlotList, Token, TokenSlot
from ppinui.tokens.token_errors import ModuleLostError, TokenError, not_asked, of_answer
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.workers.channel import Message

LOST_IN_A_ROW: Final = 3
"""After so many slots at which the module hung or crashed, the others are not asked any more."""


def list_slots(
    access: Access,
    *,
    only: Collection[int] | None = None,
    on_slot: Callable[[TokenSlot], None] = lambda _: None,
) -> SlotList:
    """Ask every slot of the module (``only``: just these); each is handed to ``on_slot`` as it is known.

    A slot that answers with an error, or at which the module hangs or crashes, is a :class:`TokenSlot` with
    its ``failure``; the others are asked all the same, by a fresh process if need be. Raises what
    :func:`ppinui.tokens.module_client.carry_out` does where there is not even a list of slots.
    """
    listing = _Listing(access, only, on_slot)
    while not listing.complete:
        listing.go_on()
    return listing.result()


class _Listing:
    def __init__(
        self, access: Access, only: Collection[int] | None, on_slot: Callable[[TokenSlot], None]
    ) -> None:
        self._access = access
        self._only = only
        self._on_slot = on_slot
        self._library: ModuleInfo | None = None
        self._ids: list[int] = []
        self._slots: dict[int, TokenSlot] = {}
        self._lost = 0
        self.complete = False

    def go_on(self) -> None:
        """Ask for what is not known yet, until the end or until the module is lost."""
        request = {
            "do": "slot_ops:list_slots",
            "skip": list(self._slots),
            "only": None if self._only is None else list(self._only),
        }
        try:
            with closing(carry_out(self._access, request)) as messages:
                for message in messages:
                    self._receive(message)
            self.complete = True
        except TokenError as error:
            lost_at = error.slot_id if isinstance(error, ModuleLostError) else None
            if lost_at is not None:
                self._add(TokenSlot(lost_at, failure=error.failure))
                self._lost += 1
            elif not self._slots:
                raise
            # A module that does not start again after it was lost answers no more.
            self.complete = lost_at is None or self._primus or self._lost >= LOST_IN_A_ROW

    @property
    def _primus(self) -> bool:
        return self._library is not None and is_primus(self._library.manufacturer)

    def _receive(self, message: Message) -> None:
        match message["kind"]:
            case "library":
                self._library = ModuleInfo(**message["library"])
            case "found":
                self._ids = message["ids"]
            case "row":
                self._lost = 0
                self._add(slot_of(message["slot"], on_primus=self._primus))

    def _add(self, slot: TokenSlot) -> None:
        self._slots[slot.id] = slot
        self._on_slot(slot)

    def result(self) -> SlotList:
        assert self._library is not None
        slots = [
            self._slots.get(slot_id) or TokenSlot(slot_id, failure=not_asked(_LEFT_OUT[self._primus]))
            for slot_id in self._ids
            if self._only is None or slot_id in self._only
        ]
        return SlotList(str(self._access.module), self._library, tuple(slots))


_LEFT_OUT: Final = {
    True: "Another slot failed, and each question to a Primus offers your secrets to an HSM: not asked",
    False: "The module was lost at other slots: not asked",
}


def slot_of(row: dict[str, Any], *, on_primus: bool) -> TokenSlot:
    """A worker's row of a slot."""
    slot = TokenSlot(row["id"], row["description"], row["manufacturer"])
    if row["failed"] is not None:
        return replace(slot, failure=of_answer(*row["failed"], on_primus=on_primus))
    return replace(slot, token=Token(**row["token"])) if row["token"] is not None else slot


def slot_id_of(text: str) -> int | None:
    """The slot id that a text stands for, decimal or hexadecimal (``0x…``); None for a label."""
    digits = text[2:] if text[:2].lower() == "0x" else text
    base = 10 if digits == text else 16
    try:
        return int(digits, base) if digits.isascii() and digits.isalnum() else None
    except ValueError:
        return None


def find_slot(access: Access, text: str) -> TokenSlot:
    """The one slot that ``text`` names: a slot id, decimal or ``0x…``, or else a token's label in full.

    Raises TokenRefusal ``no-such-slot`` or ``label-not-unique``, and what :func:`list_slots` raises.
    """
    slot_id = slot_id_of(text)
    if slot_id is not None:
        chosen = list_slots(access, only={slot_id})
        if chosen.slots:
            return chosen.slots[0]
    return choose_slot(list_slots(access), text)


def choose_slot(found: SlotList, text: str) -> TokenSlot:
    """The slot of this list that ``text`` names, as :func:`find_slot` has it.

    Raises TokenRefusal ``no-such-slot`` or ``label-not-unique``.
    """
    slot_id = slot_id_of(text)
    for slot in found.slots:
        if slot.id == slot_id:
            return slot
    # Nothing is no name of tokens without a label: a script's empty variable must not mean one of them.
    labelled = [slot for slot in found.slots if slot.token is not None and slot.token.label == text != ""]
    if len(labelled) == 1:
        return labelled[0]
    if labelled:
        slots = ", ".join(f"slot {slot.id}" for slot in labelled)
        raise TokenRefusal("label-not-unique", found.module, f"'{text}' is in {slots}")
    failed = f" (slots that answered with an error: {found.failures})" if found.failures else ""
    raise TokenRefusal("no-such-slot", found.module, f"'{text}'{failed}")
