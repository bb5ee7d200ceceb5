"""Questions of a walkthrough as data: what may be answered, typed on a terminal or read from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ppinui.config.redaction import SETUP_PASSWORD

Row = Mapping[str, "str | int"]
"""One HSM, one partition: the answers to a question's columns by their ids; what was left empty is absent."""
Value = str | int | bool | tuple[Row, ...]
"""An answer, as JSON and TOML have it: TEXT and CHOICE a str, NUMBER an int, YES_NO a bool, ROWS a tuple."""

_YES: Final = frozenset(("y", "yes", "true"))
_NO: Final = frozenset(("n", "no", "false"))


class QuestionType(Enum):
    """What an answer is. Secrets are none of them: an action asks for those (walkthrough.SecretNeed)."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes or no"
    ROWS = "rows"
    """A list, each row with the same columns: HSMs, partitions."""


@dataclass(frozen=True)
class Choice:
    """One of several answers: the value that is kept and written in an answers file, and what it means."""

    value: str
    words: str


class Unacceptable(ValueError):
    """An answer that cannot be: ``str()`` says why and what would do, without the answer where it may be a
    secret."""


@dataclass(frozen=True)
class Question:
    """One question.

    ``id`` is its key in an answers file too. ``words`` come before the answer ("Service user"), ``hint``
    explains (``?`` on a terminal, F1 on a screen). ``default`` is the answer where nothing is entered;
    None: there is none. ``check`` says what is wrong with an answer of the right type, or None.
    """

    id: str
    words: str
    hint: str = ""
    type: QuestionType = QuestionType.TEXT
    default: Value | None = None
    choices: tuple[Choice, ...] = ()
    minimum: int = 0
    maximum: int = 2**31 - 1
    """Limits of a NUMBER."""
    check: Callable[[Value], str | None] = lambda _: None
    required: bool = True
    """Whether a TEXT or NUMBER may not be left empty; ROWS may not be without a row."""
    columns: tuple[Question, ...] = ()
    """Of ROWS: what is asked for each of them."""
    row: str = "row"
    """What one of the ROWS is called: "HSM"."""

    def read(self, typed: str) -> Value | None:
        """What was typed as a value; None for nothing, where that is allowed. Not for ROWS.

        Raises Unacceptable.
        """
        typed = typed.strip()
        if not typed and not self.required:
            return None
        match self.type:
            case QuestionType.NUMBER:
                if not typed.isascii() or not typed.isdigit():
                    raise Unacceptable(f"enter a number {self._limits()}")
                return self.accept(int(typed))
            case QuestionType.YES_NO:
                if typed.lower() not in _YES | _NO:
                    raise Unacceptable("answer yes or no")
                return self.accept(typed.lower() in _YES)
            case QuestionType.CHOICE:
                return self.accept(self._chosen(typed))
            case _:
                return self.accept(typed)

    def accept(self, value: object) -> Value:
        """A value from a file or a screen, once it is known to be a right one. Raises Unacceptable."""
        accepted = self._of_type(value)
        if (flaw := self.check(accepted)) is not None:
            raise Unacceptable(flaw)
        return accepted

    def _of_type(self, value: object) -> Value:
        match self.type:
            case QuestionType.NUMBER:
                if not isinstance(value, int) or isinstance(value, bool):
                    raise Unacceptable(f"enter a number {self._limits()}")
                if not self.minimum <= value <= self.maximum:
                    raise Unacceptable(f"enter a number {self._limits()}, not {value}")
                return value
            case QuestionType.YES_NO:
                if not isinstance(value, bool):
                    raise Unacceptable("answer true or false")
                return value
            case QuestionType.ROWS:
                return self._rows(value)
            case QuestionType.CHOICE:
                names = [choice.value for choice in self.choices]
                if value not in names:
                    raise Unacceptable(f"choose one of {', '.join(names)}")
                return str(value)
            case QuestionType.TEXT:
                return self._text(value)

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            raise Unacceptable("enter a text")
        if SETUP_PASSWORD.search(value):
            raise Unacceptable("this looks like a setup password: it is asked for later, and never kept")
        if not value and self.required:
            raise Unacceptable("this is needed")
        if not value.isprintable():
            raise Unacceptable("leave out control characters")
        return value

    def _rows(self, value: object) -> tuple[Row, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise Unacceptable(f"write a list, a table for each {self.row}")
        if self.required and not value:
            raise Unacceptable(f"at least one {self.row} is needed")
        return tuple(self._row(number, entry) for number, entry in enumerate(value, start=1))

    def _row(self, number: int, entry: object) -> Row:
        if not isinstance(entry, Mapping):
            raise Unacceptable(f"{self.row} {number} is no table")
        row: dict[str, str | int] = {}
        columns = {column.id: column for column in self.columns}
        for key in entry:
            if key not in columns:
                raise Unacceptable(f"{self.row} {number} has no {key!r}: it takes {', '.join(columns)}")
        for name, column in columns.items():
            given = entry.get(name, column.default)
            if given is None or (given == "" and not column.required):
                if column.required:
                    raise Unacceptable(f"{self.row} {number} needs {name!r}")
                continue
            try:
                accepted = column.accept(given)
            except Unacceptable as flaw:
                raise Unacceptable(f"{self.row} {number}, {name}: {flaw}") from None
            assert isinstance(accepted, str | int)
            row[name] = accepted
        return row

    def _chosen(self, typed: str) -> str:
        """By its number in the list, or by its name or the beginning that no other one has."""
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(self.choices):
            return self.choices[int(typed) - 1].value
        names = [choice.value for choice in self.choices]
        begun = [name for name in names if name.lower().startswith(typed.lower())] if typed else []
        exact = [name for name in names if name.lower() == typed.lower()]
        return next(iter(exact or (begun if len(begun) == 1 else [])), typed)

    def _limits(self) -> str:
        return f"from {self.minimum} to {self.maximum}"


@dataclass(frozen=True)
class Answers:
    """Answers by the ids of their questions. What is not there was not asked yet."""

    values: Mapping[str, Value]

    def text(self, id: str) -> str:
        """The answer to a TEXT or CHOICE; "" if there is none."""
        value = self.values.get(id)
        return value if isinstance(value, str) else ""

    def number(self, id: str) -> int | None:
        """The answer to a NUMBER."""
        value = self.values.get(id)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def yes(self, id: str) -> bool:
        """The answer to a YES_NO; no if there is none."""
        return self.values.get(id) is True

    def rows(self, id: str) -> tuple[Row, ...]:
        """The answer to ROWS; () if there is none."""
        value = self.values.get(id)
        return value if isinstance(value, tuple) else ()
