"""Finding tokens that still have a PIN that everybody knows: one try each, and never where it could hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ppinui.pkcs11.token_flags import obstacle_to_guessing
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access
from ppinui.tokens.pins import check_length, request_for, token_after
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tokens.token_errors import Failure, TokenError
from ppinui.tokens.token_refusal import REFUSALS, TokenRefusal

WELL_KNOWN_PINS: Final = ("98765432", "12345678", "123456", "1234", "87654321", "0000")
"""PINs that makers and manuals set, known to everybody: no secrets. The first is IBM's for new instances of
its Hyper Protect Crypto Services, the second openCryptoki's."""


class Verdict(Enum):
    """What is known of a slot's PIN; the values are words of the JSON output."""

    WELL_KNOWN = "well-known"
    OTHER = "other"
    """The token has rejected the well-known PIN."""
    NOT_TRIED = "not tried"
    WOULD_TRY = "would try"
    """Nothing was offered, as it was not allowed."""
    UNKNOWN = "unknown"
    """The token answered with an error, or not at all; the try may have been counted."""


@dataclass(frozen=True)
class PinCheck:
    """What came of one slot."""

    slot: TokenSlot
    verdict: Verdict
    reason: str = ""
    """Why nothing was tried."""
    failure: Failure | None = None
    token: Token | None = None
    """The token afterwards, where something was tried."""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.slot.id,
            "hex": self.slot.hex,
            "label": None if self.slot.token is None else self.slot.token.label,
            "verdict": self.verdict.value,
            "reason": self.reason or None,
            "error": None if self.failure is None else self.failure.as_json(),
            "flags": None if self.token is None else list(self.token.words),
        }


def check_pins(
    access: Access,
    slots: Iterable[TokenSlot],
    pin: Secret,
    *,
    spend: bool,
    on_check: Callable[[PinCheck], None] = lambda _: None,
) -> tuple[PinCheck, ...]:
    """Which of these tokens have this PIN: exactly one try for each, none where there is a reason against it.

    Flags that speak of earlier wrong PINs, a PIN that is not set, a keypad, a length that the token does not
    take, a token that was seen in another slot already: then nothing is offered. Without ``spend`` nothing is
    offered at all. Raises TokenRefusal ``never-on-a-primus``, before anything is asked.
    """
    tried: dict[tuple[str, ...], TokenSlot] = {}
    checks: list[PinCheck] = []
    for slot in slots:
        check = _check(access, slot, pin, tried, spend=spend)
        checks.append(check)
        on_check(check)
    return tuple(checks)


def _check(
    access: Access, slot: TokenSlot, pin: Secret, tried: dict[tuple[str, ...], TokenSlot], *, spend: bool
) -> PinCheck:
    if slot.failure is not None:
        return PinCheck(slot, Verdict.NOT_TRIED, "the slot answered with an error", slot.failure)
    if slot.token is None:
        return PinCheck(slot, Verdict.NOT_TRIED, "there is no token in this slot")
    against = obstacle_to_guessing(slot.token.flags)
    if against is not None:
        return PinCheck(slot, Verdict.NOT_TRIED, REFUSALS[against][0])
    try:
        check_length(slot.token, pin, "the well-known PIN", "")
    except TokenRefusal as refusal:
        return PinCheck(slot, Verdict.NOT_TRIED, refusal.message)
    twin = tried.setdefault(slot.token.identity, slot)
    if twin is not slot:
        return PinCheck(slot, Verdict.NOT_TRIED, f"this looks like the token of slot {twin.id}")
    return _try(access, slot, pin) if spend else PinCheck(slot, Verdict.WOULD_TRY)


def _try(access: Access, slot: TokenSlot, pin: Secret) -> PinCheck:
    try:
        token = token_after(access, request_for("pin_ops:try_pin", slot), pin, never_on_primus=True)
        return PinCheck(slot, Verdict.WELL_KNOWN, token=token)
    except TokenRefusal as refusal:
        if refusal.name == "never-on-a-primus":
            raise
        return PinCheck(slot, Verdict.NOT_TRIED, refusal.message)
    except TokenError as error:
        assert slot.token is not None
        wrong = error.rejects_pin
        return PinCheck(
            slot,
            Verdict.OTHER if wrong else Verdict.UNKNOWN,
            failure=None if wrong else error.failure,
            token=None if error.flags is None else slot.token.with_flags(error.flags),
        )
