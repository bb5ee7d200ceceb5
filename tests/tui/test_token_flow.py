"""Tokens are changed from the screen as its user says, and no PIN is offered that was not meant."""

from __future__ import annotations

from collections.abc import Callable

from tests.rig.canary import disguises
from tests.rig.odd_module import OddModule, Switches, hangs
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm
from tests.tokens.module_rig import witness_of
from tests.tui.conftest import Driver, RunOn
from tests.tui.tokens_screen import give, give_twice, go_to_slot, open_objects

MakeOdd = Callable[[Switches], OddModule]
MakeTokens = Callable[..., SoftHsm]
NEW = "CANARY-new-pin"


def test_a_user_pin_is_changed_as_another_program_sees(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS", "ARCHIVE")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", USER_PIN)
        await app.until("New user PIN")
        await app.write(NEW)
        shown = app.app.export_screenshot().encode()
        assert not any(form in shown for form in disguises(NEW))
        await app.press("enter")
        await give(app, "The same again", NEW)
        await app.until("has a new")

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("PAYMENTS", NEW)
    assert witness_of(hsm).accepts("ARCHIVE", USER_PIN)


def test_two_entries_that_differ_change_nothing(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", USER_PIN)
        await give(app, "New user PIN", NEW)
        await give(app, "The same again", "another")
        await app.until("the two entries differ")

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


def test_a_wrong_pin_is_offered_once_and_its_flag_is_seen(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", "wrong-pin")
        await give_twice(app, "New user PIN", NEW)
        await app.until("CKR_PIN_INCORRECT")
        await app.press("o")
        await app.until("! user PIN count low")

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


def test_before_a_final_try_the_user_is_asked(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}, pins={"*": "4711"}))
    module.set_wrong_pins("ONE", 2)

    async def steps(app: Driver) -> None:
        await app.press("enter")
        await app.until("not logged in")
        await app.press("l")
        await app.until("One more wrong PIN locks this token")
        await app.press("b", "l")
        await app.until("One more wrong PIN locks this token")
        assert module.attempts == ()
        await app.press("o")
        await give(app, "User PIN of", "4711")
        await app.until(", logged in")

    run_with(module, steps)
    assert len(module.attempts) == 1


def test_a_locked_token_gets_no_pin(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}))
    module.set_wrong_pins("ONE", 3)

    async def steps(app: Driver) -> None:
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await app.until("this PIN is locked; none was offered")

    run_with(module, steps)
    assert module.attempts == ()


def test_the_security_officer_sets_the_user_pin(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("s")
        await give(app, "SO PIN of", SO_PIN)
        await give_twice(app, "New user PIN", NEW)
        await app.until("has a new")

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("PAYMENTS", NEW)


def test_a_token_is_erased_when_its_label_is_typed(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("OLD", "OTHER")
    witness_of(hsm).do("OLD", USER_PIN, "--keygen", "--key-type", "AES:16", "--label", "gone", "--id", "01")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "OLD")
        await app.press("i")
        text = await app.until("This erases the token")
        assert "can be seen without a login" in text
        await give(app, "To go on", "OTHER")
        await app.until("'OTHER' is not the label of this token")
        await app.press("end", "ctrl+u")
        await give(app, "To go on", "OLD")
        await app.until("from now on")
        await app.press("end", "ctrl+u")
        await give(app, "from now on", "FRESH")
        await give(app, "Present SO PIN", SO_PIN)
        await give_twice(app, "New user PIN", NEW)
        await app.until("Initialised: slot")
        text = await app.until(": FRESH")
        assert next(line for line in text.splitlines() if " FRESH " in line).startswith(">")

    run_with(hsm, steps)
    witness = witness_of(hsm)
    assert set(witness.tokens()) == {"FRESH", "OTHER"}
    assert "gone" not in witness.objects("FRESH", NEW)


def test_a_fresh_token_gets_both_pins(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("OTHER")

    async def steps(app: Driver) -> None:
        await app.press("end", "i")
        await app.until("is fresh")
        await app.press("n")
        await give(app, "from now on", "FRESH")
        await give_twice(app, "New SO PIN", "so-pin-4713")
        await give_twice(app, "New user PIN", NEW)
        await app.until("Initialised: slot")

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("FRESH", NEW)


def test_nothing_is_erased_by_whoever_goes_back(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("OLD")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "OLD")
        await app.press("i")
        await app.until("This erases the token")
        await app.press("escape")
        await app.until(lambda: "This erases" not in app.text)

    run_with(hsm, steps)
    assert witness_of(hsm).accepts("OLD", USER_PIN)


# -- PINs that everybody knows -----------------------------------------------------------------------------


def test_well_known_pins_are_found_with_one_try_each(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"}, pins={"ONE": "98765432", "*": "9999"}))
    module.set_wrong_pins("THREE", 1)

    async def steps(app: Driver) -> None:
        await app.press("w")
        await app.until("A PIN that everybody knows")
        await app.press("f2")
        text = await app.until("Offer 98765432 to 2 of 3 tokens, once each?")
        assert "slot 3 'THREE': not tried" in text
        assert module.attempts == ()
        await app.press("t")
        text = await app.until("1 of 3 still have 98765432")
        assert "slot 1 'ONE': STILL HAS the well-known PIN 98765432" in text
        await app.press("o")
        await app.until("! user PIN count low")

    run_with(module, steps)
    assert sorted(attempt.label for attempt in module.attempts) == ["ONE", "TWO"]


def test_no_well_known_pin_is_offered_without_a_yes(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}))

    async def steps(app: Driver) -> None:
        await app.press("w")
        await app.until("A PIN that everybody knows")
        await app.press("f2")
        await app.until("once each?")
        await app.press("b")
        await app.until(lambda: "once each?" not in app.text)

    run_with(module, steps)
    assert module.attempts == ()


def test_a_wrong_pin_on_the_objects_screen_is_remembered_on_both(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}, pins={"*": "4711"}))
    module.set_wrong_pins("ONE", 1)

    async def steps(app: Driver) -> None:
        await open_objects(app, "ONE")
        await app.press("l")
        await give(app, "User PIN of", "0815")
        await app.until("CKR_PIN_INCORRECT")
        await app.press("o", "l")
        await app.until("One more wrong PIN locks this token")
        await app.press("b", "escape")
        await app.until("! user PIN final try")

    run_with(module, steps)
    assert len(module.attempts) == 1


def test_the_app_is_not_left_while_a_token_changes_but_that_can_be_cancelled(
    run_with: RunOn, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "ONE"}, pins={"*": "4711"}, faults=(hangs("C_SetPIN", hard=True),)))

    async def steps(app: Driver) -> None:
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", "4711")
        await give_twice(app, "New user PIN", NEW)
        await app.until("changing the user PIN of slot 1 'ONE' (x cancels)")
        await app.press("q")
        await app.until("Wait: changing")
        await app.press("i")  # one thing at a time
        await app.press("x")
        await app.until("interrupted")
        await app.press("o", "r")
        await app.until("1 slot of")

    run_with(module, steps, timeout=60.0)
