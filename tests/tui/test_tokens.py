"""The tokens screen on real tokens: what it shows, what it changes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rig.odd_module import PRIMUS, OddModule, Switches, answers, hangs
from tests.rig.softhsm import SO_PIN, SoftHsm
from tests.tokens.module_rig import witness_of
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
        assert "fix: check that the HSM or its daemon is up" in text
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
        await app.until("on a Primus the security officer")

    run_with(module, steps)


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
