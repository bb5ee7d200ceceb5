"""The steps on tokens: each has its label and PINs; one that was never initialised is, on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.pkcs11.token_flags import TokenFlag
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError
from ppinui.secrets.token_pins import keep_pin, offer_pin
from ppinui.setup.questions import Question, QuestionType, Value
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.kms_library_step import found_library
from ppinui.setup.walkthrough import Action, Finding, Given, Here, Running, SecretNeed, Step, StepState
from ppinui.tokens.initialisation import Pins, initialise, padded_label
from ppinui.tokens.module_client import Access
from ppinui.tokens.pins import init_pin
from ppinui.tokens.slot import SlotList, TokenSlot
from ppinui.tokens.slot_list import list_slots

TOKENS: Final = "tokens"
PINS: Final = "pins"
"""The ids of the steps; the first one is its question's too."""
_SO_PIN, _USER_PIN = "so_pin", "user_pin"
_OPTIONS: Final = {_SO_PIN: "--so-pin-fd", _USER_PIN: "--pin-fd"}
_OF_SO_PIN: Final = (
    "The security officer's: it sets a new user PIN when that is forgotten or locked. It is not kept here."
)


@dataclass(frozen=True)
class Chosen:
    """A token of the set-up. ``slot`` is where it is, None where no token has the label yet."""

    label: str
    slot: TokenSlot | None


def access(here: Here) -> Access:
    """How to reach the tokens. Raises PpinuiError."""
    return Access(found_library(here), here.context.environ, timeout=here.context.timeout)


def chosen_tokens(here: Here, found: SlotList) -> tuple[Chosen, ...]:
    """The tokens of the answers among the slots that were found.

    Raises PpinuiError for a label that several have.
    """
    chosen = []
    for row in here.answers.rows(TOKENS):
        label = str(row["label"])
        slots = [slot for slot in found.slots if slot.token is not None and slot.token.label == label]
        if len(slots) > 1:
            raise PpinuiError(
                f"several tokens are called '{label}'",
                ", ".join(f"slot {slot.id}" for slot in slots),
                "set a label of its own for each; ppinui slots shows them",
            )
        chosen.append(Chosen(label, slots[0] if slots else None))
    return tuple(chosen)


def tokens_of(here: Here) -> tuple[Chosen, ...]:
    """The tokens of the answers as they are now. Raises PpinuiError."""
    return chosen_tokens(here, list_slots(access(here)))


def _need(here: Here, id: str, name: str, label: str, hint: str = "", *, twice: bool = False) -> SecretNeed:
    """A PIN of the token with this label; ``name``: which one, for the prompt."""
    alone = len(here.answers.rows(TOKENS)) == 1
    return SecretNeed(id, f"{name} of '{label}': ", _OPTIONS[id], hint, twice, owner=label, alone=alone)


_TEXT: Final = """
    The KMS uses slots by their numbers. Each holds a token with a label, a security officer's PIN and the
    user PIN that opens its keys. Here tokens are named by their labels, for a number may change when a token
    is initialised.
    - A token that is in use is never initialised here: that would erase its keys.
    - An HSM whose tokens its own tools initialise: do that first, then name the labels.
"""


def _questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(
            TOKENS,
            "Tokens",
            "Each token that the KMS shall use.",
            QuestionType.ROWS,
            columns=(
                Question("label", "Label", "The token's label, letter by letter.", check=_label_flaw),
                Question(
                    "slot",
                    "Slot id",
                    "Which slot to initialise if no token has this label. Left empty: the first that was "
                    "never initialised.",
                    QuestionType.NUMBER,
                    required=False,
                ),
            ),
            row="token",
            check=_same_labels,
        ),
    )


def _label_flaw(value: Value) -> str | None:
    try:
        padded_label(str(value), "the label")
    except PpinuiError as error:
        return error.message
    return None


def _same_labels(value: Value) -> str | None:
    assert isinstance(value, tuple)
    labels = [row["label"] for row in value]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    return f"two tokens have the label {twice}" if twice is not None else None


def _look(here: Here) -> Finding:
    found = list_slots(access(here))
    chosen = chosen_tokens(here, found)
    rows = here.answers.rows(TOKENS)
    for row, one in zip(rows, chosen, strict=True):
        if one.slot is None:
            return _missing(here, found, one.label, row.get("slot"))
    return Finding(StepState.DONE, ", ".join(one.slot.name for one in chosen if one.slot is not None))


def _missing(here: Here, found: SlotList, label: str, wanted: str | int | None) -> Finding:
    fresh = [slot for slot in found.slots if slot.token and not slot.token.flags & TokenFlag.INITIALISED]
    slot = next((one for one in fresh if wanted is None or one.id == wanted), None)
    if slot is None:
        there = (
            f"slot {wanted} is none that was never initialised" if wanted is not None else "no slot is free"
        )
        return Finding(
            StepState.PROBLEM,
            f"no token is called '{label}', and {there}",
            "correct the label or the slot; or erase a token yourself: ppinui token init SLOT --label LABEL",
        )
    return Finding(
        StepState.TO_DO,
        f"no token is called '{label}'; slot {slot.id} has one that was never initialised",
        action=Action(
            f"initialise the token in slot {slot.id} as '{label}'",
            "Gives it a label and PINs, and keeps the user PIN in the keyring. The slot may have another "
            "number afterwards.",
            lambda given, running: _initialise(here, slot, label, given, running),
            (
                _need(here, _SO_PIN, "New SO PIN", label, _OF_SO_PIN, twice=True),
                _need(here, _USER_PIN, "New user PIN", label, "What the KMS logs in with.", twice=True),
            ),
        ),
    )


def _initialise(here: Here, slot: TokenSlot, label: str, given: Given, running: Running) -> None:
    made = initialise(access(here), slot, label, Pins(given[_USER_PIN], new_so=given[_SO_PIN]))
    running.say(f"'{label}' is in slot {made.id}")
    keep(here, label, given[_USER_PIN], running)


def keep(here: Here, label: str, pin: Secret, running: Running, *, validated: bool = True) -> None:
    """Keep a user PIN in the keyring; a keyring that fails is said, for what was done before is done."""
    try:
        keep_pin(store_of(here), label, pin, source="set-up", validated=validated)
    except KeyringError as error:
        running.say(f"the PIN of '{label}' is not in the keyring: {error.message}")


_PINS_TEXT: Final = """
    The user PIN opens the private keys. The keyring keeps it for the test and for kms.toml.
    - A PIN that is kept here is not tried: the test does that, once.
    - A well-known PIN, such as 98765432, should be changed first: ppinui pin change SLOT
"""


def _pins_look(here: Here) -> Finding:
    chosen = tokens_of(here)
    for one in chosen:
        if one.slot is None or one.slot.token is None:
            return Finding(
                StepState.PROBLEM, f"no token is called '{one.label}'", "initialise it first", back_to=TOKENS
            )
        if not one.slot.token.flags & TokenFlag.USER_PIN_SET:
            return _pin_to_set(here, one, one.slot)
    for one in chosen:
        if (finding := _pin_to_keep(here, one.label)) is not None:
            return finding
    words = "the PIN is" if len(chosen) == 1 else f"all {len(chosen)} PINs are"
    return Finding(StepState.DONE, f"{words} set, and in the keyring")


def _pin_to_set(here: Here, one: Chosen, slot: TokenSlot) -> Finding:
    return Finding(
        StepState.TO_DO,
        f"the user PIN of '{one.label}' is not set",
        action=Action(
            f"set the user PIN of '{one.label}'",
            "The security officer sets it, and the keyring keeps it. The SO PIN is offered once.",
            lambda given, running: _set_pin(here, slot, one.label, given, running),
            (
                _need(here, _SO_PIN, "SO PIN", one.label),
                _need(here, _USER_PIN, "New user PIN", one.label, twice=True),
            ),
        ),
    )


def _set_pin(here: Here, slot: TokenSlot, label: str, given: Given, running: Running) -> None:
    init_pin(access(here), slot, given[_SO_PIN], given[_USER_PIN])
    keep(here, label, given[_USER_PIN], running)


def _pin_to_keep(here: Here, label: str) -> Finding | None:
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
            (_need(here, _USER_PIN, "User PIN", label),),
        ),
    )


PINS_STEP: Final = Step(PINS, "User PINs", _PINS_TEXT, _pins_look)
"""Sets user PINs that are not set, and keeps them."""

TOKENS_STEP: Final = Step(TOKENS, "Slots and tokens", _TEXT, _look, _questions, required=True)
"""Asks for tokens by their labels, and initialises those that are not there."""
