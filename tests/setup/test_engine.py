"""Going through steps: answers, defaults that follow them, outcomes, and going on after an interruption."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.setup.engine import Walkthrough
from ppinui.setup.progress import interrupted
from ppinui.setup.questions import Question, QuestionType
from ppinui.setup.walkthrough import (
    Action,
    Finding,
    Given,
    Here,
    Running,
    SecretNeed,
    SetupKind,
    Step,
    StepState,
    text,
)
from tests.rig.canary import draw, files_with
from tests.setup.walkthrough_rig import context_of, do, found

CANARY = draw("c4n4ry-0f-4-s3tup")


def colour_step() -> Step:
    return Step(
        "colour",
        "Colour",
        lambda _: (text("Any will do."),),
        lambda here: Finding(StepState.DONE, f"it is {here.answers.text('colour')}"),
        lambda _: (Question("colour", "Colour"),),
        required=True,
    )


def shade_step() -> Step:
    """Its default follows the answer before; a second question depends on the first."""

    def questions(here: Here) -> tuple[Question, ...]:
        shade = Question("shade", "Shade", default=f"dark {here.answers.text('colour')}")
        if "dark" in here.answers.text("shade"):
            return shade, Question("how_dark", "How dark", type=QuestionType.NUMBER, default=5)
        return (shade,)

    return Step("shade", "Shade", lambda _: (), questions=questions)


def paint_step(done: list[str], *, changes: bool = True) -> Step:
    """Its action succeeds with the right password."""

    def paint(given: Given, running: Running) -> Finding | None:
        running.say("painting")
        if given["password"].reveal_bytes() != CANARY.encode():
            raise PpinuiError("the password is wrong", "the pot", "type it again")
        done.append("painted")
        return None if changes else Finding(StepState.DONE, "it looks fine")

    def look(_: Here) -> Finding:
        if done and changes:
            return Finding(StepState.DONE, "it is painted")
        need = SecretNeed("password", "Password: ", "--password-fd")
        return Finding(
            StepState.TO_DO,
            "not painted",
            action=Action("paint", "Paints it.", paint, (need,), changes=changes),
        )

    return Step("paint", "Paint", lambda _: (), look)


def kind_of(*steps: Step) -> SetupKind:
    return SetupKind("house", "House", "a house", steps)


@pytest.fixture
def kind() -> SetupKind:
    return kind_of(colour_step(), shade_step(), paint_step([]))


def test_nothing_is_looked_at_before_a_question_is_answered(kind: SetupKind, tmp_path: Path) -> None:
    walk = Walkthrough(kind, context_of(tmp_path))

    page = walk.page()
    assert (page.number, page.total, page.unanswered, page.finding) == (1, 3, ("colour",), None)
    assert not page.may_go_on
    assert walk.answer({"colour": "red"}) == {}
    assert found(walk.page()).message == "it is red"
    assert walk.page().may_go_on


def test_a_wrong_answer_is_not_taken(kind: SetupKind, tmp_path: Path) -> None:
    walk = Walkthrough(kind, context_of(tmp_path))

    assert walk.answer({"colour": ""}) == {"colour": "this is needed"}
    assert walk.page().unanswered == ("colour",)


def test_a_default_follows_the_answers_before_until_somebody_chooses(kind: SetupKind, tmp_path: Path) -> None:
    walk = Walkthrough(kind, context_of(tmp_path))
    walk.answer({"colour": "red"})
    walk.forward()
    walk.answer({"shade": "dark red"})
    assert walk.answers.values == {"colour": "red", "shade": "dark red", "how_dark": 5}
    walk.back()
    walk.answer({"colour": "blue"})
    walk.forward()
    assert walk.answers.text("shade") == "dark blue"
    walk.answer({"shade": "light blue"})
    walk.go_to("colour")
    walk.answer({"colour": "green"})
    walk.go_to("shade")
    assert walk.answers.values == {"colour": "green", "shade": "light blue"}


def test_a_failed_action_says_why_until_something_else_is_done(tmp_path: Path) -> None:
    walk = Walkthrough(kind_of(paint_step([])), context_of(tmp_path))

    outcome = do(walk, password="wrong")
    assert outcome is not None
    assert (outcome.state, outcome.message, outcome.remedy) == (
        StepState.PROBLEM,
        "the password is wrong (the pot)",
        "type it again",
    )
    page = walk.page()
    assert page.outcome == outcome
    assert found(page).action is not None
    assert do(walk, password=CANARY) is None
    page = walk.page()
    assert (page.outcome, found(page).state) == (None, StepState.DONE)


def test_what_a_test_has_shown_stands_until_an_answer_changes(tmp_path: Path) -> None:
    walk = Walkthrough(kind_of(colour_step(), paint_step([], changes=False)), context_of(tmp_path))
    walk.answer({"colour": "red"})
    walk.forward()

    do(walk, password=CANARY)
    assert found(walk.page()).message == "it looks fine"
    assert found(walk.page()).action is not None
    walk.back()
    walk.answer({"colour": "blue"})
    walk.forward()
    assert found(walk.page()).message == "not painted"


def test_what_goes_wrong_while_looking_is_a_problem(tmp_path: Path) -> None:
    def look(_: Here) -> Finding:
        raise PpinuiError("the wall is gone", "the house", "build another one")

    walk = Walkthrough(kind_of(Step("wall", "Wall", lambda _: (), look)), context_of(tmp_path))
    assert (found(walk.page()).state, found(walk.page()).remedy) == (StepState.PROBLEM, "build another one")


def test_a_required_step_is_not_passed_undone(tmp_path: Path) -> None:
    done: list[str] = []
    walk = Walkthrough(kind_of(replace(paint_step(done), required=True)), context_of(tmp_path))

    assert not walk.page().may_go_on
    do(walk, password=CANARY)
    assert walk.page().may_go_on


def test_an_interrupted_walk_goes_on_where_it_was(kind: SetupKind, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    walk = Walkthrough(kind, context)
    assert not walk.resumed
    walk.answer({"colour": "red"})
    walk.forward()
    walk.answer({"shade": "light red"})
    walk.forward()
    do(walk, password=CANARY)

    again = Walkthrough(kind, context)
    assert again.resumed
    assert again.step.id == "paint"
    assert again.answers.values == walk.answers.values
    assert list(interrupted(context.state)) == ["house"]
    (kept,) = context.state.rglob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["answers"] == {"colour": "red", "shade": "light red"}
    assert files_with(CANARY, tmp_path) == ()


def test_a_finished_walk_leaves_nothing(kind: SetupKind, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    walk = Walkthrough(kind, context)
    walk.answer({"colour": "red"})
    while walk.forward():
        pass

    assert [path for path in context.state.rglob("*") if path.is_file()] == []
    assert not Walkthrough(kind, context).resumed


def test_a_walk_on_another_file_begins_anew(kind: SetupKind, tmp_path: Path) -> None:
    Walkthrough(kind, context_of(tmp_path)).answer({"colour": "red"})

    assert not Walkthrough(kind, context_of(tmp_path, config=str(tmp_path / "other.cfg"))).resumed


def test_answers_of_another_version_are_asked_for_again(kind: SetupKind, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    Walkthrough(kind, context).answer({"colour": "red"})
    (kept,) = context.state.rglob("*.json")
    kept.write_text(kept.read_text().replace('"red"', "[7]"))

    walk = Walkthrough(kind, context)
    assert walk.page().unanswered == ("colour",)
    kept.write_text("{")
    assert not Walkthrough(kind, context).resumed


def test_a_forgotten_walk_begins_anew(kind: SetupKind, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    walk = Walkthrough(kind, context)
    walk.answer({"colour": "red"})
    walk.forward()
    walk.forget()

    assert walk.step.id == "colour"
    assert walk.answers.values == {}
    assert not Walkthrough(kind, context).resumed


def test_answers_that_cannot_be_kept_are_an_error_that_says_where(kind: SetupKind, tmp_path: Path) -> None:
    (tmp_path / "home/alice").mkdir(parents=True)
    (tmp_path / "home/alice/.local").write_text("a file where a folder should be")

    with pytest.raises(PpinuiError, match="cannot be kept for later"):
        Walkthrough(kind, context_of(tmp_path)).answer({"colour": "red"})


def test_a_flaw_is_told_where_answers_cannot_be_kept_too(kind: SetupKind, tmp_path: Path) -> None:
    (tmp_path / "home/alice").mkdir(parents=True)
    (tmp_path / "home/alice/.local").write_text("a file where a folder should be")

    assert Walkthrough(kind, context_of(tmp_path)).answer({"colour": ""}) == {"colour": "this is needed"}


def test_answers_of_a_file_are_kept_nowhere(kind: SetupKind, tmp_path: Path) -> None:
    context = context_of(tmp_path)
    walk = Walkthrough(kind, context, keeping=False)
    walk.answer({"colour": "red"})
    walk.forward()

    assert not context.state.exists()
