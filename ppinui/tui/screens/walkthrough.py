"""A set-up walkthrough: the steps on the left, the step with its questions and findings on the right."""

from __future__ import annotations

import textwrap
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.setup import questions
from ppinui.setup.questions import Unacceptable
from ppinui.setup.walk import Page
from ppinui.setup.walkthrough import Action, Finding, SecretNeed, State
from ppinui.tui.plain import plain
from ppinui.tui.screens.asking import Answers, Asking, Wanted
from ppinui.tui.screens.prompt import Prompt
from ppinui.tui.screens.question import Answer, Question
from ppinui.tui.walking import Walking, Way
from ppinui.tui.widgets.answers import AnswerForm, RowsTable, TableRow, row_of
from ppinui.tui.widgets.entry import Entry
from ppinui.tui.widgets.found import Commands, block_widgets, finding_widgets, mending_steps
from ppinui.tui.widgets.keybar import KeyBar
from ppinui.tui.widgets.rows import Piece, Rows
from ppinui.tui.widgets.steplist import StepList

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_OFTEN = 0.1
"""Seconds between two looks at how far an action is."""


class WalkthroughScreen(Screen[bool]):
    """Goes through one set-up; gives whether it was gone through to its end."""

    CSS_PATH = "walkthrough.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - so does Screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "act", "Do it", id="walk.act", tooltip="Do what this step can do; it asks before"),
        Binding("f3", "steps", "Steps", id="walk.steps", tooltip="The list of the steps; Enter goes to one"),
        Binding(
            "f4", "mend", "Mend", id="walk.mend", tooltip="Go to the step in which the problem is mended"
        ),
        Binding("f5", "look", "Look again", id="walk.look", tooltip="Find out how things are now"),
        Binding("f6", "copy", "Copy", id="walk.copy", tooltip="Copy commands; again: the next ones"),
        Binding("f7", "back", "Back", id="walk.back", tooltip="Go to the step before"),
        Binding("f8,enter", "next", "Next", id="walk.next", tooltip="Take the answers, and go on"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="walk.page-up"),
        Binding("pagedown", "scroll(1)", "Page down", show=False, id="walk.page-down"),
        Binding("escape", "leave", "Leave", id="walk.leave", tooltip="Leave; your answers are kept"),
        Binding("escape", "cancel", "Cancel", id="walk.cancel", tooltip="End what is being done"),
    ]

    def __init__(self, desk: PpinuiApp, walking: Walking) -> None:
        super().__init__()
        self.desk = desk
        self.walking = walking
        self.page: Page | None = None
        """The step as it is known."""
        self._shown: Page | None = None
        """The page that was last shown whole: one that is still being shown may give way to another."""
        self._is_held = False
        """Whether a question or an action is on, which no other flow may end."""
        self._said = ""
        self._copied = -1

    def compose(self) -> ComposeResult:
        """Where one is, the steps and the step, a line on what goes on, keys."""
        yield Static(id="walk-head", markup=False)
        with Horizontal(id="walk-body"):
            yield StepList(self.walking.kind.steps, id="walk-steps")
            with VerticalScroll(id="walk-page"):
                yield Vertical(id="walk-text")
                yield AnswerForm(id="walk-form")
                yield Vertical(id="walk-found")
        yield Static(id="walk-action", markup=False)
        yield Static(id="walk-status", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the step at which one is."""
        self.set_interval(_OFTEN, self._show_said)
        self._flow(self._arrive(Way.STRAIGHT))

    async def on_unmount(self) -> None:
        """Whatever the walk has opened is closed, unless it hangs."""
        self.desk.run_worker(self.walking.close(), group="walk-end")

    @property
    def form(self) -> AnswerForm:
        """The questions."""
        return self.query_one(AnswerForm)

    @property
    def steps(self) -> StepList:
        """The list of steps."""
        return self.query_one(StepList)

    @property
    def trouble(self) -> Finding | None:
        """What counts: how the last action ended, else what was found."""
        return None if self.page is None else self.page.outcome or self.page.finding

    @property
    def action(self) -> Action | None:
        """What the step can do."""
        found = self.page.finding if self.page is not None else None
        return found.action if found is not None else None

    # -- showing -------------------------------------------------------------------------------------------

    async def _show(self, page: Page) -> None:
        with self.app.batch_update():  # keys that were pressed for the new step find it whole
            await self._put(page)
        self._shown = page

    async def _put(self, page: Page) -> None:
        before, self.page = self._shown, page
        is_new = before is None or before.step.id != page.step.id
        kind = self.walking.kind
        head = f" Step {page.number} of {page.total}: {plain(page.step.title)}   ({plain(kind.title)})"
        self.query_one("#walk-head", Static).update(Content(head))
        self.steps.show(self.walking.states, page.step.id)
        if is_new or before is None or before.blocks != page.blocks:
            await self._fill("#walk-text", block_widgets(page.blocks, self.desk.setup.called))
        if is_new:
            await self.form.clear()
        await self.form.show(page.asked)
        if is_new:
            self._focus_first()
        await self._fill("#walk-found", self._found())
        if is_new:
            self._copied = -1
            self.remove_class("-listing")
            self.query_one("#walk-page").scroll_home(animate=False)
        self._show_action()
        self._say_nothing()
        self.refresh_bindings()

    async def _fill(self, selector: str, widgets: Iterator[Static]) -> None:
        container = self.query_one(selector)
        await container.remove_children()
        await container.mount(*widgets)

    def _found(self) -> Iterator[Static]:
        found = self.trouble
        if found is None:
            return
        yield from finding_widgets(found, self.desk.setup.called)
        if steps := self._mending():
            titles = " or ".join(f"'{self._title(step)}'" for step in steps)
            yield Static(Content(f"F4 goes to {plain(titles)}, where it can be mended."), markup=False)
        yield from block_widgets(found.blocks, self.desk.setup.called)

    def _focus_first(self) -> None:
        if not self.form.focus_on():
            self.query_one("#walk-page").focus()

    def _title(self, step: str) -> str:
        return self.walking.kind.steps[self.walking.kind.index(step)].title

    def _mending(self) -> tuple[str, ...]:
        here = self.page.step.id if self.page is not None else ""
        return tuple(step for step in mending_steps(self.trouble) if step != here)

    def _show_action(self) -> None:
        """What the step can do stands where it is in sight, however long the page is."""
        line = self.query_one("#walk-action", Static)
        line.display = self.action is not None
        line.update(Content(f"F2: {plain(self.action.words)}" if self.action is not None else ""))

    def _say_nothing(self) -> None:
        """The line below says what the question with the focus is about."""
        row = row_of(self.focused)
        self._say(row.explain() if row is not None else "")

    def _say(self, words: str) -> None:
        self._said = words
        self._show_said()

    def _show_said(self) -> None:
        status = self.query_one("#walk-status", Static)
        status.display = bool(self._said)
        status.update(Content(plain(self._said)))

    # -- flows ---------------------------------------------------------------------------------------------

    def _flow(self, flow: Coroutine[Any, Any, None]) -> None:
        self.desk.in_flow(flow, "walk")

    async def _arrive(self, way: Way) -> None:
        """Show the step that one came to; what does not concern this set-up is passed by."""
        while True:
            page = await self.walking.glance()
            await self._show(page)
            if page.unanswered:
                return
            page = await self._look()
            passed_by = page.finding is not None and page.finding.state is State.NOT_NEEDED
            if not passed_by or way is Way.STRAIGHT or not await self.walking.go(way):
                return

    async def _look(self) -> Page:
        self._say("looking …")
        page = await self.walking.look()
        await self._show(page)
        return page

    async def _take_typed(self) -> bool:
        """Give the walk what is typed; whether all of it was right."""
        given, fine = self.form.typed()
        flaws = await self.walking.answer(given)
        self.form.show_flaws(flaws)
        fine = fine and not flaws
        if given:
            await self._show(await self.walking.glance())
        return fine

    async def _again(self) -> None:
        """Something was answered."""
        await self._take_typed()
        assert self.page is not None
        if not self.page.unanswered:
            await self._look()

    async def _next(self) -> None:
        if not await self._take_typed():
            self.form.focus_on()
            return
        page = self.page
        assert page is not None
        if page.unanswered:
            self.form.focus_on(page.unanswered[0])
            self._say("This needs an answer before the next step.")
            return
        if page.finding is None:
            page = await self._look()
        action = self.action
        if action is not None and self.trouble is not None and self.trouble.state is State.TO_DO:
            answer = await self._agreed(action, may_go_on=page.may_go_on)
            if answer == "yes":
                await self._carry_out(action)
            if answer != "on":
                return
        if not page.may_go_on:
            self._say("This step is needed before the next one.")
        elif await self.walking.go(Way.FORWARD):
            await self._arrive(Way.FORWARD)
        else:
            self.dismiss(True)

    async def _back(self) -> None:
        await self._take_typed()
        if await self.walking.go(Way.BACK):
            await self._arrive(Way.BACK)
        else:
            self._say("This is the first step.")

    async def _go_to(self, step: str) -> None:
        await self._take_typed()
        came_to = await self.walking.go_to(step)
        await self._arrive(Way.STRAIGHT)
        if came_to != step:
            self._say(f"'{self._title(step)}' comes after this step, which is not done yet.")

    async def _do(self) -> None:
        if not await self._take_typed():
            self.form.focus_on()
            return
        if self.page is not None and self.page.finding is None and not self.page.unanswered:
            await self._look()
        if (action := self.action) is not None and await self._agreed(action, may_go_on=False) == "yes":
            await self._carry_out(action)

    async def _agreed(self, action: Action, *, may_go_on: bool) -> str:
        """``yes``, ``on`` to the next step without it, or "" to stay."""
        answers = [Answer("yes", "y", "Yes")]
        if may_go_on:
            answers.append(Answer("on", "g", "Go on without"))
        answers.append(Answer("no", "n", "No"))
        lines: list[Piece] = [(line, "") for line in _lines(action.consequence)]
        with self._undisturbed():
            return await self.app.push_screen_wait(Question(f"Shall I {action.words}?", lines, answers))

    async def _carry_out(self, action: Action) -> None:
        given: dict[str, Secret] = {}
        with self._undisturbed():
            try:
                for need in action.secrets:
                    secret = await self._ask(need)
                    if secret is None:
                        return
                    given[need.id] = secret
                self._say(f"{action.words} …")
                self.call_later(self.refresh_bindings)
                await self.walking.act(action, given, self._hear)
            finally:
                for secret in given.values():
                    secret.wipe()
        await self._look()
        self.query_one("#walk-page").scroll_to_widget(self.query_one("#walk-found"), animate=False)

    async def _ask(self, need: SecretNeed) -> Secret | None:
        """The secret, typed twice where it is a new one; None where somebody goes back."""
        title, hint = need.prompt.strip(" :"), need.hint
        while True:
            first: Secret | None = await self.app.push_screen_wait(Prompt(title, hint))
            if first is None or not need.twice:
                return first
            second: Secret | None = await self.app.push_screen_wait(Prompt(f"{title}: the same again"))
            same = second is not None and second == first
            if second is not None:
                second.wipe()
            if same:
                return first
            first.wipe()
            if second is None:
                return None
            hint = "The two differ."

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """While something is asked or done, no other flow takes its place."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            self.refresh_bindings()

    def _hear(self, line: str) -> None:
        """How far an action is, from its own thread; the screen looks at it often."""
        self._said = line

    # -- what happens --------------------------------------------------------------------------------------

    def on_answer_form_answered(self, _: AnswerForm.Answered) -> None:
        """A question was left with another answer."""
        if not self._is_held:
            self._flow(self._again())

    def on_answer_form_completed(self, _: AnswerForm.Completed) -> None:
        """Enter in the last question."""
        self.action_next()

    def on_answer_form_explained(self, event: AnswerForm.Explained) -> None:
        """The question with the focus is explained below."""
        if not self._is_held:
            self._say(event.text)

    def on_entry_given_up(self, event: Entry.GivenUp) -> None:
        """Escape in a field: first the answer as it was, then out of the screen."""
        event.stop()
        row = row_of(event.entry)
        if row is not None and row.changed:
            row.put()
            row.judge("")
        else:
            self.action_leave()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter in the list of steps."""
        if event.rows is self.steps:
            self.remove_class("-listing")
            self._flow(self._go_to(self.walking.kind.steps[event.index].id))

    def on_rows_table_wanted(self, event: RowsTable.Wanted) -> None:
        """An HSM or a partition is to be typed."""
        row = row_of(event.table)
        if isinstance(row, TableRow):
            self._flow(self._type_row(row, event.number))

    async def _type_row(self, table: TableRow, number: int | None) -> None:
        question = table.question
        known = {} if number is None else table.field.rows[number]
        wanted = [
            Wanted(
                column.id,
                column.words,
                str(known.get(column.id, column.default if column.default is not None else "")),
                "" if column.required else "may be left empty",
                partial(_flaw_of, column),
                column.hint,
            )
            for column in question.columns
        ]

        def attempt(typed: Answers) -> None:
            try:
                table.with_row(number, typed)
            except Unacceptable as flaw:
                raise PpinuiError(str(flaw), question.words, "Change it.") from None

        title = f"{'Add' if number is None else 'Change'} {question.row}"
        with self._undisturbed():
            typed = await self.app.push_screen_wait(Asking(title, wanted, attempt))
        if typed is not None:
            table.take(table.with_row(number, typed))
            await self._again()

    # -- actions -------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Keys that do nothing now are not shown."""
        if action == "cancel":
            return self.walking.is_acting
        if action in _OF_THE_SCREEN and self._is_held:
            return False
        match action:
            case "act":
                return self.action is not None
            case "mend":
                return bool(self._mending())
            case "copy":
                return bool(self.query(Commands))
            case "back":
                return self.page is not None and self.page.number > 1
            case _:
                return True

    def action_act(self) -> None:
        """Do what the step can do."""
        self._flow(self._do())

    def action_next(self) -> None:
        """Go on."""
        self._flow(self._next())

    def action_back(self) -> None:
        """Go to the step before."""
        self._flow(self._back())

    def action_look(self) -> None:
        """Look again."""
        self._flow(self._again())

    def action_mend(self) -> None:
        """Go to the step in which the problem can be mended."""
        self._flow(self._mend())

    async def _mend(self) -> None:
        steps = self._mending()
        chosen = steps[0]
        if len(steps) > 1:
            answers = [Answer(step, str(n), self._title(step)) for n, step in enumerate(steps, start=1)]
            with self._undisturbed():
                chosen = await self.app.push_screen_wait(Question("Which one first?", [], answers))
        if chosen:
            await self._go_to(chosen)

    def action_steps(self) -> None:
        """To the list of steps, and back."""
        if self.steps.has_focus:
            self.remove_class("-listing")
            self._focus_first()
        else:
            self.add_class("-listing")
            self.steps.focus()

    def action_scroll(self, direction: int) -> None:
        """Move the page."""
        page = self.query_one("#walk-page")
        page.scroll_relative(y=direction * max(1, page.size.height - 2), animate=False)

    def action_copy(self) -> None:
        """The commands with the focus to the terminal's clipboard, or the next ones."""
        blocks = list(self.query(Commands))
        focused = [number for number, block in enumerate(blocks) if block.has_focus]
        if focused and focused[0] != self._copied:
            self._copied = focused[0]
        else:
            self._copied = (self._copied + 1) % len(blocks)
        block = blocks[self._copied]
        block.focus()
        self.app.copy_to_clipboard(block.commands)
        which = f" {self._copied + 1} of {len(blocks)}" if len(blocks) > 1 else ""
        self.notify(f"Copied{which}, where the terminal allows it (OSC 52).", markup=False)

    def action_cancel(self) -> None:
        """End what is being done."""
        self.walking.cancel()
        self._say("It ends as soon as it can …")

    def action_leave(self) -> None:
        """Leave; what was answered is kept."""
        self._flow(self._leave())

    async def _leave(self) -> None:
        await self._take_typed()
        self.dismiss(False)


_OF_THE_SCREEN = frozenset(("act", "steps", "mend", "look", "copy", "back", "next", "leave"))


def _flaw_of(column: questions.Question, typed: str) -> str:
    """What is wrong with what is typed for a column, "" for nothing."""
    try:
        column.read(typed)
    except Unacceptable as flaw:
        return str(flaw)
    return ""


def _lines(text: str, width: int = 70) -> list[str]:
    return textwrap.wrap(plain(text), width, break_on_hyphens=False)
