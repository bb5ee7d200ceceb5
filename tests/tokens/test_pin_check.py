"""Well-known PINs are found with exactly one try for each token, and never where it could hurt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ppinui.cli.token.token_grammar import WELL_KNOWN
from ppinui.secrets.secret import Secret
from ppinui.tokens.pin_check import WELL_KNOWN_PINS, PinCheck, Verdict, check_pins
from ppinui.tokens.pins import change_pin
from ppinui.tokens.slot import SlotList
from ppinui.tokens.slot_list import list_slots
from ppinui.tokens.token_refusal import TokenRefusal
from tests.rig.odd_module import PRIMUS, OddModule, Switches, answers, crashes, hangs
from tests.rig.softhsm import Token
from tests.tokens.module_rig import MakeOdd, MakeTokens, look_at, reach, reach_odd, witness_of

DEFAULT = WELL_KNOWN_PINS[0]
OWN = "a-pin-of-its-own"


def check(module: OddModule, *, spend: bool = True, timeout: float = 5.0) -> tuple[PinCheck, ...]:
    access = reach_odd(module, timeout=timeout)
    return check_pins(access, list_slots(access).slots, Secret(DEFAULT), spend=spend)


def verdicts(checks: tuple[PinCheck, ...]) -> list[Verdict]:
    return [one.verdict for one in checks]


def test_the_first_one_is_ibms_and_the_grammar_knows_the_same() -> None:
    assert DEFAULT == "98765432"
    assert WELL_KNOWN == WELL_KNOWN_PINS


def test_the_default_pins_of_ten_slots_are_found_and_changed(make_tokens: MakeTokens) -> None:
    tokens = [Token(f"KEYS-{n}", pin=OWN if n in {3, 7} else DEFAULT) for n in range(10)]
    hsm = make_tokens(*tokens)
    witness, access = witness_of(hsm), reach(hsm)
    assert all(token.wrong_pins == set() for token in witness.tokens().values())
    slots = [look_at(hsm, token.label) for token in tokens]

    checks = check_pins(access, slots, Secret(DEFAULT), spend=True)

    still = [one.slot.token.label for one in checks if one.verdict is Verdict.WELL_KNOWN and one.slot.token]
    assert still == [token.label for token in tokens if token.pin == DEFAULT]
    flagged = {label for label, token in witness.tokens().items() if token.wrong_pins}
    assert flagged == {"KEYS-3", "KEYS-7"}  # one try each, and it was wrong there
    for number, label in enumerate(still):
        change_pin(access, look_at(hsm, label), Secret(DEFAULT), Secret(f"new-pin-{number}"))
    assert all(witness.accepts(label, f"new-pin-{number}") for number, label in enumerate(still))
    assert witness.accepts("KEYS-3", OWN)
    assert witness.accepts("KEYS-7", OWN)
    assert all(token.wrong_pins == set() for token in witness.tokens().values())


def test_each_token_sees_the_pin_exactly_once(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, pins={"ONE": DEFAULT, "*": OWN}))

    checks = check(module)

    assert verdicts(checks) == [Verdict.WELL_KNOWN, Verdict.OTHER]
    assert [(attempt.label, attempt.pin) for attempt in module.attempts] == [
        ("ONE", DEFAULT),
        ("TWO", DEFAULT),
    ]
    assert module.wrong_pins("TWO") == 1


def test_nobody_locks_a_token_by_checking_again_and_again(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}, pins={"*": OWN}))

    seen = [verdicts(check(module)) for _ in range(4)]

    assert seen == [[Verdict.OTHER], *[[Verdict.NOT_TRIED]] * 3]
    assert module.wrong_pins("ONE") == 1


@pytest.mark.parametrize("wrong", [1, 2, 3])
def test_nothing_is_tried_where_a_wrong_pin_was_offered_before(wrong: int, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, pins={"*": DEFAULT}))
    module.set_wrong_pins("ONE", wrong)

    first, second = check(module)

    assert (first.verdict, second.verdict) == (Verdict.NOT_TRIED, Verdict.WELL_KNOWN)
    assert "The token says" in first.reason
    assert [attempt.label for attempt in module.attempts] == ["TWO"]


def test_flags_that_have_changed_since_the_slots_were_listed_count(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}, pins={"*": OWN}))
    access = reach_odd(module)
    slots = list_slots(access).slots
    module.set_wrong_pins("ONE", 1)

    assert verdicts(check_pins(access, slots, Secret(DEFAULT), spend=True)) == [Verdict.NOT_TRIED]
    assert module.attempts == ()


def test_without_the_users_word_nothing_is_offered(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: None}))

    assert verdicts(check(module, spend=False)) == [Verdict.WOULD_TRY, Verdict.NOT_TRIED]
    assert module.attempts == ()


def test_a_token_that_two_slots_lead_to_is_tried_once(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: "ONE"}, pins={"*": OWN})))
    (slot,) = list_slots(access).slots

    again = check_pins(access, [slot, replace(slot, id=2)], Secret(DEFAULT), spend=True)

    assert verdicts(again) == [Verdict.OTHER, Verdict.NOT_TRIED]
    assert again[1].reason == "this looks like the token of slot 1"


def test_a_pin_of_a_length_that_the_token_does_not_take_costs_no_try(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}))
    access = reach_odd(module)
    slots = list_slots(access).slots

    (one,) = check_pins(access, slots, Secret("123"), spend=True)

    assert one.verdict is Verdict.NOT_TRIED
    assert "3 bytes" in one.reason
    assert module.attempts == ()


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (hangs("C_Login", at=1), "MODULE_HUNG"),
        (crashes("C_Login", at=1), "MODULE_CRASHED"),
        (answers("C_Login", 0x30, at=1), "CKR_DEVICE_ERROR"),
        (answers("C_OpenSession", 0x30, at=1), "CKR_DEVICE_ERROR"),
    ],
    ids=["hang", "crash", "login", "session"],
)
def test_a_slot_that_fails_is_not_tried_again_and_hides_no_other(
    fault: object, name: str, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, pins={"*": DEFAULT}, faults=(fault,)))  # type: ignore[arg-type]

    first, second = check(module, timeout=1.0)

    assert (first.verdict, second.verdict) == (Verdict.UNKNOWN, Verdict.WELL_KNOWN)
    assert first.failure is not None
    assert first.failure.name == name
    assert [attempt.label for attempt in module.attempts].count("ONE") <= 1


def test_a_primus_is_never_tried(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}, pins={"*": DEFAULT}))
    access = reach_odd(module, connect=True)
    found: SlotList = list_slots(access)

    with pytest.raises(TokenRefusal) as caught:
        check_pins(access, found.slots, Secret(DEFAULT), spend=True)
    assert caught.value.name == "never-on-a-primus"
    assert module.attempts == ()
