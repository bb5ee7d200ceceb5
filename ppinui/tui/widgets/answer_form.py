"""The questions of a step as a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.containers import Vertical
from textual.events import DescendantBlur
from textual.message import Message
from textual.widgets import Input

from ppinui.setup.engine import Asked
from ppinui.setup.questions import QuestionType, Unacceptable, Value
from ppinui.tui.widgets.question_row import ChoiceList, ChoiceRow, LineRow, QuestionRow, row_of
from ppinui.tui.widgets.row_editor import RowEditor, TableRow
from ppinui.tui.widgets.virtual_list import VirtualList


class AnswerForm(Vertical):
    """All questions of a step."""

    DEFAULT_CSS = """
    AnswerForm { height: auto; width: 1fr; }
    """

    class Answered(Message):
        """Something was typed or chosen that the walk does not know yet."""

    class Completed(Message):
        """Enter in the last question."""

    def rows(self) -> list[QuestionRow]:
        """From top to bottom."""
        return [row for row in self.children if isinstance(row, QuestionRow)]

    async def show(self, asked: Sequence[Asked]) -> None:
        """Show these questions; rows of those that are there already stay, with what is typed in them."""
        known = {row.question.id: row for row in self.rows()}
        wanted = {one.question.id for one in asked}
        gone = [row for id, row in known.items() if id not in wanted]
        if gone:
            await self.remove_children(gone)
        before: QuestionRow | None = None
        for one in asked:
            row = known.get(one.question.id)
            if row is not None:
                row.show(one)
            elif not self.is_attached:
                return  # the screen closed meanwhile: it takes no more widgets
            else:
                row = _row_for(one)
                await self.mount(row, after=before) if before else await self.mount(row, before=0)
            before = row

    async def clear(self) -> None:
        """Another step: nothing of this one stays."""
        await self.remove_children()

    def typed(self) -> tuple[dict[str, Value | None], bool]:
        """Answers that the walk does not know yet, and whether all of them are acceptable."""
        given: dict[str, Value | None] = {}
        fine = True
        for row in self.rows():
            if not row.changed:
                continue
            try:
                given[row.question.id] = row.read()
            except Unacceptable as flaw:
                row.judge(str(flaw))
                fine = False
        return given, fine

    def show_flaws(self, flaws: Mapping[str, str]) -> None:
        """What the walk has refused."""
        for row in self.rows():
            if row.question.id in flaws:
                row.judge(flaws[row.question.id])

    def focus_on(self, id: str | None = None) -> bool:
        """Put the focus on a question, or on the first that has a flaw or no answer, else on the first."""
        rows = self.rows()
        wanted = [row for row in rows if row.question.id == id]
        wanted += [row for row in rows if row.flaw or row.asked.value is None]
        for row in (*wanted, *rows):
            row.field.focus()
            # With its flaw, once there is room for the flaw and for the keys of this field.
            self.call_after_refresh(self.call_after_refresh, row.scroll_visible, animate=False)
            return True
        return False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if (row := row_of(event.input)) is not None:
            row.check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._go_on(row_of(event.input))

    def on_virtual_list_moved(self, event: VirtualList.Moved) -> None:
        """The cursor of a list chooses, once the user moves it."""
        if isinstance(event.list, ChoiceList):
            event.stop()
            if event.list.has_focus:
                event.list.choose()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        if isinstance(event.list, ChoiceList):
            event.stop()
            event.list.choose()
            self._go_on(row_of(event.list))

    def on_row_editor_removed(self, event: RowEditor.Removed) -> None:
        event.stop()
        if (row := row_of(event.editor)) is not None:
            row.check()
        self.post_message(self.Answered())

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A question that is left is answered."""
        if (row := row_of(event.widget)) is not None and row.changed:
            self.post_message(self.Answered())

    def _go_on(self, row: QuestionRow | None) -> None:
        rows = self.rows()
        if row is None:
            return
        row.check()
        if row.flaw:
            return
        if row is rows[-1]:
            self.post_message(self.Completed())
        else:
            rows[rows.index(row) + 1].field.focus()


def _row_for(asked: Asked) -> QuestionRow:
    match asked.question.type:
        case QuestionType.CHOICE:
            return ChoiceRow(asked)
        case QuestionType.ROWS:
            return TableRow(asked)
        case _:
            return LineRow(asked)
