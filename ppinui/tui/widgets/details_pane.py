"""The right half of the main screen: what is selected, its form, what there is to know of it besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.containers import Vertical
from textual.widgets import Static

from ppinui.editing.form_fields import Field, NotAllowedError, fields_of
from ppinui.editing.tree_model import Line
from ppinui.libconfig.document import Document, Scalar
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.settings_form import SettingsForm
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece

Take = Callable[[Field, Scalar | None], None]
"""Accepts what was typed for a setting; None removes the setting."""


class DetailsPane(Vertical):
    """A title, the form, an overview, and a few words on the field that has the focus."""

    DEFAULT_CSS = """
    DetailsPane #title { text-style: bold; height: 1; }
    DetailsPane #overview { height: 1fr; margin-top: 1; background: $background; }
    DetailsPane #overview:focus { background: $boost; }
    DetailsPane #explain { height: 3; color: $text-muted; }
    DetailsPane #explain.-flaw { color: $text-error; text-style: bold; }
    """

    def __init__(self) -> None:
        self.path: str | None = None
        """What the form shows; None before the first time."""
        self.form = SettingsForm(id="form")
        self._title = Static(id="title", markup=False)
        self.overview = TextView(id="overview", mark="", wrap=True)
        self._explain = Static(id="explain", markup=False)
        super().__init__(self._title, self.form, self.overview, self._explain)

    async def show(self, line: Line, document: Document) -> list[str]:
        """Show the form of something else, or the same again with other values.

        Returns the names of the settings whose typed text was not allowed: it is lost.
        """
        moved = self.path != line.path
        lost = [row.field.name for row in self.form.rows() if row.flaw] if moved else []
        self.path = line.path
        title = f"{line.branch.value} {line.title}" if line.title != line.branch.value else line.title
        self._title.update(plain(title))
        await self.form.show(fields_of(document, line.path))
        if moved:
            self.form.scroll_home(animate=False)
            self.explain("")
        return lost

    def show_overview(self, lines: Sequence[Piece]) -> None:
        """Show what is below the form."""
        self.overview.show(lines)

    def explain(self, text: str, *, flaw: bool = False) -> None:
        """Say something of a field; ``flaw``: what is wrong with what was typed."""
        self._explain.set_class(flaw, "-flaw")
        self._explain.update(f"! {text}" if flaw else text)

    def focus_on(self, path: str | None = None) -> None:
        """Go to the field of a setting; None: to the first that can be edited."""
        rows = [row for row in self.form.rows() if path == row.field.path or not (path or row.entry.disabled)]
        if rows:
            rows[0].entry.focus()

    def take_typed(self, take: Take) -> bool:
        """Accept what is typed; False (and it says why) where that is not allowed."""
        for row in self.form.rows():
            if not row.changed:
                continue
            try:
                take(row.field, row.read())
            except NotAllowedError as error:
                row.check()
                row.entry.focus()
                self.explain(str(error), flaw=True)
                return False
        return True

    def give_up_typed(self) -> bool:
        """Forget what is typed and not taken yet; False where there is nothing."""
        rows = [row for row in self.form.rows() if row.changed]
        for row in rows:
            row.give_up()
        return bool(rows)
