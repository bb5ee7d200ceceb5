"""The step on user PINs: each token has one, and the keyring has it too."""

from __future__ import annotations

from typing import Final

from ppinui.pkcs11.token_flags import TokenFlag
from ppinui.secrets.store import SecretRejectedError
from ppinui.secrets.token_pins import offer_pin
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.kms_tokens_step import (
    PIN_OPTION,
    SO_PIN_OPTION,
    TOKENS,
    Chosen,
    access,
    chosen_tokens,
    is_alone,
    keep,
)
from ppinui.setup.walkthrough import (
    Action,
    Finding,
    Given,
    Here,
    Running,
    SecretNeed,
    Step,
    StepState,
    point,
    text,
)
from ppinui.tokens.pins import init_pin
from ppinui.tokens.slot import Slot
from ppinui.tokens.slot_list import list_slots

PINS: Final = "pins"
_SO_PIN, _USER_PIN = "so_pin", "user_pin"


_TEXT: Final = (
    text("The user PIN opens the private keys. The keyring keeps it for the test and for kms.toml."),
    point("A PIN that is kept here is not tried: the test does that, once."),
    point("A well-known PIN, such as 98765432, should be changed first: ppinui pin change SLOT"),
)


def _look(here: Here) -> Finding:
    chosen = chosen_tokens(here, list_slots(access(here)))
    for one in chosen:
        if one.slot is None or one.slot.token is None:
            return Finding(
                StepState.PROBLEM, f"no token is called '{one.label}'", "initialise it first", back_to=TOKENS
            )
        if not one.slot.token.flags & TokenFlag.USER_PIN_SET:
            return _unset(here, one, one.slot)
    for one in chosen:
        if (finding := _kept(here, one.label)) is not None:
            return finding
    words = "the PIN is" if len(chosen) == 1 else f"all {len(chosen)} PINs are"
    return Finding(StepState.DONE, f"{words} set, and in the keyring")


def _unset(here: Here, one: Chosen, slot: Slot) -> Finding:
    return Finding(
        StepState.TO_DO,
        f"the user PIN of '{one.label}' is not set",
        action=Action(
            f"set the user PIN of '{one.label}'",
            "The security officer sets it, and the keyring keeps it. The SO PIN is offered once.",
            lambda given, running: _set(here, slot, one.label, given, running),
            (
                SecretNeed(
                    _SO_PIN,
                    f"SO PIN of '{one.label}': ",
                    SO_PIN_OPTION,
                    owner=one.label,
                    alone=is_alone(here),
                ),
                SecretNeed(
                    _USER_PIN,
                    f"New user PIN of '{one.label}': ",
                    PIN_OPTION,
                    twice=True,
                    owner=one.label,
                    alone=is_alone(here),
                ),
            ),
        ),
    )


def _set(here: Here, slot: Slot, label: str, given: Given, running: Running) -> None:
    init_pin(access(here), slot, given[_SO_PIN], given[_USER_PIN])
    keep(here, label, given[_USER_PIN], running)


def _kept(here: Here, label: str) -> Finding | None:
    """What is to do where the keyring does not have the PIN; None where it has."""
    words = f"the PIN of '{label}' is not in the keyring"
    try:
        stored = offer_pin(store_of(here), label)
    except SecretRejectedError as error:
        stored, words = None, error.message
    if stored is not None:
        stored.wipe()
        return None
    return Finding(
        StepState.TO_DO,
        words,
        action=Action(
            f"keep the PIN of '{label}' in the keyring",
            "Nothing is tried with it.",
            lambda given, running: keep(here, label, given[_USER_PIN], running, validated=False),
            (
                SecretNeed(
                    _USER_PIN, f"User PIN of '{label}': ", PIN_OPTION, owner=label, alone=is_alone(here)
                ),
            ),
        ),
    )


PINS_STEP: Final = Step(PINS, "User PINs", _TEXT, _look)
"""Sets user PINs that are not set, and keeps them."""
