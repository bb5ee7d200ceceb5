"""The main screen: tree, form, problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from ppinui.config.document import Scalar
from ppinui.config.primus import PrimusConfig, read
from ppinui.config.problem import Problem, Severity
from ppinui.errors import PpinuiError
from ppinui.session.edits import Edit, Remove, SetValue
from ppinui.session.fields import Field, NotAllowedError, fields_of
from ppinui.session.outline import Branch, Line, outline, worst_by_path
from ppinui.tui.background import off_screen
from ppinui.tui.overview import overview
from ppinui.tui.plain import plain
from ppinui.tui.states import States
from ppinui.tui.widgets.entry import Entry
from ppinui.tui.widgets.filepane import FilePane, View
from ppinui.tui.widgets.form import FieldRow, Form
from ppinui.tui.widgets.keybar import KeyBar
from ppinui.tui.widgets.problems import ProblemList
from ppinui.tui.widgets.rows import Rows
from ppinui.tui.widgets.textlines import TextLines
from ppinui.tui.widgets.tree import ConfigTree, Marks

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_FOLD_FROM = 60
"""With more HSMs than that the tree begins with its slots hidden."""


class MainScreen(Screen[None]):
    """Tree on the left, form on the right, problems below."""

    CSS_PATH = "main.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - so does Screen
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]  # noqa: RUF012
    AUTO_FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,s", "app.save", "Save", id="app.save", tooltip="Show the change, then save it"),
        Binding("f3,v", "app.text", "Text", id="app.text", tooltip="The file as text, and the change"),
        Binding("f4,p", "app.secrets", "Secrets", id="app.secrets", tooltip="Where each secret is, and more"),
        Binding("f5,t", "app.test", "Test", id="app.test", tooltip="Test connections"),
        Binding("f6", "next_pane", "Next pane", id="main.next-pane", tooltip="Tree, form, problems in turn"),
        Binding("f7,u", "app.undo", "Undo", id="app.undo", tooltip="Take the last edit back"),
        Binding("f8,U", "app.redo", "Redo", id="app.redo", tooltip="Do again what was undone"),
        Binding("a", "app.add", "Add", id="edit.add", tooltip="Add a slot to this HSM, or an HSM"),
        Binding("d", "app.duplicate", "Duplicate", id="edit.duplicate", tooltip="Copy this HSM or slot"),
        Binding("r", "app.rename", "Rename", id="edit.rename", tooltip="Give this HSM or slot another name"),
        Binding("x,delete", "app.delete", "Delete", id="edit.delete", tooltip="Take this HSM or slot out"),
        Binding("slash", "filter", "Filter", id="main.filter", tooltip="Show only what has this in it"),
        Binding("e", "edit", "Edit", show=False, id="main.edit", tooltip="Go to the form"),
    ]

    def __init__(self, desk: PpinuiApp) -> None:
        super().__init__()
        self.desk = desk
        self.config: PrimusConfig = read(desk.session.document)
        self.problems: tuple[Problem, ...] = ()
        self.states = States()
        self._folded: set[str] = set()
        if len(self.config.hsms) > _FOLD_FROM:
            self._folded = {hsm.path for hsm in self.config.hsms}
        self._filter = ""
        self._shown: str | None = None
        """The path that the form shows."""
        self._is_due = False
        self._has_begun = False

    def begin(self) -> None:
        """What can wait until the tree is seen."""
        self._has_begun = True
        self._form_is_due()
        self.look_for_problems()

    def compose(self) -> ComposeResult:
        """Head, tree and form side by side, problems, keys."""
        yield Static(id="head", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Entry(id="filter", placeholder="filter: part of a name, host, id or partition")
                yield ConfigTree(self._marks, id="tree")
            with Vertical(id="right"):
                yield Static(id="title", markup=False)
                yield Form(id="form")
                yield TextLines(id="overview", mark="", wrap=True)
                yield Static(id="explain", markup=False)
        yield FilePane(id="file")
        with Vertical(id="below"):
            yield Static(id="problems-title", markup=False)
            yield ProblemList(id="problems")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the configuration."""
        self.query_one("#overview", TextLines).can_focus = False
        self.show_document(read_again=False)

    def on_resize(self) -> None:
        """The head has another width."""
        if self.is_mounted:
            self.show_head()

    # -- showing -------------------------------------------------------------------------------------------

    @property
    def outline(self) -> ConfigTree:
        """The tree."""
        return self.query_one("#tree", ConfigTree)

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one("#form", Form)

    @property
    def selected(self) -> Line:
        """What is selected in the tree; the file where nothing is."""
        return self.outline.selected or Line(Branch.FILE, "", 0, "", "", None)

    def show_document(self, select: str | None = None, *, read_again: bool = True) -> None:
        """Show the document as it is now, with the cursor at a path (None: where it is)."""
        if read_again:
            self.config = read(self.desk.session.document)
            self.desk.config_changed()
            self.look_for_problems()
        self.show_tree(select)

    def show_tree(self, select: str | None = None) -> None:
        """Show the lines of the tree, the form of the one with the cursor, and the head."""
        before = self.outline.selected
        if select and (".slots." in select):
            self._folded.discard(select.partition(".slots.")[0])
        lines = outline(
            self.config, self.desk.session.path.name, closed=self._folded, wanted=self._filter.strip()
        )
        self.outline.show(lines, select if select is not None else before.path if before else None)
        self.show_head()
        self._form_is_due()

    def show_head(self) -> None:
        """The line at the top: the file, and whether all of it is saved."""
        session = self.desk.session
        edits = len(session.edits)
        state = f"UNSAVED: {edits} edit{'s' if edits != 1 else ''}" if session.unsaved else "saved"
        if session.journal_flaw:
            state += f" (edits are not kept against a crash: {session.journal_flaw})"
        head = f" [{state}]{self.desk.activity}  "
        room = max(12, self.size.width - len(head))
        path = plain(str(session.path))
        # The end of a path says more than its beginning.
        shown = path if len(path) <= room else f"…{path[len(path) - room + 1 :]}"
        self.query_one("#head", Static).update(f"{head}{shown}")

    def states_changed(self) -> None:
        """Secrets or tests are known better now."""
        self.outline.refresh()
        self._show_overview()

    def next_view(self) -> None:
        """The file as text, then the change, then neither."""
        pane = self.query_one("#file", FilePane)
        view = pane.next_view()
        self.set_class(view is not View.OFF, "-file")
        self._show_file()

    def _show_file(self) -> None:
        pane = self.query_one("#file", FilePane)
        if pane.view is not View.OFF:
            session = self.desk.session
            diff = session.diff() if pane.view is View.CHANGE else ""
            self.call_after_refresh(pane.show_document, session.document, diff, self._place())

    def _place(self) -> str:
        """The path of the setting with the focus, else of what is selected."""
        row = self.focused.parent if self.focused is not None else None
        return row.field.path if isinstance(row, FieldRow) else self.selected.path

    def _show_overview(self) -> None:
        lines = overview(self.selected, self.config, self.states, f"found by {self.desk.setup.rule}")
        self.query_one("#overview", TextLines).show(lines)

    def _marks(self, line: Line, wide: bool) -> Marks:
        return self.states.marks(line, self.config, wide)

    def _form_is_due(self) -> None:
        """Show the form once for however many keys came in; the first time when the tree has been seen."""
        if not self._is_due and self._has_begun:
            self._is_due = True
            self.call_after_refresh(self._show_form)

    async def _show_form(self) -> None:
        self._is_due = False
        line = self.selected
        title = f"{line.branch.value} {line.title}" if line.title != line.branch.value else line.title
        self.query_one("#title", Static).update(plain(title))
        form = self.form
        moved = self._shown != line.path
        lost = [row.field.name for row in form.rows() if row.flaw] if moved else []
        self._shown = line.path
        await form.show(fields_of(self.desk.session.document, line.path))
        self._show_overview()
        self._show_file()
        if lost:
            self.notify(f"not taken: {', '.join(lost)}", severity="warning")
        if moved:
            form.scroll_home(animate=False)
            self._explain("")

    def _explain(self, text: str, *, flaw: bool = False) -> None:
        explain = self.query_one("#explain", Static)
        explain.set_class(flaw, "-flaw")
        explain.update(f"! {text}" if flaw else text)

    def look_for_problems(self) -> None:
        """Check the document, away from the screen."""
        document = self.desk.session.document

        def findings() -> tuple[Problem, ...]:
            from ppinui.config.checks import check_document

            return check_document(document)

        async def check() -> None:
            # The thread is not stopped when the next edit comes; its findings are dropped.
            found = await off_screen(findings)
            if document is self.desk.session.document:
                self.show_problems(found)

        self.run_worker(check(), exclusive=True, group="check")

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show what the checks have found."""
        self.problems = problems
        self.states.problems = worst_by_path(problems)
        self.query_one("#problems", ProblemList).show(problems)
        counts = [
            f"{number} {severity.value}{'s' if number != 1 else ''}"
            for severity in Severity
            if (number := sum(problem.severity is severity for problem in problems))
        ]
        words = ", ".join(counts) if counts else "none"
        self.query_one("#problems-title", Static).update(f"Problems: {words}")
        self.outline.refresh()

    # -- editing -------------------------------------------------------------------------------------------

    def do(self, edit: Edit, select: str | None = None) -> None:
        """Make an edit and show it. Raises PpinuiError where it cannot be made."""
        path = self.desk.session.do(edit)
        self.show_document(path if select is None else select)

    def take_typed(self) -> bool:
        """Take what is typed in the form and not taken yet; False (and it says why) where that may not be."""
        for row in self.form.rows():
            if not row.changed:
                continue
            try:
                self._edit(row.field, row.read())
            except NotAllowedError as error:
                row.check()
                row.entry.focus()
                self._explain(str(error), flaw=True)
                return False
        return True

    def give_up_typed(self) -> bool:
        """Forget what is typed in the form and not taken yet; False where there is nothing."""
        rows = [row for row in self.form.rows() if row.changed]
        for row in rows:
            row.give_up()
        return bool(rows)

    def _edit(self, field: Field, value: Scalar | None) -> None:
        try:
            if value is not None:
                self.do(SetValue(field.path, value), select=self.selected.path)
            elif field.present:
                self.do(Remove(field.path), select=self.selected.path)
        except PpinuiError as error:
            from ppinui.tui.screens.question import error_question

            self.app.push_screen(error_question(error))

    # -- messages ------------------------------------------------------------------------------------------

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """The cursor of the tree moved: the form follows."""
        if event.rows is self.outline:
            self._form_is_due()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter: from the tree into the form, from a problem to its place."""
        if isinstance(event.rows, ProblemList):
            self.go_to_problem(event.rows.problems[event.index])
        elif event.rows is self.outline:
            self.action_edit()

    def on_config_tree_folded(self, event: ConfigTree.Folded) -> None:
        """Hide or show slots."""
        (self._folded.discard if event.is_open else self._folded.add)(event.path)
        self.show_tree()

    def on_form_edited(self, event: Form.Edited) -> None:
        """A field was taken."""
        self._edit(event.field, event.value)

    def on_form_explained(self, event: Form.Explained) -> None:
        """A field has the focus, or was refused."""
        self._explain(event.text, flaw=event.flaw)
        self._show_file()

    def on_form_left(self, _: Form.Left) -> None:
        """Escape in the form goes back to the tree."""
        self.outline.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The filter, as it is typed."""
        if event.input.id == "filter":
            self._filter = event.value
            self.show_tree()

    def on_entry_given_up(self, event: Entry.GivenUp) -> None:
        """Escape in the filter: all lines again."""
        if event.entry.id == "filter":
            self._filter = ""
            event.entry.display = False
            with event.entry.prevent(Input.Changed):
                event.entry.value = ""
            self.show_tree()
            self.outline.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the filter goes to what it found."""
        if event.input.id == "filter":
            if not event.value.strip():
                event.input.display = False
            self.outline.focus()

    # -- actions -------------------------------------------------------------------------------------------

    def go_to(self, path: str) -> None:
        """Put the cursor of the tree on an HSM or a slot."""
        self._filter = ""
        self.query_one("#filter", Entry).display = False
        self.show_tree(path)
        self.outline.focus()

    def go_to_problem(self, problem: Problem) -> None:
        """Show the setting that a problem is about."""
        path = problem.path or ""
        self.go_to(path or "primus")
        self.call_after_refresh(self._focus_field, path)

    async def _focus_field(self, path: str) -> None:
        await self._show_form()
        row = self.form.row_of(path)
        if row is not None:
            row.entry.focus()

    def action_edit(self) -> None:
        """Go to the first field of the form."""
        self.call_after_refresh(self._focus_first)

    async def _focus_first(self) -> None:
        # Whoever is quick presses enter before the form has followed the tree.
        await self._show_form()
        row = next((row for row in self.form.rows() if not row.entry.disabled), None)
        if row is not None:
            row.entry.focus()

    def action_next_pane(self) -> None:
        """Tree, form, problems, and around again."""
        if self.focused is self.outline:
            self.action_edit()
        elif isinstance(self.focused, ProblemList):
            self.outline.focus()
        else:
            self.query_one("#problems").focus()

    def action_filter(self) -> None:
        """Type what to look for."""
        entry = self.query_one("#filter", Entry)
        entry.display = True
        entry.focus()
