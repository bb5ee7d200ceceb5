"""Questions: what is taken for an answer, typed or from a file, and in which words another is refused."""

from __future__ import annotations

import pytest

from ppinui.setup.questions import Choice, Question, QuestionType, Unacceptable

PORT = Question("port", "Port", type=QuestionType.NUMBER, minimum=1, maximum=65535)
CLUSTER = Question(
    "cluster", "Cluster", type=QuestionType.CHOICE, choices=(Choice("ECO01", "one"), Choice("ECODE01", "two"))
)
LOGIN = Question("login", "Log in", type=QuestionType.YES_NO)
NAME = Question("name", "Name")
HSMS = Question(
    "hsms",
    "HSMs",
    type=QuestionType.ROWS,
    columns=(
        NAME,
        Question("port", "Port", type=QuestionType.NUMBER, default=2310),
        Question("id", "Id", required=False),
    ),
    row="HSM",
)


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (PORT, " 2310 ", 2310),
        (CLUSTER, "2", "ECODE01"),
        (CLUSTER, "eco01", "ECO01"),
        (CLUSTER, "ecod", "ECODE01"),
        (LOGIN, "Y", True),
        (LOGIN, "no", False),
        (NAME, "PAYMENTS", "PAYMENTS"),
    ],
)
def test_what_people_type_is_understood(question: Question, typed: str, value: object) -> None:
    assert question.read(typed) == value


@pytest.mark.parametrize(
    ("question", "typed", "words"),
    [
        (PORT, "http", "from 1 to 65535"),
        (PORT, "65536", "from 1 to 65535, not 65536"),
        (CLUSTER, "eco", "choose one of ECO01, ECODE01"),
        (CLUSTER, "", "choose one of"),
        (CLUSTER, "3", "choose one of"),
        (LOGIN, "perhaps", "yes or no"),
        (NAME, "", "needed"),
        (NAME, "a\tb", "control characters"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(question: Question, typed: str, words: str) -> None:
    with pytest.raises(Unacceptable, match=words):
        question.read(typed)


def test_a_setup_password_is_refused_wherever_it_is_typed_and_not_repeated() -> None:
    with pytest.raises(Unacceptable) as caught:
        NAME.read("FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3")

    assert "FXAJX" not in str(caught.value)
    assert "asked for later" in str(caught.value)


def test_a_row_gets_the_defaults_of_its_columns_and_nothing_for_what_may_be_empty() -> None:
    assert HSMS.accept([{"name": "a", "id": ""}]) == ({"name": "a", "port": 2310},)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "at least one HSM is needed"),
        ("a", "a table for each HSM"),
        (["a"], "HSM 1 is no table"),
        ([{"name": "a"}, {"port": 1}], "HSM 2 needs 'name'"),
        ([{"name": "a", "prot": 1}], "HSM 1 has no 'prot': it takes name, port, id"),
        ([{"name": 1}], "HSM 1, name: enter a text"),
        ([{"name": "a", "port": True}], "HSM 1, port: enter a number"),
    ],
)
def test_rows_that_cannot_be_are_refused_by_their_number(rows: object, words: str) -> None:
    with pytest.raises(Unacceptable, match=words):
        HSMS.accept(rows)


def test_a_check_of_its_own_has_the_last_word() -> None:
    picky = Question("name", "Name", check=lambda value: "not that one" if value == "a" else None)

    assert picky.accept("b") == "b"
    with pytest.raises(Unacceptable, match="not that one"):
        picky.accept("a")
