"""A set-up walkthrough: the steps on the left, the step with its questions and findings on the right."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from ppinui.setup.engine import StepPage
from ppinui.setup.walkthrough import Action, Finding
from ppinui.tui.app_context import AppContext
from ppinui.tui.controllers.setup_controller import SetupController
from ppinui.tui.controllers.setup_thread import SetupThread, Way
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.answer_form import AnswerForm
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.probe_table import ProbeTable
from ppinui.tui.widgets.question_row import row_of
from ppinui.tui.widgets.row_editor import RowEditor, TableRow
from ppinui.tui.widgets.step_view import Commands, StepList, block_widgets, finding_widgets, repair_steps_of
from ppinui.tui.widgets.text_entry import TextEntry
from ppinui.tui.widgets.virtual_list import VirtualList

_OFTEN: Final = 0.1
"""Seconds between two looks at how far an action is."""
_MOST_TESTED: Final = 8
"""Lines of the live test; more of them scroll."""
_NOT_WHILE_HELD: Final = frozenset(("act", "steps", "mend", "look", "copy", "back", "next", "leave", "quit"))


class SetupScreen(Screen[bool]):
    """Goes through one set-up; returns whether that was to its end."""

    CSS_PATH = "setup_screen.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - so does Screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "act", "Do it", id="setup.act", tooltip="Do what this step can do; it asks before"),
        Binding("f3", "steps", "Steps", id="setup.steps", tooltip="The list of the steps; Enter goes to one"),
        Binding("f4", "mend", "Mend", id="setup.mend", tooltip="Go to the step in which it can be mended"),
        Binding("f5", "look", "Look again", id="setup.look", tooltip="Find out how things are now"),
        Binding("f6", "copy", "Copy", id="setup.copy", tooltip="Copy commands; once more: the next ones"),
        Binding("f7", "back", "Back", id="setup.back", tooltip="Go to the step before"),
        Binding("f8,enter", "next", "Next", id="setup.next", tooltip="Take the answers, and go on"),
        Binding("f10,q,ctrl+q", "quit", "Quit", id="setup.quit", tooltip="Leave ppinui; answers are kept"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="setup.page-up"),
        Binding("pagedown", "scroll(1)", "Page down", show=False, id="setup.page-down"),
        Binding("escape", "leave", "Leave", id="setup.leave", tooltip="Leave the set-up; answers are kept"),
        Binding("escape", "cancel", "Cancel", id="setup.cancel", tooltip="End what is being done"),
    ]

    def __init__(self, context: AppContext, setup: SetupThread) -> None:
        super().__init__()
        self.context = context
        self.setup = setup
        self.controller = SetupController(context, self, setup)
        self.page: StepPage | None = None
        """The step as it is known."""
        self._shown: StepPage | None = None
        """The page that was last shown whole: one that is still being shown may give way to another."""
        self._said = ""
        self._copied = -1

    def compose(self) -> ComposeResult:
        yield Static(id="setup-head", markup=False)
        with Horizontal(id="setup-body"):
            yield StepList(self.setup.kind.steps, id="setup-steps")
            with VerticalScroll(id="setup-page"):
                yield Vertical(id="setup-text")
                yield AnswerForm(id="setup-form")
                yield ProbeTable(id="setup-test")
                yield Vertical(id="setup-found")
        yield Static(id="setup-action", markup=False)
        yield Static(id="setup-status", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_interval(_OFTEN, self._show_progress)
        self._flow(self.controller.arrive(Way.STRAIGHT))

    def on_unmount(self) -> None:
        """Whatever the walk does or has opened comes to an end."""
        self.setup.cancel()
        self.context.run_worker(self.setup.close(), group="walk-end")

    @property
    def form(self) -> AnswerForm:
        return self.query_one(AnswerForm)

    @property
    def steps(self) -> StepList:
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

    @property
    def repair_steps(self) -> tuple[str, ...]:
        """The ids of the other steps in which what is wrong here can be mended."""
        here = self.page.step.id if self.page is not None else ""
        return tuple(step for step in repair_steps_of(self.trouble) if step != here)

    # -- showing -------------------------------------------------------------------------------------------

    async def show(self, page: StepPage) -> None:
        with self.app.batch_update():  # keys that are pressed for a new step find it whole
            await self._put(page)
        self._shown = page

    def say(self, words: str) -> None:
        """Say what goes on, in the line below the page; "": nothing does."""
        row = row_of(self.focused)
        self._said = words or self.setup.unkept or (row.explain() if row is not None else "")
        self._show_said()

    def report(self, line: str) -> None:
        """How far an action is, from its own thread; the screen looks at it often."""
        self._said = line

    def scroll_to_found(self) -> None:
        """What came of an action is in sight."""
        self._show_progress()
        first = "#setup-test" if self.setup.board is not None else "#setup-found"
        self.query_one("#setup-page").scroll_to_widget(self.query_one(first), animate=False, top=True)

    async def _put(self, page: StepPage) -> None:
        before, self.page = self._shown, page
        is_new = before is None or before.step.id != page.step.id
        kind = plain(self.setup.kind.title)
        head = f" Step {page.number} of {page.total}: {plain(page.step.title)}   ({kind})"
        self.query_one("#setup-head", Static).update(Content(head))
        self.steps.show(self.setup.states, page.step.id)
        if is_new or before is None or before.blocks != page.blocks:
            await self._fill("#setup-text", block_widgets(page.blocks, self.context.options.called))
        if is_new:
            await self.form.clear()
        await self.form.show(page.asked)
        await self._fill("#setup-found", self._found())
        if is_new:
            self._copied = -1
            self.remove_class("-listing")
            self.query_one("#setup-page").scroll_home(animate=False)
            self._focus_first()
        self._show_action()
        self.say("")
        self._show_progress()
        self.refresh_bindings()

    async def _fill(self, selector: str, widgets: Iterable[Widget]) -> None:
        container = self.query_one(selector)
        await container.remove_children()
        if container.is_attached:  # a screen that closes meanwhile takes no more widgets
            await container.mount(*widgets)

    def _found(self) -> Iterator[Widget]:
        found = self.trouble
        if found is None:
            return
        yield from finding_widgets(found, self.context.options.called)
        if steps := self.repair_steps:
            titles = " or ".join(f"'{plain(self.setup.title_of(step))}'" for step in steps)
            yield Static(Content(f"F4 goes to {titles}, where it can be mended."), markup=False)
        yield from block_widgets(found.blocks, self.context.options.called)

    def _focus_first(self) -> None:
        if not self.form.focus_on():
            self.query_one("#setup-page").focus()

    def _show_action(self) -> None:
        """What the step can do is always in sight, however long the page is."""
        line = self.query_one("#setup-action", Static)
        line.display = self.action is not None
        line.update(Content(f"F2: {plain(self.action.words)}" if self.action is not None else ""))

    def _show_said(self) -> None:
        status = self.query_one("#setup-status", Static)
        status.display = bool(self._said)
        status.update(Content(plain(self._said)))

    def _show_progress(self) -> None:
        """How far an action is; each slot of a connection test, afterwards too."""
        self._show_said()
        table, board = self.query_one(ProbeTable), self.setup.board
        begins = board is not None and not table.display
        table.display = board is not None
        if board is not None:
            table.show_progress(board.progress())
            table.styles.height = min(table.count, _MOST_TESTED)
        if begins:
            self.query_one("#setup-page").scroll_to_widget(table, animate=False)

    def finish(self, finished: bool) -> None:
        """Close the screen; ``finished``: the set-up has come to its end."""
        self.dismiss(finished)

    # -- what happens --------------------------------------------------------------------------------------

    def _flow(self, flow: Coroutine[Any, Any, None]) -> None:
        self.context.start_flow(flow, "walk")

    def on_answer_form_answered(self, _: AnswerForm.Answered) -> None:
        if not self.controller.is_held:
            self.action_look()

    def on_answer_form_completed(self, _: AnswerForm.Completed) -> None:
        self.action_next()

    def on_descendant_focus(self, _: DescendantFocus) -> None:
        if not self.controller.is_held:
            self.say("")

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        """Escape in a field: first the answer as it was, then out of the screen."""
        event.stop()
        row = row_of(event.entry)
        if row is not None and row.changed:
            row.put()
            row.judge("")
        else:
            self.action_leave()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        if event.list is self.steps:
            self.remove_class("-listing")
            self._flow(self.controller.go_to(self.setup.kind.steps[event.index].id))

    def on_row_editor_edit_requested(self, event: RowEditor.EditRequested) -> None:
        row = row_of(event.editor)
        if isinstance(row, TableRow):
            self._flow(self.controller.type_row(row, event.number))

    # -- actions -------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if action in _NOT_WHILE_HELD and self.controller.is_held:
            return False
        match action:
            case "cancel":
                return self.setup.is_acting
            case "act":
                return self.action is not None
            case "mend":
                return bool(self.repair_steps)
            case "copy":
                return bool(self.query(Commands))
            case "back":
                return self.page is not None and self.page.number > 1
            case _:
                return True

    def action_act(self) -> None:
        self._flow(self.controller.act())

    def action_next(self) -> None:
        self._flow(self.controller.forward())

    def action_back(self) -> None:
        self._flow(self.controller.back())

    def action_look(self) -> None:
        self._flow(self.controller.again())

    def action_mend(self) -> None:
        self._flow(self.controller.mend())

    def action_leave(self) -> None:
        self._flow(self.controller.leave())

    def action_quit(self) -> None:
        self._flow(self._quit())

    async def _quit(self) -> None:
        from ppinui.tui.flows.setup_flow import quit_set_up

        await self.controller.take_typed()
        await quit_set_up(self.context, self.setup)

    def action_cancel(self) -> None:
        self.setup.cancel()
        self.say("It ends as soon as it can …")

    def action_steps(self) -> None:
        if self.steps.has_focus:
            self.remove_class("-listing")
            self._focus_first()
        else:
            self.add_class("-listing")
            self.steps.focus()

    def action_scroll(self, direction: int) -> None:
        page = self.query_one("#setup-page")
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
        self.context.notify(f"Copied{which}, where the terminal allows it (OSC 52).")
