"""Errors at a token: what the module answered, or how it misbehaved, and what to do next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ppinui.errors import ExitCode, PpinuiError
from ppinui.pkcs11 import return_codes
from ppinui.pkcs11.return_codes import PinVerdict
from ppinui.pkcs11.token_flags import warnings_of
from ppinui.provider import vendor_codes


@dataclass(frozen=True)
class Failure:
    """Why a call failed: the answer of a module, or what it did instead of answering."""

    code: int | None
    """The CK_RV; None when there was no answer."""
    name: str
    meaning: str
    remedy: str
    function: str
    """The PKCS#11 function that was called."""
    pin: PinVerdict = PinVerdict.MAY_BE_WRONG
    """What the code says of the PIN that was offered, if one was."""

    @property
    def hex(self) -> str | None:
        return None if self.code is None else f"0x{self.code:08X}"

    def as_json(self) -> dict[str, Any]:
        fields = asdict(self) | {"code": self.hex}
        del fields["pin"]  # decides what is offered again, and is no data of the output
        return fields


def of_answer(function: str, code: int, *, on_primus: bool = False) -> Failure:
    """The failure that a return value stands for."""
    entry = vendor_codes.describe(code) if on_primus else return_codes.describe(code)
    return Failure(code, entry.name, entry.meaning, entry.remedy, function, entry.pin)


def of_silence(function: str, seconds: float) -> Failure:
    """The module did not come back."""
    return Failure(
        None,
        "MODULE_HUNG",
        f"The module did not come back from {function} in {seconds:g} s",
        "allow more time with --timeout; if it never comes back, ask its vendor",
        function,
    )


def of_death(function: str, ended: str) -> Failure:
    """The module took its process down."""
    return Failure(
        None,
        "MODULE_CRASHED",
        f"The module {ended} at {function}",
        "check that module and token belong together, and ask the module's vendor",
        function,
    )


def not_asked(why: str) -> Failure:
    """This slot was left out because of what others did."""
    return Failure(None, "NOT_ASKED", why, "see to those slots first, then repeat", "")


class TokenError(PpinuiError):
    """Something at a token failed. ``flags``: the token's flags afterwards, where they could be read."""

    exit_code = ExitCode.NOT_FINE

    def __init__(self, failure: Failure, place: str, *, flags: int | None = None) -> None:
        code = f" ({failure.hex})" if failure.hex else ""
        where = f"{place}, {failure.function}" if failure.function else place
        meaning = failure.meaning
        if failure.pin in {PinVerdict.WRONG, PinVerdict.LOCKED} and flags is not None:
            words = ", ".join(warnings_of(flags)) or "nothing of wrong PINs"
            meaning += f"; the token's flags now: {words}"
        super().__init__(f"{failure.name}{code}: {meaning}", where, failure.remedy)
        self.failure = failure
        self.flags = flags

    @property
    def rejects_pin(self) -> bool:
        """The PIN that was offered is wrong, and has been counted."""
        return self.failure.pin is PinVerdict.WRONG


class ModuleLostError(TokenError):
    """The module hung or crashed. ``slot_id``: the slot that was asked, None before any."""

    def __init__(self, failure: Failure, place: str, slot_id: int | None) -> None:
        super().__init__(failure, place)
        self.slot_id = slot_id
