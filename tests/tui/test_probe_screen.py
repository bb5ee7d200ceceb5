"""The test screen: a live table, fed by real runs, that can be cancelled at any time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ppinui.tui.messages import ProgressChanged
from tests.rig.listeners import Listener, accepting, refusing
from tests.rig.odd_module import OddModule, Switches, answers, hangs
from tests.tui.conftest import Driver, Run

MakeOdd = Callable[[Switches], OddModule]
Listening = Callable[[Listener], Listener]

TWO_SLOTS = """\
primus: {{ hsms: {{
  hsm0: {{ host = "127.0.0.1"; port = "{0}"; slots: {{
    slot0: {{ user_name = "ONE"; id = 1; }};
    slot1: {{ user_name = "TWO"; id = 2; }};
  }}; }};
  hsm1: {{ host = "127.0.0.1"; port = "{1}"; slots: {{
    slot0: {{ user_name = "ONE"; id = 1; }};
  }}; }};
}}; }};
"""


def write(config: Path, *hsms: Listener) -> None:
    config.write_text(TWO_SLOTS.format(*(hsm.port for hsm in hsms)))


def test_everything_is_tested_and_the_tree_shows_how_it_ended(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(refusing()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        await app.press("f5")
        await app.until("What shall be tested?")
        await app.press("a")
        await app.until("done, 3 of 3, 1 failed")
        rows = app.rows("#probe-table")
        assert "fine" in rows[0]
        assert "✗ connect" in rows[2]
        await app.press("end")
        await app.until("fix: ")
        await app.press("escape")
        rows = app.rows("#tree")
        assert "fine" in next(row for row in rows if "TWO" in row)
        assert "✗connect" in rows[-1]

    run(steps, module=lambda: module.path)


def test_what_is_not_saved_is_tested_and_said_to_be_so(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(refusing()))
    good = listening(accepting())
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm1")
        await app.type_into("port", str(good.port))
        app.main.outline.focus()
        await app.press("f5", "h")
        await app.until(
            lambda: re.search("done, 1 of 1, 0 failed, .* s: hsm1, not saved yet", app.text) is not None
        )

    run(steps, module=lambda: module.path)


def test_only_what_failed_is_tested_again(run: Run, config: Path, odd: MakeOdd, listening: Listening) -> None:
    write(config, listening(accepting()), listening(refusing()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        await app.press("f5", "f")
        await app.until("nothing has failed so far")
        await app.press("escape", "a")
        await app.until("done, 3 of 3")
        await app.press("f")
        await app.until(
            lambda: re.search("done, 1 of 1, 1 failed, .* s: what failed last time", app.text) is not None
        )

    run(steps, module=lambda: module.path)


def test_a_test_that_hangs_is_cancelled_and_the_screen_lives_on(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(accepting()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, faults=(hangs("C_OpenSession", at=2),)))

    async def steps(app: Driver) -> None:
        await app.press("f5", "a")
        await app.until("… session")
        await app.press("escape")
        await app.until("testing ")
        await app.press("f5", "x")
        await app.until("done, 3 of 3")
        assert any("skipped" in row for row in app.rows("#probe-table"))

    run(steps, module=lambda: module.path, timeout=60.0)


def test_a_pin_is_asked_for_once_for_each_partition_and_is_not_shown(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(accepting()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, pins={"*": "CANARY"}))

    async def steps(app: Driver) -> None:
        await app.press("f5", "l", "a")
        await app.until("PKCS#11 PIN of ONE")
        await app.write("CANARY")
        assert "CANARY" not in app.text
        await app.press("enter")
        await app.until("PKCS#11 PIN of TWO")
        await app.write("CANARY")
        await app.press("enter")
        await app.until("done, 3 of 3, 0 failed")

    run(steps, module=lambda: module.path)


def test_a_pin_that_was_rejected_is_not_offered_again_without_a_word(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(accepting()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, faults=(answers("C_Login", 0xA0),)))

    async def steps(app: Driver) -> None:
        await app.press("home", "down", "down", "down", "down", "f5", "l", "s")
        await app.until("PKCS#11 PIN of ONE")
        await app.write("wrong")
        await app.press("enter")
        await app.until("done, 1 of 1, 1 failed")
        await app.press("s")
        await app.until("These secrets were rejected before")
        assert "CKR_PIN_INCORRECT on hsm0" in app.text
        await app.press("b")
        await app.until("done, 1 of 1, 1 failed")
        assert "PKCS#11 PIN of ONE" not in app.text

    run(steps, module=lambda: module.path)


def test_the_result_is_saved_as_json(
    run: Run, config: Path, odd: MakeOdd, listening: Listening, tmp_path: Path
) -> None:
    write(config, listening(accepting()), listening(accepting()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        await app.press("f5", "a")
        await app.until("done, 3 of 3")
        await app.press("w")
        await app.until("Save the result")
        await app.press("end", "ctrl+u")
        await app.write(str(tmp_path / "result.json"))
        await app.press("enter")
        await app.until(lambda: (tmp_path / "result.json").exists() and "Saved" in app.text)

    run(steps, module=lambda: module.path)
    report = json.loads((tmp_path / "result.json").read_text())
    assert [result["outcome"] for result in report["results"]] == ["ok", "ok", "ok"]


def test_without_a_library_the_network_is_tested_all_the_same(
    run: Run, config: Path, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(refusing()))

    async def steps(app: Driver) -> None:
        await app.press("f5", "a")
        await app.until("done, 3 of 3, 3 failed")
        rows = app.rows("#probe-table")
        assert "✗ load" in rows[0]
        assert "✗ connect" in rows[2]

    run(steps)


def test_progress_may_come_while_the_screen_is_being_made(
    run: Run, config: Path, odd: MakeOdd, listening: Listening
) -> None:
    write(config, listening(accepting()), listening(accepting()))
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}))

    async def steps(app: Driver) -> None:
        await app.press("f5", "a")
        await app.until("done, 3 of 3")
        await app.press("escape")
        progress = app.context.probes.progress()
        assert progress is not None
        app.main.action_test()
        app.context.broadcast(partial(ProgressChanged, progress))
        await app.until("done, 3 of 3")

    run(steps, module=lambda: module.path)


def test_why_a_slot_failed_and_what_to_do_is_in_sight_however_many_slots_there_are(
    run: Run, config: Path, listening: Listening
) -> None:
    slots = "".join(f'slot{one}: {{ user_name = "P{one}"; id = {one}; }}; ' for one in range(40))
    port = listening(refusing()).port
    config.write_text(
        f'primus: {{ hsms: {{ hsm0: {{ host = "127.0.0.1"; port = "{port}"; slots: {{ {slots} }}; }}; }}; }};'
    )

    async def steps(app: Driver) -> None:
        await app.press("f5", "a")
        await app.until("done, 40 of 40, 40 failed")
        await app.press("end")
        text = await app.until(">hsm0     slot39")
        assert "CONNECTION_REFUSED" in text
        assert "fix: check the port" in text

    run(steps)
