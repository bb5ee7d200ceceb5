"""The step on tokens: each has its label and PINs; one that was never initialised is, on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.token_pins import keep_pin
from ppinui.setup.questions import Question, Sort, Value
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.kms_library_step import found_library
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Given,
    Here,
    Running,
    SecretNeed,
    State,
    Step,
    point,
    text,
)
from ppinui.tokens.initialisation import Pins, initialise, padded_label
from ppinui.tokens.module_client import Access
from ppinui.tokens.slot import Slot, SlotList
from ppinui.tokens.slot_list import list_slots
from ppinui.tokens.token_flags import TokenFlag

TOKENS: Final = "tokens"
"""The question's id, and the step's."""
PIN_OPTION: Final = "--pin-fd"
SO_PIN_OPTION: Final = "--so-pin-fd"
_SO_PIN, _USER_PIN = "so_pin", "user_pin"


@dataclass(frozen=True)
class Chosen:
    """A token of the set-up. ``slot`` is where it is, None where no token has the label yet."""

    label: str
    slot: Slot | None


def tokens_step() -> Step:
    """Asks for tokens by their labels, and initialises those that are not there."""
    return Step(TOKENS, "Slots and tokens", _text, _look, _questions, required=True)


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
                "give each a label of its own; ppinui slots shows them",
            )
        chosen.append(Chosen(label, slots[0] if slots else None))
    return tuple(chosen)


def is_alone(here: Here) -> bool:
    """Whether the set-up is about one token only."""
    return len(here.answers.rows(TOKENS)) == 1


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text(
            "The KMS uses slots by their numbers. Each holds a token with a label, a security officer's PIN "
            "and the user PIN that opens its keys. Here tokens are named by their labels, for a number may "
            "change when a token is initialised."
        ),
        point("A token that is in use is never initialised here: that would erase its keys."),
        point("An HSM whose tokens its own tools initialise: do that first, then name the labels."),
    )


def _questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(
            TOKENS,
            "Tokens",
            "Each token that the KMS shall use.",
            Sort.ROWS,
            columns=(
                Question("label", "Label", "The token's label, letter by letter.", check=_label_flaw),
                Question(
                    "slot",
                    "Slot id",
                    "Which slot to initialise if no token has this label. Left empty: the first that was "
                    "never initialised.",
                    Sort.NUMBER,
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
    return Finding(State.DONE, ", ".join(one.slot.name for one in chosen if one.slot is not None))


def _missing(here: Here, found: SlotList, label: str, wanted: str | int | None) -> Finding:
    fresh = [slot for slot in found.slots if slot.token and not slot.token.flags & TokenFlag.INITIALISED]
    slot = next((one for one in fresh if wanted is None or one.id == wanted), None)
    if slot is None:
        there = (
            f"slot {wanted} is none that was never initialised" if wanted is not None else "no slot is free"
        )
        return Finding(
            State.PROBLEM,
            f"no token is called '{label}', and {there}",
            "correct the label or the slot; or erase a token yourself: ppinui token init SLOT --label LABEL",
        )
    return Finding(
        State.TO_DO,
        f"no token is called '{label}'; slot {slot.id} has one that was never initialised",
        action=Action(
            f"initialise the token in slot {slot.id} as '{label}'",
            "Gives it a label and PINs, and keeps the user PIN in the keyring. The slot may have another "
            "number afterwards.",
            lambda given, running: _initialise(here, slot, label, given, running),
            (
                SecretNeed(
                    _SO_PIN,
                    f"New SO PIN of '{label}': ",
                    SO_PIN_OPTION,
                    "The security officer's: it sets a new user PIN when that is forgotten or locked. It is "
                    "not kept here.",
                    twice=True,
                    owner=label,
                    alone=is_alone(here),
                ),
                SecretNeed(
                    _USER_PIN,
                    f"New user PIN of '{label}': ",
                    PIN_OPTION,
                    "What the KMS logs in with.",
                    twice=True,
                    owner=label,
                    alone=is_alone(here),
                ),
            ),
        ),
    )


def _initialise(here: Here, slot: Slot, label: str, given: Given, running: Running) -> None:
    made = initialise(access(here), slot, label, Pins(given[_USER_PIN], new_so=given[_SO_PIN]))
    running.say(f"'{label}' is in slot {made.id}")
    keep(here, label, given[_USER_PIN], running)


def keep(here: Here, label: str, pin: Secret, running: Running, *, validated: bool = True) -> None:
    """Keep a user PIN in the keyring; a keyring that fails is said, for what was done before is done."""
    try:
        keep_pin(store_of(here), label, pin, source="set-up", validated=validated)
    except KeyringError as error:
        running.say(f"the PIN of '{label}' is not in the keyring: {error.message}")
