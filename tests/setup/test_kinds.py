"""The kinds of set-ups: their steps fit together, can be interrupted at each one, and more can be added."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppinui.errors import PpinuiError
from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds import KINDS, kind_named
from ppinui.setup.questions import Question
from ppinui.setup.walkthrough import SetupKind, StepState, Style
from tests.setup.walkthrough_rig import context_of

PARTITIONS = {"partitions": [{"name": "PAYMENTS"}]}
ANSWERS: dict[str, dict[str, Any]] = {
    "cloudhsm": {"cluster": "PLAXX", "platinum_number": 7, "service_user": "eqabxrfnqqos", **PARTITIONS},
    "on-premises": {"hsms": [{"host": "hsm.example.com"}], **PARTITIONS},
    "developer-program": {"developer_hsm": "oberalp", "service_user": "eqabxrfnqqos", **PARTITIONS},
    "existing": {"config_from": "theirs.cfg", "secrets_from": "theirs.cfg"},
    "kms": {"tokens": [{"label": "PAYMENTS"}]},
}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_primus_kind = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.name != "kms"], ids=lambda kind: kind.name
)


def passed(kind: SetupKind, folder: Path) -> Iterator[Walkthrough]:
    """A walk at each step in turn, its questions answered."""
    (folder / "theirs.cfg").write_text("primus: { hsms: { }; };\n")
    answers = {
        key: str(folder / value) if value == "theirs.cfg" else value
        for key, value in ANSWERS[kind.name].items()
    }
    walk = Walkthrough(kind, context_of(folder))
    while True:
        while asked := {
            one.question.id: answers.pop(one.question.id)
            for one in walk.page(look=False).asked
            if one.question.id in answers
        }:
            assert walk.answer(asked) == {}
        assert walk.page(look=False).unanswered == ()
        yield walk
        if not walk.forward():
            break
    assert answers == {}


def questions(kind: SetupKind, folder: Path) -> list[Question]:
    return [one.question for walk in passed(kind, folder) for one in walk.page(look=False).asked]


@each_kind
def test_steps_and_questions_have_names_of_their_own(kind: SetupKind, tmp_path: Path) -> None:
    assert kind.name in ANSWERS
    ids = [step.id for step in kind.steps]
    assert len(ids) == len(set(ids))
    asked = [question.id for question in questions(kind, tmp_path)]
    assert len(asked) == len(set(asked))


@each_kind
def test_every_question_explains_itself(kind: SetupKind, tmp_path: Path) -> None:
    for question in questions(kind, tmp_path):
        assert question.words
        assert question.hint
        assert all(column.words and column.hint for column in question.columns)


@each_kind
def test_every_step_says_something_that_fits_a_terminal(kind: SetupKind, tmp_path: Path) -> None:
    for walk in passed(kind, tmp_path):
        page = walk.page(look=False)
        assert page.blocks
        assert len(page.step.title) <= 40
        for block in page.blocks:
            if block.style is not Style.COMMAND:
                assert "\n" not in block.text


@each_kind
def test_it_goes_on_at_whichever_step_it_was_interrupted(kind: SetupKind, tmp_path: Path) -> None:
    for walk in passed(kind, tmp_path):
        again = Walkthrough(kind, walk.context)
        assert again.step is walk.step
        assert again.answers == walk.answers


@each_primus_kind
def test_problems_lead_back_to_steps_that_it_has(kind: SetupKind) -> None:
    for step in ("hsms", "partitions", "provider", "keyring", "permanent"):
        assert kind.way_back(step) in [one.id for one in kind.steps]
    assert kind.way_back("nowhere") is None
    assert kind.way_back(None) is None


@each_kind
def test_nothing_is_written_on_the_way_but_what_is_for_later(kind: SetupKind, tmp_path: Path) -> None:
    for walk in passed(kind, tmp_path):
        if walk.step.id != "keyring":
            assert walk.page().finding is not None
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "theirs.cfg"]
    assert files == []


@each_primus_kind
def test_it_ends_with_the_test_and_what_comes_next(kind: SetupKind, tmp_path: Path) -> None:
    assert [step.id for step in kind.steps][-2:] == ["test", "next"]
    *_, last = passed(kind, tmp_path)
    commands = [block.text for block in last.page().blocks if block.style is Style.COMMAND]
    for word in ("ppinui run", "openssl", "nginx", "--format json"):
        assert any(word in command for command in commands)


def test_a_kind_is_found_by_its_name() -> None:
    assert kind_named("cloudhsm").title == "CloudHSM"
    with pytest.raises(PpinuiError) as caught:
        kind_named("cloud-hsm")
    assert caught.value.remedy == "did you mean cloudhsm?"


def test_another_kind_takes_steps_of_others_as_they_are(tmp_path: Path) -> None:
    steps = {step.id: step for step in kind_named("on-premises").steps}
    kind = SetupKind(
        "lab", "Lab", "the HSM in the lab", (steps["hsms"], steps["save"]), instead={"partitions": "hsms"}
    )
    walk = Walkthrough(kind, context_of(tmp_path), keeping=False)

    assert walk.answer({"hsms": [{"host": "lab"}]}) == {}
    walk.forward()
    finding = walk.page().finding
    assert finding is not None
    assert (finding.state, finding.back_to) == (StepState.PROBLEM, "hsms")  # an HSM without a partition
