"""A walkthrough in plain prompts, for any terminal: questions, answers, and what is done in between."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import TypeVar

from ppinui.cli.console import say, say_error
from ppinui.cli.orderly_exit import ending_in_order
from ppinui.cli.setup import setup_output
from ppinui.cli.setup.setup_secrets import (
    KEYS,
    BackRequestedError,
    ExitRequestedError,
    SecretSource,
    raise_for_exit_word,
)
from ppinui.errors import ExitCode, PpinuiError
from ppinui.setup.engine import Asked, Page, Walk
from ppinui.setup.questions import Choice, Question, Row, Sort, Unacceptable, Value
from ppinui.setup.walkthrough import Action, Finding, Kind, Running, State

Result = TypeVar("Result")


class _Way(Enum):
    """Where to from a step."""

    FORWARD = "forward"
    BACK = "back"
    STAY = "stay"
    """At the step that the walk is at now, whichever that is."""
    AGAIN = "again"


class Prompts:
    """Asks on standard input, and shows on standard error."""

    def __init__(self, secrets: SecretSource, *, config: str | None = None) -> None:
        """``config``: what ``-c`` has named, for commands in messages."""
        self._secrets = secrets
        self._config = config
        self.not_kept: PpinuiError | None = None
        """Why answers cannot be kept for later; they count all the same."""

    def choose_kind(self, kinds: Iterable[Kind], interrupted: Iterable[str]) -> str:
        """Which kind; gives its name. Raises ExitRequestedError."""
        left = set(interrupted)
        choices = tuple(
            Choice(kind.name, kind.summary + (" (interrupted; goes on)" if kind.name in left else ""))
            for kind in kinds
        )
        question = Question("kind", "What do you want to set up?", "", Sort.CHOICE, choices=choices)
        while True:
            self._list_choices(question)
            try:
                return str(question.read(self._line(question.words, "Choose one by its number or name.")))
            except Unacceptable as flaw:
                say(str(flaw))
            except BackRequestedError:
                say("this is the beginning")

    def go(self, walk: Walk) -> int:
        """Through the steps, to the end or until the user leaves; the result is the exit code."""
        say(f"{walk.kind.title}: {walk.kind.summary}.")
        say(setup_output.wrapped(KEYS))
        if walk.resumed:
            say(f"Going on where it was interrupted, at '{walk.step.title}'.")
        way = _Way.FORWARD
        troubles: dict[str, Finding] = {}
        while True:
            try:
                way = self._step(walk, way, troubles)
            except BackRequestedError:
                way = _Way.BACK
            if way is _Way.BACK and not self._kept(walk.back, True):
                say("this is the first step")
            if way is _Way.FORWARD and not self._kept(walk.forward, True):
                break
        if troubles:
            say(f"not fine: {', '.join(found.words for found in troubles.values())}")
            return ExitCode.NOT_FINE
        return ExitCode.FINE

    def _step(self, walk: Walk, came: _Way, troubles: dict[str, Finding]) -> _Way:
        """One step, until it is left. ``troubles``: what was left as a problem, by step."""
        page = walk.page(look=False)
        say(f"\n--- Step {page.number} of {page.total}: {page.step.title} ---")
        self._show(setup_output.blocks(page.blocks, self._config))
        asked = self._answer_all(walk)
        failed = False
        while True:
            page = walk.page()
            found = page.finding
            assert found is not None, page.unanswered
            troubles.pop(page.step.id, None)
            self._show_finding(page)
            if found.state is State.NOT_NEEDED:
                return came if came is not _Way.STAY else _Way.FORWARD
            if found.action is not None and found.state is not State.DONE and not failed:
                if self._agreed(found.action):
                    asked, failed = True, not self._act(walk, found.action)
                    continue
            elif found.state is State.DONE and asked:
                return _Way.FORWARD
            trouble = page.outcome or found
            way = self._left_with(walk, page, trouble)
            if way is _Way.FORWARD and trouble.state is State.PROBLEM:
                troubles[page.step.id] = trouble
            if way is not _Way.AGAIN:
                return way
            if failed and found.action is not None:
                failed = not self._act(walk, found.action)
            else:
                self._answer_all(walk)

    # -- questions -----------------------------------------------------------------------------------------

    def _answer_all(self, walk: Walk) -> bool:
        """Ask every question of the step; False if there was none."""
        done: set[str] = set()
        while waiting := [one for one in walk.page(look=False).asked if one.question.id not in done]:
            self._answer(walk, waiting[0])
            done.add(waiting[0].question.id)
        return bool(done)

    def _answer(self, walk: Walk, one: Asked) -> None:
        say("")
        question = one.question
        if question.sort is Sort.CHOICE:
            self._list_choices(question)
        value = one.value
        while True:
            try:
                value = (
                    self._rows(walk, question, value)
                    if question.sort is Sort.ROWS
                    else self._typed(question, value)
                )
            except Unacceptable as flaw:
                say(str(flaw))
                continue
            flaws = self._given(walk, question, value)
            if not flaws:
                return
            say(flaws[question.id])
            value = value if question.sort is Sort.ROWS else one.value

    def _given(self, walk: Walk, question: Question, value: Value | None) -> dict[str, str]:
        """Answer the question; gives what is wrong with the answer."""
        return self._kept(partial(walk.answer, {question.id: value}), {})

    def _kept(self, move: Callable[[], Result], moved: Result) -> Result:
        """Carry out a move; ``moved`` is its result where only the keeping for later has failed."""
        try:
            return move()
        except PpinuiError as error:
            if self.not_kept is None:
                say_error(error)
                say("You can go on, but not later where you left.")
            self.not_kept = error
            return moved

    def _typed(self, question: Question, value: Value | None) -> Value | None:
        """What is typed; the value that is there for nothing. Raises Unacceptable."""
        match value:
            case None:
                words = question.words + ("" if question.required else " (may be left empty)")
            case bool():
                words = f"{question.words}? [{'Y/n' if value else 'y/N'}]"
            case _:
                words = f"{question.words} [{value}]"
        typed = self._line(words, question.hint)
        if not typed and value is not None:
            return value
        return None if typed == "-" and not question.required else question.read(typed)

    def _rows(self, walk: Walk, question: Question, value: Value | None) -> tuple[Row, ...]:
        """The list when it is taken. Each row is kept as soon as it is complete: leaving loses none."""
        rows = list(value) if isinstance(value, tuple) else []
        while True:
            if not rows:
                rows.append(self._row(question, {}))
                self._keep_rows(walk, question, rows)
            say(f"{question.words}:")
            for number, row in enumerate(rows, start=1):
                say(f"  {number}  {setup_output.row_words(question, row)}")
            words = "Enter takes this, a adds one more, 1 changes the first, d1 removes it"
            typed = self._line(words, question.hint).lower()
            which = typed.removeprefix("d").strip()
            index = int(which) - 1 if which.isascii() and which.isdigit() else -1
            if not typed:
                return tuple(rows)
            if typed in ("a", "add"):
                self._change(rows, len(rows), question)
            elif not 0 <= index < len(rows):
                say(f"there is no {question.row} {which}")
                continue
            elif typed.startswith("d"):
                del rows[index]
            else:
                self._change(rows, index, question)
            if rows:
                self._keep_rows(walk, question, rows)

    def _keep_rows(self, walk: Walk, question: Question, rows: list[Row]) -> None:
        for flaw in self._given(walk, question, tuple(rows)).values():
            say(flaw)

    def _change(self, rows: list[Row], index: int, question: Question) -> None:
        """Ask for one row, a new one behind the last; ``<`` leaves the list as it was."""
        try:
            rows[index : index + 1] = [self._row(question, rows[index] if index < len(rows) else {})]
        except BackRequestedError:
            say(f"the list of {question.words} stays as it was")

    def _row(self, question: Question, row: Row) -> Row:
        """One row, asked for column by column."""
        made: dict[str, str | int] = {}
        for column in question.columns:
            while True:
                try:
                    value = self._typed(column, row.get(column.id, column.default))
                except Unacceptable as flaw:
                    say(str(flaw))
                    continue
                break
            if isinstance(value, str | int):
                made[column.id] = value
        return made

    def _list_choices(self, question: Question) -> None:
        width = max(len(choice.value) for choice in question.choices)
        for number, choice in enumerate(question.choices, start=1):
            first = f"  {number:>2}  {choice.value:<{width}}  "
            say(setup_output.wrapped(choice.words, first))

    # -- actions -------------------------------------------------------------------------------------------

    def _agreed(self, action: Action) -> bool:
        say(setup_output.wrapped(action.consequence))
        usual = "" if action.changes else "y"  # Enter alone changes nothing
        while True:
            keys = "[y/n]" if action.changes else "[Y/n]"
            typed = self._line(f"Shall I {action.words}? {keys}", action.consequence).lower() or usual
            if typed in ("y", "yes", "n", "no"):
                return typed.startswith("y")
            say("answer y or n: Enter alone does nothing here")

    def _act(self, walk: Walk, action: Action) -> bool:
        """Carry it out; whether it went well."""
        progress = setup_output.ProgressLine()
        with self._secrets.given(action) as given:
            try:
                with ending_in_order():  # a test that was interrupted is not the end of the walkthrough
                    outcome = walk.act(action, given, Running(progress))
            finally:
                progress.clear()
        return outcome is None or outcome.state is not State.PROBLEM

    def _left_with(self, walk: Walk, page: Page, trouble: Finding) -> _Way:
        """Where to, when there is nothing more to do here, or the user does not want it."""
        keys = ["Enter goes on"] if page.may_go_on else []
        if trouble.state is not State.DONE:
            keys.append("r looks again" if page.outcome is None else "r tries again")
        back_to = trouble.back_to if trouble.back_to != page.step.id else None
        if back_to is not None:
            keys.append(f"b goes back to '{walk.kind.steps[walk.kind.index(back_to)].title}'")
        if not page.may_go_on:
            say("This step is needed before the next one.")
        while True:
            typed = self._line(", ".join(keys), "").lower()
            if not typed and page.may_go_on:
                return _Way.FORWARD
            if typed == "r":
                return _Way.AGAIN
            if typed == "b" and back_to is not None:
                self._kept(partial(walk.go_to, back_to), None)
                return _Way.STAY

    def _show_finding(self, page: Page) -> None:
        say("")
        if page.outcome is not None:
            self._show(setup_output.finding(page.outcome, self._config))
        elif page.finding is not None and page.finding.words:
            self._show(setup_output.finding(page.finding, self._config))

    def _show(self, lines: Iterable[str]) -> None:
        for line in lines:
            say(line)

    def _line(self, words: str, hint: str) -> str:
        """One line that is typed. Raises ExitRequestedError, BackRequestedError."""
        while True:
            say(setup_output.wrapped(f"{words}:") + " ", end="")
            typed = sys.stdin.readline()
            if not typed:
                say("")
                raise ExitRequestedError
            typed = typed.strip()
            raise_for_exit_word(typed.encode("utf-8", "surrogateescape"))
            if typed != "?":
                return typed
            say(setup_output.wrapped(hint or KEYS, "  "))
