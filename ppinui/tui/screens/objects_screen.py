"""The objects screen: what is on one token, found by a search, explained, exported."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from ppinui.text import plural, shortened
from ppinui.tokens.description import object_lines, object_words
from ppinui.tokens.export import as_pem, write_pem
from ppinui.tokens.key_test import make_test_key
from ppinui.tokens.objects import ObjectList, TokenObject
from ppinui.tokens.pins import place_of
from ppinui.tokens.slot import Slot
from ppinui.tui.background import off_screen
from ppinui.tui.controllers.token_controller import Busy, GivenUp, Reach, SlotChanged
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.dialogs.form_dialog import Asking, Wanted
from ppinui.tui.flows.pin_flow import with_user_pin
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.list_view import Piece, Rows
from ppinui.tui.widgets.object_table import ObjectTable, head
from ppinui.tui.widgets.text_entry import Entry
from ppinui.tui.widgets.text_view import TextLines

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp


class ObjectsScreen(Screen[None]):
    """What is on one token; private objects after a login."""

    CSS_PATH = "objects_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="objects.back", tooltip="Back to the slots"),
        Binding("slash", "search", "Search", id="objects.search", tooltip="Show only what has this in it"),
        Binding("l", "login", "Log in", id="objects.login", tooltip="Private objects too, with the PIN"),
        Binding("r,f5", "refresh", "Refresh", id="objects.refresh", tooltip="Look again"),
        Binding("e", "export", "Export", id="objects.export", tooltip="Public key or certificate, as PEM"),
        Binding("g", "test_key", "Test key", id="objects.test-key", tooltip="Make one, use it, remove it"),
        Binding("x", "cancel", "Cancel", id="objects.cancel", tooltip="End what the module is asked"),
    ]

    def __init__(self, desk: PpinuiApp, slot: Slot) -> None:
        super().__init__()
        self.desk = desk
        self.slot = slot
        self.found: ObjectList | None = None
        self._search = ""

    def compose(self) -> ComposeResult:
        """Which token, the search, the table, details, keys."""
        yield Static(id="objects-what", markup=False)
        yield Entry(id="objects-search", placeholder="part of a label, id, type, subject or issuer")
        yield Static(head(self.app.size.width), id="objects-head", markup=False)
        yield ObjectTable(id="objects-table", now=self.desk.setup.now())
        yield TextLines(id="objects-details", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        """Look at what is there without a login."""
        self.table.focus()
        self._say_what()
        self.action_refresh()

    def on_resize(self) -> None:
        """There may be room for more."""
        self.query_one("#objects-head", Static).update(head(self.size.width))
        self._say_what()

    # -- showing -------------------------------------------------------------------------------------------

    @property
    def table(self) -> ObjectTable:
        """The objects."""
        return self.query_one("#objects-table", ObjectTable)

    @property
    def reach(self) -> Reach:
        """The module that is asked."""
        return self.desk.reach

    def on_busy(self, _: Busy) -> None:
        """The module is asked something, or nothing any more."""
        self._say_what()
        self.refresh_bindings()

    def on_slot_changed(self, event: SlotChanged) -> None:
        """A wrong PIN has left its mark."""
        if event.slot.id == self.slot.id:
            self.slot = event.slot

    def on_rows_moved(self, _: Rows.Moved) -> None:
        """Details follow the cursor."""
        self._show_details()

    def _show_found(self) -> None:
        if self.found is not None:
            wanted = self._search.strip()
            self.table.show(one for one in self.found.objects if not wanted or one.has(wanted))
        self._show_details()
        self._say_what()

    def _say_what(self) -> None:
        if self.reach.doing:
            words = f"… {self.reach.doing} (x cancels)"
        elif self.found is None:
            words = f"{self.slot.name}: nothing is known. r looks again"
        else:
            words = f"{self.slot.name}: {_summary(self.found, self.table.count)}"
        shown = shortened(plain(words), self.size.width - 2)
        self.query_one("#objects-what", Static).update(f" {shown}")

    def _show_details(self) -> None:
        one = self.table.selected
        lines: list[Piece] = []
        if one is not None:
            lines = [(object_words(one), "strong")]
            lines += [(line, "") for line in object_lines(one, self.table.now)]
        self.query_one("#objects-details", TextLines).show(lines)

    # -- looking -------------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        """Look again, logged in as before."""
        self.reach.flow(self._look(login=self.found is not None and self.found.logged_in))

    def action_login(self) -> None:
        """Look at private objects too."""
        self.reach.flow(self._look(login=True))

    async def _look(self, *, login: bool) -> None:
        doing = f"looking at the objects of {self.slot.name}"
        list_objects, slot = self.desk.setup.list_objects, self.slot
        if login:
            found = await with_user_pin(
                self.reach,
                slot,
                doing,
                lambda access, pin, spend: _read(list_objects(access, slot, pin, spend_final_try=spend)),
            )
        else:
            found = await self.reach.ask(
                doing, lambda access: _read(list_objects(access, slot, None, spend_final_try=False))
            )
        self.found = found
        self._show_found()

    def action_search(self) -> None:
        """Type what to look for."""
        entry = self.query_one("#objects-search", Entry)
        entry.display = True
        entry.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The search, as it is typed."""
        event.stop()
        self._search = event.value
        self._show_found()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to what was found."""
        event.stop()
        event.input.display = bool(event.value.strip())
        self.table.focus()

    def on_entry_given_up(self, event: Entry.GivenUp) -> None:
        """Escape in the search: all objects again."""
        event.stop()
        event.entry.put("")
        event.entry.display = False
        self._search = ""
        self._show_found()
        self.table.focus()

    # -- actions -------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to cancel while the module is asked something."""
        if action == "cancel":
            return bool(self.reach.doing)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """End what the module is asked."""
        self.reach.stop()

    def action_leave(self) -> None:
        """Back; nobody waits for a list any more."""
        if not self.reach.is_changing:
            self.reach.stop()
        self.app.pop_screen()

    def action_export(self) -> None:
        """Write the public key or certificate of the cursor as PEM."""
        one = self.table.selected
        if one is not None:
            self.reach.flow(self._export(one))

    async def _export(self, one: TokenObject) -> None:
        pem = await off_screen(lambda: as_pem(one, place_of(self.slot, self.reach.module)))
        name = re.sub(r"[^\w.-]+", "-", one.label, flags=re.ASCII).strip("-.") or one.id or "export"
        typed = await self.app.push_screen_wait(
            Asking(
                f"Export {object_words(one)}",
                [Wanted("path", "to a new file", str(Path.home() / f"{name}.pem"))],
            )
        )
        if typed is None or not typed["path"].strip():
            raise GivenUp
        path = Path(typed["path"].strip()).expanduser()
        await off_screen(lambda: write_pem(path, pem))
        self.notify(f"Wrote {path}", markup=False)

    def action_test_key(self) -> None:
        """Make a key pair, use it, remove it."""
        self.reach.flow(self._test_key())

    async def _test_key(self) -> None:
        answer = await self.app.push_screen_wait(
            Question(
                f"Make a key pair in {self.slot.name}, sign with it, and remove it again?",
                [
                    ("In the session it leaves nothing behind, whatever happens. Stored on", ""),
                    ("the token for that moment, it shows that the token can store keys.", ""),
                ],
                [
                    Answer("session", "s", "In the session"),
                    Answer("token", "t", "On the token"),
                    Answer("back", "b", "Back"),
                ],
            )
        )
        if answer not in {"session", "token"}:
            raise GivenUp
        slot = self.slot
        made = await with_user_pin(
            self.reach,
            slot,
            f"making a test key in {slot.name}",
            lambda access, pin, spend: make_test_key(
                access, slot, pin, on_token=answer == "token", spend_final_try=spend
            ),
            changes=True,
        )
        self.notify(
            f"Made a key pair ({made.type} {made.size}), signed with it, checked that, and removed it",
            markup=False,
        )


def _read(found: ObjectList) -> ObjectList:
    """The list in order, with its certificates read: here, where nobody waits for it."""
    for one in found.objects:
        _ = one.certificate
    in_order = sorted(found.objects, key=lambda one: (one.label.casefold(), one.id, one.kind))
    return replace(found, objects=tuple(in_order))


def _summary(found: ObjectList, shown: int) -> str:
    number = len(found.objects)
    words = plural(number, "object")
    if shown != number:
        words = f"{shown} of {words}"
    if not found.complete:
        words += f", the time was up before the other {found.found - number}"
    return f"{words}, {'logged in' if found.logged_in else 'not logged in: l shows private ones too'}"
