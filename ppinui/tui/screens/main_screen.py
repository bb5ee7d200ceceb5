"""The main screen: tree, form, problems."""

from __future__ import annotations

from asyncio import Event
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from ppinui.diagnostic import Diagnostic
from ppinui.editing.tree_model import Branch, Line, outline, worst_by_path
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Scalar
from ppinui.tui.messages import HeadChanged, ProgressChanged, StatesChanged
from ppinui.tui.plain_text import plain
from ppinui.tui.screens.main_actions import MainActions
from ppinui.tui.widgets.config_tree import ConfigTree, LineMarks, TreePane
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from pathlib import Path

    from ppinui.config.checks.registry import Checker
    from ppinui.editing.edits import Edit
    from ppinui.editing.form_fields import Field
    from ppinui.tui.app_context import AppContext
    from ppinui.tui.widgets.details_pane import DetailsPane
    from ppinui.tui.widgets.file_pane import FilePane
    from ppinui.tui.widgets.problem_pane import ProblemPane
    from ppinui.tui.widgets.settings_form import SettingsForm

# People wait for the tree; whatever else there is on this screen is imported and made when it is needed.

_FOLD_FROM = 60
"""With more HSMs than that the tree begins with its slots hidden."""


class MainScreen(MainActions):
    """Tree on the left, form on the right, problems below."""

    CSS_PATH = "main_screen.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - so does Screen
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]  # noqa: RUF012
    AUTO_FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,s", "save", "Save", id="app.save", tooltip="Show the change, then save it"),
        Binding("f3,v", "text", "Text", id="app.text", tooltip="The file as text, and the change"),
        Binding("f4,p", "secrets", "Secrets", id="app.secrets", tooltip="Where each secret is, and more"),
        Binding("f5,t", "test", "Test", id="app.test", tooltip="Test connections"),
        Binding(
            "f6",
            "next_pane",
            "Next pane",
            id="main.next-pane",
            tooltip="Tree, form, problems and the rest in turn",
        ),
        Binding("f7,u", "undo", "Undo", id="app.undo", tooltip="Take the last edit back"),
        Binding("f8,U", "redo", "Redo", id="app.redo", tooltip="Do again what was undone"),
        Binding("f12,k", "app.tokens", "Tokens", id="app.tokens", tooltip="Slots, PINs and keys of any HSM"),
        Binding("a", "do('add')", "Add", id="edit.add", tooltip="Add a slot to this HSM, or an HSM"),
        Binding("d", "do('duplicate')", "Duplicate", id="edit.duplicate", tooltip="Copy this HSM or slot"),
        Binding(
            "r", "do('rename')", "Rename", id="edit.rename", tooltip="Give this HSM or slot another name"
        ),
        Binding("x,delete", "do('delete')", "Delete", id="edit.delete", tooltip="Take this HSM or slot out"),
        Binding(
            "E", "do('text')", "Editor", id="edit.text", tooltip="All of it in your own editor ($EDITOR)"
        ),
        Binding("c", "settle", "Changed on disk", id="app.settle", tooltip="Take theirs, or keep ours"),
        Binding("slash", "filter", "Filter", id="main.filter", tooltip="Show only what has this in it"),
        Binding("e", "edit", "Edit", show=False, id="main.edit", tooltip="Go to the form"),
    ]

    def __init__(self, context: AppContext, path: Path, size: Size) -> None:
        """``size``: the terminal's."""
        super().__init__(context, classes=" ".join(_size_classes(size)))
        self.path = path
        self.problems: tuple[Diagnostic, ...] = ()
        self._folded: set[str] = set()
        if len(context.config.hsms) > _FOLD_FROM:
            self._folded = {hsm.path for hsm in context.config.hsms}
        self._is_due = False
        self.is_whole = Event()
        """Set when all of the screen is there, not the tree alone."""

    async def begin(self) -> None:
        """What can wait until the tree is seen."""
        await self.query_one("#right").mount(self.details)
        await self.query_one("#below").mount(self.problem_pane)
        self.is_whole.set()
        self._form_is_due()
        self.look_for_problems()

    def compose(self) -> ComposeResult:
        """Head, tree and form side by side, problems, keys; what the tree is not waited with comes later."""
        yield Static(id="head", markup=False)
        with Horizontal(id="body"):
            yield TreePane(self._marks, id="left")
            yield Vertical(id="right")
        yield Vertical(id="below")
        yield KeyBar()

    def on_mount(self) -> None:
        self.show_document(read_again=False)

    def on_resize(self) -> None:
        if self.is_mounted:
            self.show_head()

    # -- showing -------------------------------------------------------------------------------------------

    @property
    def tree_pane(self) -> TreePane:
        return self.query_one("#left", TreePane)

    @property
    def outline(self) -> ConfigTree:
        return self.tree_pane.config_tree

    @cached_property
    def details(self) -> DetailsPane:
        from ppinui.tui.widgets.details_pane import DetailsPane

        return DetailsPane()

    @property
    def form(self) -> SettingsForm:
        return self.details.form

    @cached_property
    def problem_pane(self) -> ProblemPane:
        from ppinui.tui.widgets.problem_pane import ProblemPane

        return ProblemPane()

    @cached_property
    def file(self) -> FilePane:
        from ppinui.tui.widgets.file_pane import FilePane

        pane = FilePane(id="file")
        self.mount(pane, after="#body")
        return pane

    @cached_property
    def checker(self) -> Checker:
        from ppinui.config.checks.registry import Checker

        return Checker()

    @property
    def selected(self) -> Line:
        """What is selected in the tree; the file where nothing is."""
        return self.outline.selected or Line(Branch.FILE, "", 0, "", "", None)

    def show_document(self, select: str | None = None, *, read_again: bool = True) -> None:
        """Show the document as it is now, with the cursor at a path (None: where it is)."""
        if read_again:
            self.context.read_document()
            self.look_for_problems()
        self.show_tree(select)

    def show_tree(self, select: str | None = None) -> None:
        """Show the lines of the tree, the form of the one with the cursor, and the head."""
        before = self.outline.selected
        if select and (".slots." in select):
            self._folded.discard(select.partition(".slots.")[0])
        lines = outline(
            self.context.config, self.path.name, closed=self._folded, wanted=self.tree_pane.wanted
        )
        self.outline.show(lines, select if select is not None else before.path if before else None)
        self.show_head()
        self._form_is_due()

    def show_head(self) -> None:
        # Before all is there nothing can have happened.
        state = self.context.file_state if self.is_whole.is_set() else "saved"
        head = f" [{state}]{self.context.activity}  "
        room = max(12, self.size.width - len(head))
        name = plain(str(self.path))
        # The end of a path says more than its beginning.
        shown = name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"
        self.query_one("#head", Static).update(f"{head}{shown}")

    def _show_file(self) -> None:
        if self.has_class("-file"):
            self.call_after_refresh(self.file.show_document, self.context.session, self.place)

    @property
    def place(self) -> str:
        """The path of the setting with the focus, else of what is selected."""
        row = self.focused.parent if self.focused is not None else None
        return next((one.field.path for one in self.form.rows() if one is row), self.selected.path)

    def _show_overview(self) -> None:
        from ppinui.tui.overview import overview

        lines = overview(
            self.selected, self.context.config, self.context.states, f"found by {self.context.options.rule}"
        )
        self.details.show_overview(lines)

    def _marks(self, line: Line, wide: bool) -> LineMarks:
        return self.context.states.marks(line, self.context.config, wide)

    def _form_is_due(self) -> None:
        """Show the form once for however many keys came in; the first time when the tree has been seen."""
        if not self._is_due and self.is_whole.is_set():
            self._is_due = True
            self.call_after_refresh(self._show_form)

    async def _show_form(self) -> None:
        await self.is_whole.wait()
        self._is_due = False
        if not self.form.is_attached:
            return  # the screen closes: it takes no more widgets
        lost = await self.details.show(self.selected, self.context.session.document)
        self._show_overview()
        self._show_file()
        if lost:
            self.notify(f"not taken: {', '.join(lost)}", severity="warning")

    def look_for_problems(self) -> None:
        """Check the document, away from the screen."""
        from ppinui.tui.background import run_in_thread

        document = self.context.session.document

        def findings() -> tuple[Diagnostic, ...]:
            return self.checker.check(document)

        async def check() -> None:
            # The thread is not stopped when the next edit comes; its findings are dropped.
            found = await run_in_thread(findings)
            if document is self.context.session.document:
                self.show_problems(found)

        self.run_worker(check(), exclusive=True, group="check")

    def show_problems(self, problems: tuple[Diagnostic, ...]) -> None:
        self.problems = problems
        self.context.states.problems = worst_by_path(problems)
        self.problem_pane.show(problems)
        self.outline.refresh()

    # -- editing -------------------------------------------------------------------------------------------

    def apply(self, edit: Edit, select: str | None = None) -> None:
        """Make an edit and show it. Raises PpinuiError where it cannot be made."""
        revision = self.context.session.revision
        path = self.context.session.apply(edit)
        # A field that was left and entered comes twice.
        is_new = self.context.session.revision != revision
        self.show_document(path if select is None else select, read_again=is_new)

    def take_typed(self) -> bool:
        """Accept what is typed in the form; False (and it says why) where that is not allowed."""
        return self.details.take_typed(self._edit)

    def _edit(self, field: Field, value: Scalar | None) -> None:
        from ppinui.editing.edits import Remove, SetValue

        try:
            if value is not None:
                self.apply(SetValue(field.path, value), select=self.selected.path)
            # A field that was left and entered comes twice.
            elif self.context.session.document.get(field.path) is not None:
                self.apply(Remove(field.path), select=self.selected.path)
        except PpinuiError as error:
            self.context.show_error(error)

    def path_beside(self, path: str) -> str:
        return self.outline.path_beside(path)

    # -- messages ------------------------------------------------------------------------------------------

    def on_states_changed(self, _: StatesChanged) -> None:
        if self.query("#head"):  # else the app ends, and its screens are being taken down
            self._show_states()

    def on_progress_changed(self, _: ProgressChanged) -> None:
        if self.query("#head"):
            self.show_head()
            self._show_states()

    def on_head_changed(self, _: HeadChanged) -> None:
        if self.query("#head"):
            self.show_head()
            self.refresh_bindings()

    def _show_states(self) -> None:
        self.outline.refresh()
        self._show_overview()

    def on_virtual_list_moved(self, event: VirtualList.Moved) -> None:
        if event.list is self.outline:
            self._form_is_due()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        """Enter: from the tree into the form, from a problem to its place."""
        if event.list is self.outline:
            self.action_edit()
        elif event.list is self.problem_pane.list:
            self.go_to_problem(self.problems[event.index])

    def on_config_tree_folded(self, event: ConfigTree.Folded) -> None:
        (self._folded.discard if event.is_open else self._folded.add)(event.path)
        self.show_tree()

    def on_settings_form_edited(self, event: SettingsForm.Edited) -> None:
        self._edit(event.field, event.value)

    def on_settings_form_explained(self, event: SettingsForm.Explained) -> None:
        self.details.explain(event.text, flaw=event.flaw)
        self._show_file()

    def on_settings_form_left(self, _: SettingsForm.Left) -> None:
        self.outline.focus()

    def on_tree_pane_filtered(self) -> None:
        self.show_tree()

    # -- actions -------------------------------------------------------------------------------------------

    def go_to(self, path: str) -> None:
        """Put the cursor of the tree on an HSM or a slot."""
        self.tree_pane.show_all()
        self.show_tree(path)
        self.outline.focus()

    def go_to_problem(self, problem: Diagnostic) -> None:
        """Show the setting that a problem is about."""
        path = problem.subject
        self.go_to(path or "primus")
        self.call_after_refresh(self._focus_field, path)

    async def _focus_field(self, path: str) -> None:
        await self._show_form()
        self.details.focus_on(path)

    def action_edit(self) -> None:
        self.call_after_refresh(self._focus_first)

    async def _focus_first(self) -> None:
        # A quick user presses enter before the form has followed the tree.
        await self._show_form()
        self.details.focus_on()

    def action_next_pane(self) -> None:
        """Tree, form, what is below it where not all is seen, the file's text, problems, and around."""
        panes: list[Widget] = [self.outline]
        if any(not row.entry.disabled for row in self.form.rows()):
            panes.append(self.form)
        if self.details.overview.is_cut:
            panes.append(self.details.overview)
        if self.has_class("-file"):
            panes.append(self.file)
        panes.append(self.problem_pane.list)
        around = self.focused.ancestors_with_self if self.focused is not None else []
        here = next((index for index, pane in enumerate(panes) if pane in around), -1)
        pane = panes[(here + 1) % len(panes)]
        if pane is self.form:
            self.action_edit()
        else:
            pane.focus()

    def action_filter(self) -> None:
        self.tree_pane.ask()

    def action_text(self) -> None:
        """The file as text, then the change, then neither."""
        from ppinui.tui.widgets.file_pane import View

        self.set_class(self.file.next_view() is not View.OFF, "-file")
        self._show_file()

    def action_undo(self) -> None:
        """Forget what is being typed, else undo the last edit."""
        if not self.details.give_up_typed():
            super().action_undo()


def _size_classes(size: Size) -> list[str]:
    """The classes for this size from the first moment on: given later, all would be styled once more."""
    return [
        [name for least, name in steps if least <= length][-1]
        for length, steps in (
            (size.width, MainScreen.HORIZONTAL_BREAKPOINTS),
            (size.height, MainScreen.VERTICAL_BREAKPOINTS),
        )
    ]
