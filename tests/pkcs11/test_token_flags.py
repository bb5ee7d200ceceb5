"""Flags in words, and what they forbid."""

from __future__ import annotations

import pytest

from ppinui.pkcs11.token_flags import TokenFlag, UserType, obstacle, obstacle_to_guessing, words_of

WELL = TokenFlag.INITIALISED | TokenFlag.LOGIN_REQUIRED | TokenFlag.USER_PIN_SET


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (WELL, ("initialised", "user PIN set", "login required")),
        (TokenFlag.INITIALISED, ("initialised", "user PIN not set")),
        (TokenFlag.SO_PIN_LOCKED, ("not initialised",)),
        (
            WELL | 0x30000,
            ("initialised", "user PIN set", "login required", "user PIN count low", "user PIN final try"),
        ),
        (TokenFlag.INITIALISED | 0x40000, ("initialised", "user PIN not set", "user PIN locked")),
        (WELL | 0x80000, ("initialised", "user PIN set", "login required", "user PIN to be changed")),
        (
            WELL | 0xF00000,
            (
                "initialised",
                "user PIN set",
                "login required",
                "SO PIN count low",
                "SO PIN final try",
                "SO PIN locked",
                "SO PIN to be changed",
            ),
        ),
    ],
)
def test_flags_are_said_in_words(flags: int, words: tuple[str, ...]) -> None:
    assert words_of(flags) == words


@pytest.mark.parametrize(
    ("flags", "user", "so"),
    [
        (WELL, None, None),
        (WELL | TokenFlag.USER_PIN_COUNT_LOW, None, None),
        (WELL | TokenFlag.USER_PIN_FINAL_TRY, "pin-final-try", None),
        (WELL | TokenFlag.USER_PIN_LOCKED, "pin-locked", None),
        (TokenFlag.INITIALISED, "pin-not-set", None),
        (WELL | TokenFlag.SO_PIN_FINAL_TRY, None, "pin-final-try"),
        (WELL | TokenFlag.SO_PIN_LOCKED, None, "pin-locked"),
        (WELL | TokenFlag.OWN_KEYPAD, "own-keypad", "own-keypad"),
        (TokenFlag.USER_PIN_SET, "not-initialised", "not-initialised"),
    ],
)
def test_flags_forbid_offering_a_pin(flags: int, user: str | None, so: str | None) -> None:
    assert obstacle(flags, UserType.USER) == user
    assert obstacle(flags, UserType.SO) == so


def test_the_final_try_is_the_users_to_spend_and_a_locked_pin_is_not() -> None:
    assert obstacle(WELL | TokenFlag.USER_PIN_FINAL_TRY, UserType.USER, spend_final_try=True) is None
    assert obstacle(WELL | TokenFlag.USER_PIN_LOCKED, UserType.USER, spend_final_try=True) == "pin-locked"


def test_nobody_guesses_where_a_wrong_pin_was_offered_before() -> None:
    assert obstacle_to_guessing(WELL) is None
    assert obstacle_to_guessing(WELL | TokenFlag.USER_PIN_COUNT_LOW) == "pin-count-low"
    assert obstacle_to_guessing(WELL | TokenFlag.USER_PIN_FINAL_TRY) == "pin-final-try"
