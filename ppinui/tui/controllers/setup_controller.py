"""Going through a walkthrough: what the keys of its screen do, with what is asked before and after."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.setup import questions
from ppinui.setup.engine import StepPage
from ppinui.setup.questions import Unacceptable
from ppinui.setup.walkthrough import Action, Finding, SecretNeed, StepState
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.controllers.setup_thread import SetupThread, Way
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.form_dialog import Answers, FormDialog, FormField
from ppinui.tui.dialogs.secret_dialog import SecretDialog
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.answer_form import AnswerForm
from ppinui.tui.widgets.row_editor import TableRow


class SetupView(Protocol):
    """The screen of a walkthrough, as far as its controller uses it."""

    page: StepPage | None

    @property
    def form(self) -> AnswerForm: ...

    @property
    def action(self) -> Action | None: ...

    @property
    def trouble(self) -> Finding | None: ...

    @property
    def repair_steps(self) -> tuple[str, ...]: ...

    async def show(self, page: StepPage) -> None: ...

    def say(self, words: str) -> None: ...

    def report(self, line: str) -> None: ...

    def scroll_to_found(self) -> None: ...

    def refresh_bindings(self) -> None: ...

    def call_later(self, callback: Callable[[], object]) -> object: ...

    def finish(self, finished: bool) -> None: ...


class SetupController:
    """The flows of one walkthrough. A new one replaces the one that runs, unless that one is held."""

    def __init__(self, context: ControllerContext, view: SetupView, setup: SetupThread) -> None:
        self._context = context
        self._view = view
        self._setup = setup
        self.is_held = False
        """Whether something is asked or done, in whose place nothing may come."""

    # -- coming to a step ----------------------------------------------------------------------------------

    async def arrive(self, way: Way) -> None:
        """Show the step that one came to; what does not concern this set-up is passed by."""
        while True:
            page = await self._setup.glance()
            await self._view.show(page)
            if page.unanswered:
                return
            page = await self._look()
            passed_by = page.finding is not None and page.finding.state is StepState.NOT_NEEDED
            if not passed_by or way is Way.STRAIGHT or not await self._setup.go(way):
                return

    async def forward(self) -> None:
        """Accept the answers and go on; what the step can do is offered before."""
        page = await self._answered()
        if page is None:
            return
        action, trouble = self._view.action, self._view.trouble
        if action is not None and trouble is not None and trouble.state is StepState.TO_DO:
            answer = await self._agreed(action, may_go_on=page.may_go_on)
            if answer == "yes":
                await self._carry_out(action)
            if answer != "on":
                return
        if not page.may_go_on:
            self._view.say("This step is needed before the next one.")
        elif await self._setup.go(Way.FORWARD):
            await self.arrive(Way.FORWARD)
        else:
            self._view.finish(True)

    async def back(self) -> None:
        await self.take_typed()
        if await self._setup.go(Way.BACK):
            await self.arrive(Way.BACK)

    async def go_to(self, step: str) -> None:
        """To a step; where others have to be done before, to the first of these."""
        await self.take_typed()
        came_to = await self._setup.go_to(step)
        await self.arrive(Way.STRAIGHT)
        if came_to != step:
            self._view.say(f"This step comes first: '{self._title(step)}' needs it.")

    async def mend(self) -> None:
        """To the step in which the problem can be mended; to one of them, where there are several."""
        steps = self._view.repair_steps
        chosen = steps[0]
        if len(steps) > 1:
            answers = [DialogChoice(step, str(n), self._title(step)) for n, step in enumerate(steps, start=1)]
            with self._held():
                chosen = await self._ask_question("Where do you want to begin?", "", answers)
        if chosen:
            await self.go_to(chosen)

    async def leave(self) -> None:
        """Out of the walkthrough; what is typed is taken, as far as it may be."""
        await self.take_typed()
        self._view.finish(False)

    # -- answers -------------------------------------------------------------------------------------------

    async def again(self) -> None:
        """Accept what was answered, and look at the step again."""
        await self.take_typed()
        if not (await self._setup.glance()).unanswered:
            await self._look()

    async def take_typed(self) -> bool:
        """Pass on what is typed; returns whether all of it is acceptable."""
        form = self._view.form
        given, fine = form.typed()
        flaws = await self._setup.answer(given)
        form.show_flaws(flaws)
        if given:
            await self._view.show(await self._setup.glance())
        return fine and not flaws

    async def type_row(self, table: TableRow, number: int | None) -> None:
        """Ask for a row: another one in the place of this one, or (None) one more."""
        question = table.question
        known = {} if number is None else table.field.rows[number]

        def attempt(typed: Answers) -> None:
            try:
                table.with_row(number, typed)
            except Unacceptable as flaw:
                raise PpinuiError(str(flaw), question.words, "change it") from None

        wanted = [_form_field(column, known.get(column.id, column.default)) for column in question.columns]
        title = f"{'Add' if number is None else 'Change'} {question.row}"
        with self._held():
            typed = await self._context.ask(FormDialog(title, wanted, attempt))
        if typed is not None:
            table.take(table.with_row(number, typed))
            await self.again()

    async def _answered(self) -> StepPage | None:
        """The step with what was found in it; None where answers are missing or wrong, and it is said."""
        form = self._view.form
        if not await self.take_typed():
            form.focus_on()
            return None
        page = self._view.page
        if page is None or (page.finding is None and not page.unanswered):
            page = await self._look()
        if page.unanswered:
            form.show_flaws(dict.fromkeys(page.unanswered, "this needs an answer"))
            form.focus_on(page.unanswered[0])
            return None
        return page

    async def _look(self) -> StepPage:
        self._view.say("looking …")
        page = await self._setup.look()
        await self._view.show(page)
        return page

    # -- actions -------------------------------------------------------------------------------------------

    async def act(self) -> None:
        """Do what the step can do, if the user agrees."""
        page = await self._answered()
        action = self._view.action
        if page is not None and action is not None and await self._agreed(action, may_go_on=False) == "yes":
            await self._carry_out(action)

    async def _agreed(self, action: Action, *, may_go_on: bool) -> str:
        """``yes``, ``on`` to the next step without it, or anything else to stay."""
        answers = [DialogChoice("yes", "y", "Yes")]
        if may_go_on:
            answers.append(DialogChoice("on", "g", "Go on without"))
        answers.append(DialogChoice("no", "n", "No"))
        with self._held():
            return await self._ask_question(f"Shall I {action.words}?", action.consequence, answers)

    async def _carry_out(self, action: Action) -> None:
        given: dict[str, Secret] = {}
        with self._held():
            try:
                for need in action.secrets:
                    secret = await self._ask(need)
                    if secret is None:
                        return
                    given[need.id] = secret
                self._view.say(f"{action.words} …")
                self._view.call_later(self._view.refresh_bindings)
                await self._setup.act(action, given, self._view.report)
            finally:
                for secret in given.values():
                    secret.wipe()
            await self._look()
        self._view.scroll_to_found()

    async def _ask(self, need: SecretNeed) -> Secret | None:
        """The secret, typed twice where it is a new one; None where the user goes back."""
        title, hint = need.prompt.strip(" :"), need.hint
        while True:
            first: Secret | None = await self._context.ask(SecretDialog(title, hint))
            if first is None or not need.twice:
                return first
            second: Secret | None = await self._context.ask(SecretDialog(f"{title}: the same again"))
            same = second is not None and second == first
            if second is not None:
                second.wipe()
            if same:
                return first
            first.wipe()
            if second is None:
                return None
            hint = "The two differ."

    async def _ask_question(self, title: str, text: str, answers: list[DialogChoice]) -> str:
        lines = textwrap.wrap(plain(text), 70, break_on_hyphens=False)
        return await self._context.choose(title, [(line, "") for line in lines], answers)

    def _title(self, step: str) -> str:
        return self._setup.title_of(step)

    @contextmanager
    def _held(self) -> Iterator[None]:
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
            self._view.refresh_bindings()


def _form_field(column: questions.Question, value: object) -> FormField:
    return FormField(
        column.id,
        column.words,
        "" if value is None else str(value),
        "" if column.required else "may be left empty",
        partial(_flaw_of, column),
        column.hint,
    )


def _flaw_of(column: questions.Question, typed: str) -> str:
    """What is wrong with what is typed for a column, "" for nothing."""
    try:
        column.read(typed)
    except Unacceptable as flaw:
        return str(flaw)
    return ""
