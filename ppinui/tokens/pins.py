"""Changing a token's PINs, and setting the user's as the security officer."""

from __future__ import annotations

from pathlib import Path

from ppinui.audit import trace
from ppinui.pkcs11.structures import UNAVAILABLE
from ppinui.pkcs11.token_flags import UserType, obstacle
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, result_of
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tokens.token_errors import TokenError
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.workers.channel import Message


def check_offer(
    slot: TokenSlot, module: object, user: UserType = UserType.USER, *, spend_final_try: bool = False
) -> Token:
    """The token of a slot to which a PIN may be offered, by its flags. Raises TokenRefusal.

    For a check before a PIN is typed; the worker checks again right before it offers the PIN.
    """
    token = token_of(slot, module)
    against = obstacle(token.flags, user, spend_final_try=spend_final_try)
    if against is not None:
        raise TokenRefusal(against, place_of(slot, module))
    return token


def token_of(slot: TokenSlot, module: object) -> Token:
    """The slot's token. Raises TokenRefusal ``no-token``, or TokenError when the slot answered with one."""
    if slot.failure is not None:
        raise TokenError(slot.failure, place_of(slot, module))
    if slot.token is None:
        raise TokenRefusal("no-token", str(module), slot.name)
    return slot.token


def place_of(slot: TokenSlot, module: object) -> str:
    """How errors name a slot."""
    return f"{slot.name} of {module}"


def check_length(token: Token, pin: Secret, what: str, place: str) -> None:
    """Raise TokenRefusal ``pin-length`` for a PIN that the token's limits (in bytes) do not allow.

    What cannot be the PIN is not offered either: it would cost a try.
    """
    length = len(pin.reveal_bytes())
    shortest, longest = _limits(token)
    if length < shortest or (longest is not None and length > longest):
        raise TokenRefusal(
            "pin-length", place, f"{what} has {length} bytes, and the token takes {limit_words(token)}"
        )


def limit_words(token: Token) -> str:
    """How many bytes a PIN of this token has: ``4 to 255``, ``at least 4``."""
    shortest, longest = _limits(token)
    return f"{shortest} to {longest}" if longest is not None else f"at least {shortest}"


def _limits(token: Token) -> tuple[int, int | None]:
    longest = token.max_pin if token.max_pin not in {0, UNAVAILABLE} else None
    return token.min_pin if token.min_pin != UNAVAILABLE else 0, longest


def change_pin(
    access: Access,
    slot: TokenSlot,
    old: Secret,
    new: Secret,
    *,
    user: UserType = UserType.USER,
    spend_final_try: bool = False,
) -> Token:
    """Change the PIN of the user or the security officer; returns the token as it is then.

    ``old`` is offered once. Raises TokenRefusal, and TokenError with the token's ``flags`` afterwards, such
    as for CKR_PIN_INCORRECT.
    """
    place = place_of(slot, access.module)
    token = check_offer(slot, access.module, user, spend_final_try=spend_final_try)
    check_length(token, old, f"the old {user.pin_name}", place)
    check_length(token, new, f"the new {user.pin_name}", place)
    if old == new:
        raise TokenRefusal("same-pin", place)
    request = request_for("pin_ops:change_pin", slot, spend_final_try=spend_final_try) | {"user": int(user)}
    changed = token_after(access, request, old, new)
    leave_trace(f"change {user.pin_name}", access, slot)
    return changed


def init_pin(
    access: Access, slot: TokenSlot, so_pin: Secret, new: Secret, *, spend_final_try: bool = False
) -> Token:
    """As the security officer, set a new user PIN, whatever the old one was; returns the token as it is then.

    Raises as :func:`change_pin`.
    """
    place = place_of(slot, access.module)
    token = check_offer(slot, access.module, UserType.SO, spend_final_try=spend_final_try)
    check_length(token, so_pin, "the SO PIN", place)
    check_length(token, new, "the new user PIN", place)
    request = request_for("pin_ops:init_pin", slot, spend_final_try=spend_final_try)
    changed = token_after(access, request, so_pin, new, never_on_primus=True)
    leave_trace("set user PIN", access, slot)
    return changed


def leave_trace(action: str, access: Access, slot: TokenSlot) -> None:
    """Say in the system's log what was done to which slot."""
    trace(action, Path(f"{access.module}, slot {slot.id}"), environ=access.environ)


def request_for(do: str, slot: TokenSlot, *, spend_final_try: bool = False) -> Message:
    """A request about the token that was seen in this slot."""
    assert slot.token is not None
    return {
        "do": do,
        "slot": slot.id,
        "token": [slot.token.label, slot.token.serial],
        "spend_final_try": spend_final_try,
    }


def token_after(access: Access, request: Message, *secrets: Secret, never_on_primus: bool = False) -> Token:
    """Let a worker do something to a token; returns the token as it is then."""
    return Token(**result_of(access, request, *secrets, never_on_primus=never_on_primus)["token"])
