"""The walkthrough screen: steps, questions, findings, what its keys do, on made-up machines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds.primus_kinds import DEVELOPER_PROGRAM
from ppinui.setup.questions import Choice, Question, QuestionType
from ppinui.setup.walkthrough import (
    Action,
    Finding,
    Given,
    Running,
    SecretNeed,
    SetupKind,
    Step,
    StepState,
    command,
    text,
)
from ppinui.tui.controllers.setup_thread import SetupThread
from ppinui.tui.screens.setup_screen import SetupScreen
from tests.rig.canary import draw, files_with
from tests.rig.configurations import two_hsms
from tests.setup.walkthrough_rig import at, context_of, do
from tests.tui.conftest import Driver, Run

HSMS = ({"host": "a.example.net", "port": "2310", "priority": 0},)
CANARY = draw("c4n4ry-0f-4-scr33n")


def walkthrough(app: Driver, walk: Walkthrough) -> SetupScreen:
    """Open the screen on a walk; gives it."""
    screen = SetupScreen(app.context, SetupThread(walk))
    app.app.push_screen(screen)
    return screen


def painting(
    *, needs: SecretNeed | None = None, run: Callable[[Given, Running], Finding | None]
) -> SetupKind:
    """A kind of two steps: what colour, and painting."""
    colours = (Choice("red", "like a fire engine"), Choice("blue", "like the sky"))
    return SetupKind(
        "paint",
        "Painting",
        "for tests",
        (
            Step(
                "colour",
                "Colour",
                lambda _: (text("Any [b]will[/b] do."), command("paint --list"), command("paint --help")),
                lambda here: Finding(StepState.DONE, f"it is {here.answers.text('colour')}"),
                lambda _: (
                    Question(
                        "colour",
                        "Which colour",
                        "The one that you like.",
                        QuestionType.CHOICE,
                        choices=colours,
                    ),
                    Question(
                        "coats", "Coats", "One is not enough.", QuestionType.NUMBER, minimum=2, maximum=5
                    ),
                    Question("gloss", "Gloss", "Shiny or not.", QuestionType.YES_NO, default=False),
                ),
                required=True,
            ),
            Step(
                "paint",
                "Painting it",
                lambda _: (),
                lambda _: Finding(
                    StepState.TO_DO,
                    "not painted",
                    action=Action("paint it", "It is wet for a day.", run, () if needs is None else (needs,)),
                ),
            ),
        ),
    )


def test_the_steps_stand_beside_the_page_where_there_is_room(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("cluster", context_of(tmp_path)))
        await app.until("Step 4 of 12: CloudHSM cluster")
        await app.until("12   What next")
        await app.until("> 4 ▸ CloudHSM cluster")
        await app.until("here")
        await app.until("( ) ECO01/ECO02")

    run(steps, size=(120, 40))


def test_in_80_columns_the_list_of_steps_comes_when_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("cluster", context_of(tmp_path)))
        await app.until("( ) ECO01/ECO02")
        assert "12   What next" not in app.text
        await app.press("f3")
        await app.until("12   What next")
        assert "( ) ECO01/ECO02" not in app.text
        await app.press("f3")
        await app.until("( ) ECO01/ECO02")

    run(steps)


def test_a_cluster_fills_in_its_hsms(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("cluster", context_of(tmp_path)))
        await app.until("( ) ECODE01")
        await app.press(*["down"] * 4)
        await app.until("(•) ECODE01")
        await app.press("f8")
        await app.until("Step 5 of 12: HSMs")
        await app.until("de01-api.cloudshsm.com")
        await app.press("f7")
        await app.until("(•) ECODE01")

    run(steps)


def test_a_question_that_depends_on_another_comes_with_it(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("cluster", context_of(tmp_path)))
        await app.until("( ) PLAXX")
        await app.press(*["down"] * 8, "f8")
        await app.until("Number of your Platinum service")
        await app.until("this needs an answer")
        await app.write("x")
        await app.until("enter a number from 1 to 9999")
        await app.press("backspace")
        await app.write("7")
        await app.press("enter")
        await app.until("Step 5 of 12: HSMs")
        await app.until("pla07-api.cloudshsm.com")

    run(steps)


def test_rows_are_added_changed_and_removed(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("partitions", context_of(tmp_path), cluster="other", hsms=HSMS))
        await app.until("none yet: a adds one")
        await app.write("service")
        await app.press("enter")
        for name in ("PAYMENTS", "SIGNING"):
            await app.press("a")
            await app.until("Add partition")
            await app.until("letter by letter")
            await app.write(name)
            await app.press("f2")
            await app.until(lambda name=name: name in app.text and "Take it" not in app.text)  # type: ignore[misc]
        await app.press("a")
        await app.until("Add partition")
        await app.write("SIGNING")
        await app.press("f2")
        await app.until("two partitions have the name SIGNING")
        await app.press("escape")
        await app.press("home", "enter")
        await app.until("Change partition")
        await app.press("down")
        await app.write("shop")
        await app.press("f2")
        await app.until(lambda: any("PAYMENTS" in line and "shop" in line for line in app.text.split("\n")))
        await app.press("end", "x")
        await app.until(lambda: "SIGNING" not in app.text)
        await app.press("f8")
        await app.until("Step 7 of 12: primus.cfg")
        await app.press("f7")
        await app.until("PAYMENTS")
        assert "SIGNING" not in app.text

    run(steps)


def test_what_does_not_concern_this_set_up_is_passed_by(run: Run, tmp_path: Path) -> None:
    (tmp_path / "etc/primus").mkdir(parents=True)
    context = context_of(tmp_path)
    walk = at("save", context, DEVELOPER_PROGRAM, developer_hsm="grimsel", partitions=({"name": "ME"},))
    do(walk)
    walk.go_to("keyring")

    async def steps(app: Driver) -> None:
        screen = walkthrough(app, walk)
        await app.until("Keyring")
        await app.until(lambda: "keyring" in screen.setup.states)
        before = walk.step.id
        await app.press("f8")
        await app.until(lambda: walk.step.id != before)
        await app.until(lambda: screen.setup.states.get("proxy") is StepState.NOT_NEEDED)
        assert walk.step.id == "permanent"
        await app.press("f7")
        await app.until(lambda: walk.step.id == "keyring")

    run(steps, size=(120, 40))


def test_the_preview_shows_no_password_of_the_file_that_is_there(run: Run, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    config = tmp_path / "etc/primus/primus.cfg"
    config.parent.mkdir(parents=True)
    config.write_text(two_hsms(slot1=f'pin = "{CANARY}";'))
    hsms = ({"host": "10.1.2.3", "port": "2310", "priority": 0},)
    partitions = ({"name": "PAYMENTS"}, {"name": "NEW"})
    walk = at("save", context, cluster="other", hsms=hsms, service_user="service", partitions=partitions)

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("F2: save")
        await app.until('user_name = "NEW";')
        assert "••••" in app.text
        assert CANARY not in app.text
        assert CANARY not in app.app.export_screenshot()

    run(steps, size=(120, 60))


def test_text_is_no_markup_and_questions_are_explained(run: Run, tmp_path: Path) -> None:
    walk = at("colour", context_of(tmp_path), painting(run=lambda *_: None))

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("Any [b]will[/b] do.")
        await app.until("The one that you like.")
        await app.press("f1")
        await app.until("Take the answers, and go on")
        assert "The one that you like." in app.text
        await app.press("escape", "tab")
        await app.until("One is not enough.")

    run(steps)


def test_without_answers_there_is_no_way_on_and_it_says_which(run: Run, tmp_path: Path) -> None:
    walk = at("colour", context_of(tmp_path), painting(run=lambda *_: None))

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("( ) blue")
        await app.press("f8")
        await app.until("this needs an answer")
        await app.press("down", "enter")
        await app.until("(•) blue")
        await app.write("9")
        await app.until("enter a number from 2 to 5")
        await app.press("f8")
        assert walk.step.id == "colour"
        await app.press("backspace")
        await app.write("3")
        await app.press("enter", "space")
        await app.until("yes")
        await app.press("enter")
        await app.until("Step 2 of 2")
        assert dict(walk.answers.values) == {"colour": "blue", "coats": 3, "gloss": True}

    run(steps)


def test_commands_are_copied_one_after_another(run: Run, tmp_path: Path) -> None:
    walk = at("colour", context_of(tmp_path), painting(run=lambda *_: None))

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("paint --list")
        await app.press("f6")
        await app.until("Copied 1 of 2")
        assert app.app.clipboard == "paint --list"
        await app.press("f6")
        await app.until("Copied 2 of 2")
        assert app.app.clipboard == "paint --help"

    run(steps)


def test_an_action_is_agreed_to_and_its_secret_is_in_no_picture(run: Run, tmp_path: Path) -> None:
    given_secrets: list[bytes] = []

    def paint(given: Given, running: Running) -> Finding | None:
        given_secrets.append(given["password"].reveal_bytes())
        return Finding(StepState.PROBLEM, "it rains", "wait", back_to="colour")

    need = SecretNeed("password", "Password of the shed: ", "--shed-fd", "It hangs on the door.", twice=True)
    kind = painting(needs=need, run=paint)
    walk = at("paint", context_of(tmp_path), kind, colour="red", coats=2)

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("F2: paint it")
        await app.press("f8")
        await app.until("It is wet for a day.")
        await app.press("n")
        await app.until(lambda: isinstance(app.app.screen, SetupScreen))
        assert given_secrets == []
        await app.press("f2")
        await app.until("Shall I paint it?")
        await app.press("y")
        for typed in (CANARY, "other", CANARY, CANARY):
            await app.until(lambda: "Password of the shed" in app.text and "•" not in app.text)
            await app.write(typed)
            assert CANARY not in app.app.export_screenshot()
            await app.press("enter")
        await app.until("✗ problem: it rains")
        await app.until("F4 goes to 'Colour'")
        assert CANARY not in app.app.export_screenshot()
        await app.press("f4")
        await app.until("(•) red")

    run(steps)
    assert given_secrets == [CANARY.encode()]
    assert files_with(CANARY, tmp_path) == ()


def test_a_secret_that_is_left_is_gone(run: Run, tmp_path: Path) -> None:
    need = SecretNeed("password", "Password of the shed: ", "--shed-fd")
    kind = painting(needs=need, run=lambda *_: None)
    walk = at("paint", context_of(tmp_path), kind, colour="red", coats=2)

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("F2: paint it")
        await app.press("f2", "y")
        await app.until("Password of the shed")
        await app.write(CANARY)
        await app.press("escape")
        await app.until(lambda: isinstance(app.app.screen, SetupScreen))
        await app.press("f2", "y")
        await app.until("Password of the shed")
        assert "•" not in app.text

    run(steps)


def test_what_takes_long_does_not_block_the_screen_and_can_be_ended(run: Run, tmp_path: Path) -> None:
    begun = threading.Event()

    def paint(_: Given, running: Running) -> Finding | None:
        assert running.stop is not None
        running.say("first coat")
        begun.set()
        assert running.stop.connection.poll(10)
        return Finding(StepState.PROBLEM, "half of it is painted")

    walk = at("paint", context_of(tmp_path), painting(run=paint), colour="red", coats=2)

    async def steps(app: Driver) -> None:
        walkthrough(app, walk)
        await app.until("F2: paint it")
        await app.press("f2", "y")
        await app.until("first coat")
        assert begun.is_set()
        await app.until("esc Cancel")
        await app.press("f1")
        await app.until("End what is being done")
        await app.press("escape")
        await app.press("escape")
        await app.until("half of it is painted")
        await app.until("esc Leave")

    run(steps)


def test_answers_that_cannot_be_kept_count_all_the_same_and_it_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    context = context_of(tmp_path, {"XDG_STATE_HOME": str(tmp_path / "state")})
    walk = Walkthrough(painting(run=lambda *_: None), context)

    async def steps(app: Driver) -> None:
        screen = walkthrough(app, walk)
        await app.until("( ) blue")
        await app.press("down", "enter")
        await app.write("2")
        await app.press("f8")
        await app.until("Step 2 of 2")
        await app.until("the answers cannot be kept for later")
        await app.press("escape")
        await app.until(lambda: app.app.screen is not screen)

    run(steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_key_has_an_id_and_is_explained(size: tuple[int, int], run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        walkthrough(app, at("partitions", context_of(tmp_path), cluster="other", hsms=HSMS))
        await app.until("Step 6 of 12")
        for _, binding, _, _ in app.app.screen.active_bindings.values():
            if binding.show and not binding.system:
                assert binding.id, binding
                assert binding.tooltip or binding.description, binding

    run(steps, size=size)


def test_the_palette_has_a_line_for_each_kind(run: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.until("Problems: ")
        await app.press("f9")
        await app.write("Set up:")
        for title in ("CloudHSM", "HSMs on premises", "Developer program"):
            await app.until(f"Set up: {title}")

    run(steps, keyring="usual")


def test_where_nothing_is_kept_nothing_can_be_set_up(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until("Problems: ")
        await app.press("f9")
        await app.write("CloudHSM")
        await app.pilot.pause(0.3)
        assert "Set up: CloudHSM" not in app.text

    run(steps)
