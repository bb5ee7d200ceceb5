"""A walkthrough in plain prompts, for any terminal: questions, answers and actions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import TypeVar

from ppinui.cli.console import ProgressLine, say, say_error
from ppinui.cli.orderly_exit import ending_in_order
from ppinui.cli.setup import setup_output
from ppinui.cli.setup.setup_secrets import (
    KEYS,
    ActionSecrets,
    BackRequestedError,
    ExitRequestedError,
    raise_for_exit_word,
)
from ppinui.errors import ExitCode, PpinuiError
from ppinui.setup.engine import Asked, StepPage, Walkthrough
from ppinui.setup.questions import Choice, Question, QuestionType, Row, Unacceptable, Value
from ppinui.setup.walkthrough import Action, Finding, Running, SetupKind, StepState

Result = TypeVar("Result")


class _Direction(Enum):
    """Where to go from a step."""

    FORWARD = "forward"
    BACK = "back"
    STAY = "stay"
    """At the step that the walk is at now, whichever that is."""
    AGAIN = "again"


class Prompts:
    """Asks on standard input, and shows on standard error."""

    def __init__(self, secrets: ActionSecrets, *, config: str | None = None) -> None:
        """``config``: what ``-c`` has named, for commands in messages."""
        self._secrets = secrets
        self._config = config
        self.save_error: PpinuiError | None = None
        """Why answers cannot be saved for later; they count all the same."""

    def choose_kind(self, kinds: Iterable[SetupKind], interrupted: Iterable[str]) -> str:
        """Ask which kind, and return its name. Raises ExitRequestedError."""
        left = set(interrupted)
        choices = tuple(
            Choice(kind.name, kind.summary + (" (interrupted; goes on)" if kind.name in left else ""))
            for kind in kinds
        )
        question = Question("kind", "What do you want to set up?", "", QuestionType.CHOICE, choices=choices)
        while True:
            self._list_choices(question)
            try:
                return str(question.read(self._line(question.words, "Choose one by its number or name.")))
            except Unacceptable as flaw:
                say(str(flaw))
            except BackRequestedError:
                say("this is the beginning")

    def run(self, walk: Walkthrough) -> int:
        """Go through the steps, to the end or until the user leaves; the result is the exit code."""
        say(f"{walk.kind.title}: {walk.kind.summary}.")
        say(setup_output.wrapped(KEYS))
        if walk.resumed:
            say(f"Going on where it was interrupted, at '{walk.step.title}'.")
        way = _Direction.FORWARD
        troubles: dict[str, Finding] = {}
        while True:
            try:
                way = self._step(walk, way, troubles)
            except BackRequestedError:
                way = _Direction.BACK
            if way is _Direction.BACK and not self._save_answers(walk.back, True):
                say("this is the first step")
            if way is _Direction.FORWARD and not self._save_answers(walk.forward, True):
                break
        if troubles:
            say(f"not fine: {', '.join(found.message for found in troubles.values())}")
            return ExitCode.NOT_FINE
        return ExitCode.FINE

    def _step(self, walk: Walkthrough, came: _Direction, troubles: dict[str, Finding]) -> _Direction:
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
            if found.state is StepState.NOT_NEEDED:
                return came if came is not _Direction.STAY else _Direction.FORWARD
            if found.action is not None and found.state is not StepState.DONE and not failed:
                if self._confirm(found.action):
                    asked, failed = True, not self._act(walk, found.action)
                    continue
            elif found.state is StepState.DONE and asked:
                return _Direction.FORWARD
            trouble = page.outcome or found
            way = self._ask_direction(walk, page, trouble)
            if way is _Direction.FORWARD and trouble.state is StepState.PROBLEM:
                troubles[page.step.id] = trouble
            if way is not _Direction.AGAIN:
                return way
            if failed and found.action is not None:
                failed = not self._act(walk, found.action)
            else:
                self._answer_all(walk)

    # -- questions -----------------------------------------------------------------------------------------

    def _answer_all(self, walk: Walkthrough) -> bool:
        """Ask every question of the step; False if there was none."""
        done: set[str] = set()
        while waiting := [one for one in walk.page(look=False).asked if one.question.id not in done]:
            self._answer(walk, waiting[0])
            done.add(waiting[0].question.id)
        return bool(done)

    def _answer(self, walk: Walkthrough, one: Asked) -> None:
        say("")
        question = one.question
        if question.type is QuestionType.CHOICE:
            self._list_choices(question)
        value = one.value
        while True:
            try:
                value = (
                    self._rows(walk, question, value)
                    if question.type is QuestionType.ROWS
                    else self._typed(question, value)
                )
            except Unacceptable as flaw:
                say(str(flaw))
                continue
            flaws = self._save_answer(walk, question, value)
            if not flaws:
                return
            say(flaws[question.id])
            value = value if question.type is QuestionType.ROWS else one.value

    def _save_answer(self, walk: Walkthrough, question: Question, value: Value | None) -> dict[str, str]:
        """Answer the question, and return what is wrong with the answer."""
        return self._save_answers(partial(walk.answer, {question.id: value}), {})

    def _save_answers(self, move: Callable[[], Result], moved: Result) -> Result:
        """Carry out a move; ``moved`` is its result where only saving the answers for later has failed."""
        try:
            return move()
        except PpinuiError as error:
            if self.save_error is None:
                say_error(error)
                say("You can go on, but not later where you left.")
            self.save_error = error
            return moved

    def _typed(self, question: Question, value: Value | None) -> Value | None:
        """The typed value; for an empty line the present one. Raises Unacceptable."""
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

    def _rows(self, walk: Walkthrough, question: Question, value: Value | None) -> tuple[Row, ...]:
        """The list that the user accepts. Each row is saved when it is complete: leaving loses none."""
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

    def _keep_rows(self, walk: Walkthrough, question: Question, rows: list[Row]) -> None:
        for flaw in self._save_answer(walk, question, tuple(rows)).values():
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

    def _confirm(self, action: Action) -> bool:
        say(setup_output.wrapped(action.consequence))
        usual = "" if action.changes else "y"  # Enter alone changes nothing
        while True:
            keys = "[y/n]" if action.changes else "[Y/n]"
            typed = self._line(f"Shall I {action.words}? {keys}", action.consequence).lower() or usual
            if typed in ("y", "yes", "n", "no"):
                return typed.startswith("y")
            say("answer y or n: Enter alone does nothing here")

    def _act(self, walk: Walkthrough, action: Action) -> bool:
        """Carry the action out; whether it succeeded."""
        progress = ProgressLine()
        with self._secrets.given(action) as given:
            try:
                with ending_in_order():  # a test that was interrupted is not the end of the walkthrough
                    outcome = walk.act(action, given, Running(lambda words: progress(f"  {words}")))
            finally:
                progress.clear()
        return outcome is None or outcome.state is not StepState.PROBLEM

    def _ask_direction(self, walk: Walkthrough, page: StepPage, trouble: Finding) -> _Direction:
        """Where to go, when nothing is left to do here, or the user declined."""
        keys = ["Enter goes on"] if page.may_go_on else []
        if trouble.state is not StepState.DONE:
            keys.append("r looks again" if page.outcome is None else "r tries again")
        back_to = trouble.back_to if trouble.back_to != page.step.id else None
        if back_to is not None:
            keys.append(f"b goes back to '{walk.kind.steps[walk.kind.index(back_to)].title}'")
        if not page.may_go_on:
            say("This step is needed before the next one.")
        while True:
            typed = self._line(", ".join(keys), "").lower()
            if not typed and page.may_go_on:
                return _Direction.FORWARD
            if typed == "r":
                return _Direction.AGAIN
            if typed == "b" and back_to is not None:
                self._save_answers(partial(walk.go_to, back_to), None)
                return _Direction.STAY

    def _show_finding(self, page: StepPage) -> None:
        say("")
        if page.outcome is not None:
            self._show(setup_output.finding(page.outcome, self._config))
        elif page.finding is not None and page.finding.message:
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
