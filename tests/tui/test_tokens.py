"""The tokens screen on real tokens: what it shows, what it changes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rig.canary import disguises
from tests.rig.odd_module import PRIMUS, OddModule, Switches, answers, hangs
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm
from tests.token.reaching import witness_of
from tests.tui.conftest import Driver, RunOn
from tests.tui.tokens_screen import give, give_twice, go_to_slot

MakeOdd = Callable[[Switches], OddModule]
MakeTokens = Callable[..., SoftHsm]
NEW = "CANARY-new-pin"


# -- what is there -----------------------------------------------------------------------------------------


def test_every_slot_is_there_as_another_program_sees_it(run_with: RunOn, softhsm: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        rows = app.rows("#tokens-table")
        for token in witness_of(softhsm).tokens().values():
            row = next(row for row in rows if token.label in row)
            assert str(token.slot_id) in row
            assert "ready" in row
        assert "not initialised" in rows[-1]
        assert f"5 slots of {softhsm.module}: " in app.text

    run_with(softhsm, steps)


def test_all_that_is_known_of_a_slot_is_said_below(run_with: RunOn, softhsm: SoftHsm) -> None:
    token = softhsm.token("PARTITION-B")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, token.label)
        text = await app.until(f"slot {token.slot_id} (0x{token.slot_id:x}): {token.label}")
        assert f"serial {token.serial}" in text
        assert "hardware 2.6, firmware 2.6" in text
        assert "initialised, user PIN set, login required" in text

    run_with(softhsm, steps)


def test_a_slot_with_an_error_is_a_row_with_that_error(run_with: RunOn, odd: MakeOdd) -> None:
    faults = (answers("C_GetTokenInfo", 0x30, at=2),)
    module = odd(Switches(slots={1: "ONE", 2: "TWO", 3: None}, faults=faults))

    async def steps(app: Driver) -> None:
        rows = app.rows("#tokens-table")
        assert [row.split()[-1] for row in rows] == ["ready", "CKR_DEVICE_ERROR", "empty"]
        assert "3 slots, 1 failed" in app.text
        await app.press("down")
        text = await app.until("ERROR CKR_DEVICE_ERROR (0x00000030)")
        assert "do: check that the HSM or its daemon is up" in text
        await app.press("enter")
        await app.until("(o) OK")

    run_with(module, steps)


def test_flags_that_speak_of_wrong_pins_are_in_the_table(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"}))
    for wrong, label in enumerate(("ONE", "TWO", "THREE"), start=1):
        module.set_wrong_pins(label, wrong)

    async def steps(app: Driver) -> None:
        states = [row.split("! ")[1] for row in app.rows("#tokens-table")]
        assert states == ["user PIN count low", "user PIN final try", "user PIN locked"]

    run_with(module, steps)


def test_names_from_tokens_are_neither_markup_nor_commands(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "[red]A\x1b[31m"}, model="[b]M"))

    async def steps(app: Driver) -> None:
        assert "[red]A\\x1b[31m" in app.text
        assert "[b]M" in app.text

    run_with(module, steps)


def test_sixty_four_slots_are_gone_through_while_keys_are_heard(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={number: f"T{number}" for number in range(64)}))

    async def steps(app: Driver) -> None:
        assert len(app.rows("#tokens-table")) == 64
        await app.press("end")
        await app.until("slot 63 (0x3f): T63")
        await app.press(*["up"] * 20)
        await app.until("slot 43 (0x2b): T43")

    run_with(module, steps)


def test_a_list_that_takes_long_is_cancelled(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        module.behave(Switches(slots={1: "ONE"}, faults=(hangs("C_GetTokenInfo", hard=True),)))
        await app.press("r")
        await app.until("asking the slots (x cancels)")
        await app.press("down", "x")
        await app.until("2 slots of")
        assert len(app.rows("#tokens-table")) == 2  # what was known stays
        module.behave(Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"}))
        await app.press("r")
        await app.until("3 slots of")

    run_with(module, steps, timeout=60.0)


def test_a_hanging_slot_is_given_up_after_its_deadline(run_with: RunOn, odd: MakeOdd) -> None:
    slots = {1: "ONE", 2: "TWO", 3: "THREE"}
    module = odd(Switches(slots=slots, faults=(hangs("C_GetTokenInfo", at=2),)))

    async def steps(app: Driver) -> None:
        rows = app.rows("#tokens-table")
        assert [row.split()[-1] for row in rows] == ["ready", "MODULE_HUNG", "ready"]

    run_with(module, steps, timeout=0.5)


def test_another_module_is_typed(run_with: RunOn, odd: MakeOdd, tmp_path: Path) -> None:
    first, second = odd(Switches(slots={1: "FIRST"})), odd(Switches(slots={2: "SECOND"}))

    async def steps(app: Driver) -> None:
        await app.press("m")
        await app.until("Which PKCS#11 library")
        await app.press("end", "ctrl+u")
        await give(app, "Which PKCS#11 library", str(second.path))
        await app.until("SECOND")
        assert "FIRST" not in app.text
        await app.press("m")
        await app.until("Which PKCS#11 library")
        await app.press("end", "ctrl+u")
        await give(app, "Which PKCS#11 library", str(tmp_path / "nothing.so"))
        await app.until("(o) OK")
        await app.press("o")
        await app.until("No slots are known")

    run_with(first, steps)


def test_a_primus_is_asked_when_the_user_agrees(run_with: RunOn, odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))

    async def steps(app: Driver) -> None:
        await app.until("Let it connect to its HSMs?")
        assert not any(call.function == "C_GetSlotList" for call in module.calls)
        await app.press("b")
        await app.until("No slots are known")
        await app.press("r")
        await app.until("Let it connect to its HSMs?")
        await app.press("c")
        await app.until("slot 1 (0x1): ONE")
        await app.press("i")
        await give(app, "erase", "ONE") if "erase" in app.text else None
        await app.until("on a Primus the security officer")

    run_with(module, steps)


# -- what is changed ---------------------------------------------------------------------------------------


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


# -- the screen --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_key_is_shown_and_explained(
    run_with: RunOn, softhsm: SoftHsm, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: Driver) -> None:
        for words in ("Refresh", "Module", "Initialise", "Change PIN", "Set user PIN", "Keep PIN", "Objects"):
            assert words in app.text
        await app.press("f1")
        text = await app.until("Every slot of the PKCS#11 library")
        assert "Keys" in text

    run_with(softhsm, steps, size=size)


def test_the_palette_knows_the_screen(run_with: RunOn, softhsm: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        await app.press("escape", "f9")
        await app.write("slots")
        await app.until("Tokens (F12)")

    run_with(softhsm, steps)


def test_it_needs_no_configuration(run_with: RunOn, make_tokens: MakeTokens, tmp_path: Path) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("s")
        await give(app, "SO PIN of", SO_PIN)
        await give_twice(app, "New user PIN", NEW)
        await app.until("has a new")
        await app.press("escape")
        await app.until("There is no primus.cfg yet")

    run_with(hsm, steps, configuration=tmp_path / "none.cfg", is_there=False)
    assert witness_of(hsm).accepts("PAYMENTS", NEW)
