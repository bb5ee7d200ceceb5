"""Initialising a token: what it needs, what is lost, and where the token is afterwards."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.pkcs11.raw_calls import LABEL_BYTES
from ppinui.pkcs11.token_flags import TokenFlag, UserType
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, Interrupted, carry_out
from ppinui.tokens.objects import count_objects
from ppinui.tokens.pins import check_length, check_offer, leave_trace, place_of, request_for, token_of
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tokens.slot_list import list_slots
from ppinui.tokens.token_errors import ModuleLostError, TokenError
from ppinui.tokens.token_refusal import TokenRefusal


@dataclass(frozen=True)
class Needs:
    """What has to be known before a token can be initialised."""

    slot: TokenSlot
    """With the token as it is now."""
    erases: bool
    """The token is in use: what is on it will be lost, and :func:`name_to_type` is to be typed for that."""
    current_so_pin: bool
    """Ask for the SO PIN that the token has."""
    new_so_pin: bool
    """Ask for a new SO PIN."""

    def check_typed(self, typed: str, place: str) -> None:
        """Raise PpinuiError unless this is what has to be typed."""
        what, expected = name_to_type(self.slot)
        if typed != expected:
            raise PpinuiError(
                f"'{typed}' is not the {what} of this token, and nothing was changed",
                place,
                f"see what is there: ppinui slots; this token is '{expected}'",
            )


def needs_of(
    slot: TokenSlot, module: object, *, factory_so_pin: bool = False, spend_final_try: bool = False
) -> Needs:
    """What initialising the token of this slot needs.

    A token that was initialised before requires its SO PIN, and keeps it unless its flags ask for another
    one; a fresh one accepts any. Some fresh ones (openCryptoki's) require the SO PIN of their maker and then
    another one, which no flag shows: ``factory_so_pin``. Raises TokenRefusal.
    """
    token = token_of(slot, module)
    erases = token.is_initialised
    if erases:
        check_offer(slot, module, UserType.SO, spend_final_try=spend_final_try)
    elif token.flags & TokenFlag.OWN_KEYPAD:
        raise TokenRefusal("own-keypad", place_of(slot, module))
    current = erases or factory_so_pin
    to_be_changed = bool(token.flags & TokenFlag.SO_PIN_TO_BE_CHANGED)
    return Needs(slot, erases, current, new_so_pin=not current or to_be_changed)


def name_to_type(slot: TokenSlot) -> tuple[str, str]:
    """What the user has to type to erase this slot's token: what it is, in words, and the text.

    The token's label, or else its serial number, or else the slot's id: never nothing, which is typed by
    accident.
    """
    assert slot.token is not None
    if slot.token.label.strip():
        return "label", slot.token.label
    return ("serial number", slot.token.serial) if slot.token.serial else ("slot id", str(slot.id))


def loss_of(access: Access, slot: TokenSlot) -> str:
    """What is lost when this slot's token is initialised, as far as that is seen without a login."""
    token = f"serial {token_of(slot, access.module).serial or 'none'}"
    try:
        count = count_objects(access, slot)
    except TokenError as error:
        return f"{token}; its objects cannot be counted ({error.failure.name})"
    objects = "1 object" if count == 1 else f"{count} objects"
    return f"{token}; {objects} can be seen without a login, and private ones may be there besides"


def padded_label(label: str, place: str) -> str:
    """The label with blanks behind it, LABEL_BYTES of UTF-8.

    Raises TokenRefusal ``label-not-text`` (empty, or with characters that cannot be shown) or
    ``label-too-long``.
    """
    if not label.strip() or not label.isprintable():
        raise TokenRefusal("label-not-text", place)
    length = len(label.encode())
    if length > LABEL_BYTES:
        raise TokenRefusal("label-too-long", place, str(length))
    return label + " " * (LABEL_BYTES - length)


@dataclass(frozen=True)
class Pins:
    """The PINs of a token that is initialised. :class:`Needs` says which of the SO PINs it has to have."""

    user: Secret = field(repr=False)
    current_so: Secret | None = field(default=None, repr=False)
    new_so: Secret | None = field(default=None, repr=False)

    def wipe(self) -> None:
        for pin in (self.user, self.current_so, self.new_so):
            if pin is not None:
                pin.wipe()


def initialise(
    access: Access,
    slot: TokenSlot,
    label: str,
    pins: Pins,
    *,
    factory_so_pin: bool = False,
    spend_final_try: bool = False,
) -> TokenSlot:
    """Erase the token, name it, and set its PINs; returns the slot in which the token is then.

    A module may move the token to another slot (SoftHSM draws a new slot id): it is looked for by what it
    says of itself. Raises TokenRefusal before anything is changed, and TokenError; its message says so
    where the token is initialised all the same.
    """
    place = place_of(slot, access.module)
    needs = needs_of(slot, access.module, factory_so_pin=factory_so_pin, spend_final_try=spend_final_try)
    padded = padded_label(label, place)
    given = [pin for pin in (pins.current_so, pins.new_so) if pin is not None]
    if (pins.current_so is not None, pins.new_so is not None) != (needs.current_so_pin, needs.new_so_pin):
        raise ValueError("these are not the SO PINs that the token needs")
    for pin, what in ((pins.user, "the user PIN"), *((pin, "the SO PIN") for pin in given)):
        check_length(token_of(slot, access.module), pin, what, place)
    request = request_for("pin_ops:initialise", slot, spend_final_try=spend_final_try) | {"label": padded}
    made: Token | None = None
    try:
        so_pin, *new = given
        with closing(carry_out(access, request, so_pin, pins.user, *new, never_on_primus=True)) as messages:
            for message in messages:
                if message["kind"] in {"initialised", "done"}:
                    made = Token(**message["token"])
    except TokenError as error:
        if made is not None:
            error.message += _half_made(error.failure.function, new_so_pin=bool(new))
        elif isinstance(error, ModuleLostError) and error.failure.function == "C_InitToken":
            error.message += f"; {_PERHAPS_MADE}"
        elif error.rejects_pin and not needs.current_so_pin:
            error.remedy = "it has an SO PIN of its maker's: find out which, and repeat with --factory-so-pin"
        raise
    except Interrupted:
        raise stopped(place) from None
    assert made is not None
    leave_trace("initialise token", access, slot)
    return _found_again(access, slot, made)


_PERHAPS_MADE: Final = "the token may be initialised by now, without a user PIN"


def stopped(place: str) -> Interrupted:
    """The error of an initialisation that was stopped: what the module does after that is not waited for."""
    error = Interrupted(place)
    error.message += f"; {_PERHAPS_MADE}"
    error.remedy = "see what it is now: ppinui slots; a user PIN is set by: ppinui pin init SLOT"
    return error


def _half_made(function: str, *, new_so_pin: bool) -> str:
    """What is missing when this function failed behind C_InitToken."""
    missing = "; the token is initialised, but its user PIN is not set (ppinui pin init SLOT)"
    if new_so_pin and function != "C_InitPIN":
        missing += ", and its SO PIN is the one from before (ppinui pin change SLOT --so)"
    return missing


def _found_again(access: Access, slot: TokenSlot, made: Token) -> TokenSlot:
    """The slot that the token is in now that the module was initialised anew."""
    there = replace(slot, token=made)
    try:
        slots = list_slots(access).slots
    except TokenError:
        return there  # the token is made, whatever the module has now
    found = [one for one in slots if one.token is not None and one.token.identity == made.identity]
    same_id = [one for one in found if one.id == slot.id]
    return next(iter(same_id or found), there)
