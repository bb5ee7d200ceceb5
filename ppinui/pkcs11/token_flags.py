"""Who logs in to a token, and the token's flags: their words, and whether a PIN may be offered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final


class UserType(IntEnum):
    """CK_USER_TYPE."""

    SO = 0
    """The security officer, who initialises tokens and sets the user's PIN."""
    USER = 1

    @property
    def pin_name(self) -> str:
        """What this user's PIN is called."""
        return "SO PIN" if self is UserType.SO else "user PIN"


class TokenFlag(IntFlag):
    """Those of CK_TOKEN_INFO's flags that say something to people (PKCS#11 v2.40, table 6)."""

    WRITE_PROTECTED = 0x2
    LOGIN_REQUIRED = 0x4
    USER_PIN_SET = 0x8
    OWN_KEYPAD = 0x100
    INITIALISED = 0x400
    USER_PIN_COUNT_LOW = 0x10000
    USER_PIN_FINAL_TRY = 0x20000
    USER_PIN_LOCKED = 0x40000
    USER_PIN_TO_BE_CHANGED = 0x80000
    SO_PIN_COUNT_LOW = 0x100000
    SO_PIN_FINAL_TRY = 0x200000
    SO_PIN_LOCKED = 0x400000
    SO_PIN_TO_BE_CHANGED = 0x800000
    ERROR_STATE = 0x1000000


_WORDS: Final = {
    TokenFlag.INITIALISED: "initialised",
    TokenFlag.USER_PIN_SET: "user PIN set",
    TokenFlag.LOGIN_REQUIRED: "login required",
    TokenFlag.USER_PIN_COUNT_LOW: "user PIN count low",
    TokenFlag.USER_PIN_FINAL_TRY: "user PIN final try",
    TokenFlag.USER_PIN_LOCKED: "user PIN locked",
    TokenFlag.USER_PIN_TO_BE_CHANGED: "user PIN to be changed",
    TokenFlag.SO_PIN_COUNT_LOW: "SO PIN count low",
    TokenFlag.SO_PIN_FINAL_TRY: "SO PIN final try",
    TokenFlag.SO_PIN_LOCKED: "SO PIN locked",
    TokenFlag.SO_PIN_TO_BE_CHANGED: "SO PIN to be changed",
    TokenFlag.WRITE_PROTECTED: "write-protected",
    TokenFlag.OWN_KEYPAD: "PIN at its own keypad",
    TokenFlag.ERROR_STATE: "in an error state",
}


def words_of(flags: int) -> tuple[str, ...]:
    """What people have to know of these flags, in words; the words of the JSON output too.

    ``not initialised`` and ``user PIN not set`` stand for flags that are missing. Others, such as the one for
    random numbers, are left out, and all others of a token that is not initialised: they mean nothing yet
    (SoftHSM's say that its SO PIN is locked).
    """
    if not flags & TokenFlag.INITIALISED:
        return ("not initialised",)
    found = [words for flag, words in _WORDS.items() if flags & flag]
    if not flags & TokenFlag.USER_PIN_SET:
        found.insert(1, "user PIN not set")
    return tuple(found)


def warnings_of(flags: int) -> tuple[str, ...]:
    """What the flags say of wrong PINs that were offered, in words."""
    return tuple(_WORDS[flag] for pin in PIN_FLAGS.values() for flag in pin.of_wrong_ones if flags & flag)


@dataclass(frozen=True)
class PinFlags:
    """Which flags speak of wrong PINs of one user."""

    count_low: TokenFlag
    final_try: TokenFlag
    locked: TokenFlag

    @property
    def of_wrong_ones(self) -> tuple[TokenFlag, ...]:
        """Those that wrong PINs have left behind, the mildest first."""
        return (self.count_low, self.final_try, self.locked)


PIN_FLAGS: Final = {
    UserType.USER: PinFlags(
        TokenFlag.USER_PIN_COUNT_LOW,
        TokenFlag.USER_PIN_FINAL_TRY,
        TokenFlag.USER_PIN_LOCKED,
    ),
    UserType.SO: PinFlags(
        TokenFlag.SO_PIN_COUNT_LOW,
        TokenFlag.SO_PIN_FINAL_TRY,
        TokenFlag.SO_PIN_LOCKED,
    ),
}


def obstacle(flags: int, user: UserType, *, spend_final_try: bool = False) -> str | None:
    """Why this user's PIN must not be offered: a name of :mod:`ppinui.tokens.token_refusal`; None if it may.

    Flags are read right before each login, as pkcs11-provider does: a token that says "one more" or "locked"
    gets no PIN by accident.
    """
    pin = PIN_FLAGS[user]
    if flags & TokenFlag.OWN_KEYPAD:
        return "own-keypad"
    if not flags & TokenFlag.INITIALISED:
        return "not-initialised"
    if flags & pin.locked:
        return "pin-locked"
    if user is UserType.USER and not flags & TokenFlag.USER_PIN_SET:
        return "pin-not-set"
    if flags & pin.final_try and not spend_final_try:
        return "pin-final-try"
    return None


def obstacle_to_guessing(flags: int) -> str | None:
    """The same for a user PIN that may well be wrong: no try is spent where one was spent before."""
    return obstacle(flags, UserType.USER) or (
        "pin-count-low" if flags & TokenFlag.USER_PIN_COUNT_LOW else None
    )
