"""What went wrong at a token: the module's answers and its misbehaviour, as errors that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ppinui.errors import ExitCode, PpinuiError
from ppinui.pkcs11.return_codes import describe
from ppinui.pkcs11.token_flags import warnings_of

PIN_INCORRECT: Final = 0xA0
PIN_LOCKED: Final = 0xA4
TOKEN_NOT_PRESENT: Final = 0xE0

_REMEDIES: Final = {
    0x05: "look into the module's own log, and ask its vendor what it wanted",
    0x06: "look into the module's own log, and ask its vendor what it wanted",
    0x30: "check that the HSM or its daemon is up and can be reached, then repeat",
    0x31: "remove objects that are no longer needed",
    0x32: "check that the HSM or its daemon is up and can be reached, then repeat",
    0x54: "use the tool of the module's vendor for this",
    PIN_INCORRECT: "make sure of the PIN before the next try: too many wrong ones lock it",
    0xA2: "choose a PIN of another length",
    0xA3: "change it: ppinui pin change SLOT",
    PIN_LOCKED: "let the security officer set a new one: ppinui pin init SLOT",
    0xB6: "end the applications that use the token, then repeat",
    TOKEN_NOT_PRESENT: "put the token in its place, or check the way to the HSM",
    0x101: "log in: add --login",
    0x102: "let the security officer set it: ppinui pin init SLOT",
}
"""The next step with any token, where the general table speaks of a Primus partition."""


@dataclass(frozen=True)
class Failure:
    """Why something was not done: the answer of a module, or what it did instead of answering."""

    code: int | None
    """The CK_RV; None when there was no answer."""
    name: str
    meaning: str
    remedy: str
    function: str
    """The PKCS#11 function that was called."""

    @property
    def hex(self) -> str | None:
        return None if self.code is None else f"0x{self.code:08X}"

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.hex,
            "name": self.name,
            "meaning": self.meaning,
            "remedy": self.remedy,
            "function": self.function,
        }


def of_answer(function: str, code: int, *, on_primus: bool = False) -> Failure:
    """The failure that a return value stands for."""
    entry = describe(code)
    remedy = entry.remedy if on_primus else _REMEDIES.get(code, entry.remedy)
    return Failure(code, entry.name, entry.meaning, remedy, function)


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
        if failure.code in {PIN_INCORRECT, PIN_LOCKED} and flags is not None:
            words = ", ".join(warnings_of(flags)) or "nothing of wrong PINs"
            meaning += f"; the token's flags now: {words}"
        super().__init__(f"{failure.name}{code}: {meaning}", where, failure.remedy)
        self.failure = failure
        self.flags = flags

    @property
    def rejects_pin(self) -> bool:
        """The PIN that was offered is wrong, and has been counted."""
        return self.failure.code == PIN_INCORRECT


class ModuleLostError(TokenError):
    """The module hung or crashed. ``slot_id``: the slot that was in hand, None before any."""

    def __init__(self, failure: Failure, place: str, slot_id: int | None) -> None:
        super().__init__(failure, place)
        self.slot_id = slot_id
