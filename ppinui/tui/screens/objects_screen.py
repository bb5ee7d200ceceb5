"""The objects screen: what is on one token, found by a search, explained, exported."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from ppinui.text import plural, shortened
from ppinui.tokens.certificates import Validity
from ppinui.tokens.description import object_lines, object_words
from ppinui.tokens.export import as_pem, write_pem
from ppinui.tokens.objects import ObjectList, TokenObject
from ppinui.tokens.pins import place_of
from ppinui.tokens.signing_check import make_test_key
from ppinui.tokens.slot import TokenSlot
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.controllers.token_controller import FlowCancelled, TokenController
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.form_dialog import ask_path
from ppinui.tui.flows.pin_flow import with_user_pin
from ppinui.tui.messages import ModuleBusy, SlotChanged
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.column_table import Column, ColumnTable, TableHead
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.text_entry import TextEntry
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece, VirtualList


def _notice(now: datetime, one: TokenObject) -> Piece:
    if one.certificate is None:
        return ("private" if one.private else "", "faint")
    match one.certificate.validity(now):
        case Validity.EXPIRES_SOON:
            return (f"! ends in {(one.certificate.not_after - now).days} days", "warning")
        case Validity.EXPIRED:
            return ("! EXPIRED", "error")
        case Validity.NOT_YET:
            return ("! not valid yet", "warning")
        case Validity.VALID:
            return ("", "")


class ObjectTable(ColumnTable[TokenObject]):
    """A line for each object."""

    def __init__(self, *, id: str, now: datetime) -> None:
        """``now``: the time by which certificates expire."""
        columns = [
            Column[TokenObject]("what", 11, lambda one: one.kind),
            Column[TokenObject]("label", 22, lambda one: one.label, "strong", wide=32),
            Column[TokenObject]("id", 8, lambda one: one.id, wide=30),
            Column[TokenObject](
                "type and size", 17, lambda one: " ".join(filter(None, (one.type, one.size)))
            ),
            Column[TokenObject]("to notice", 0, partial(_notice, now)),
        ]
        super().__init__(columns, id=id, wide_from=110)
        self.now = now


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

    def __init__(self, context: AppContext, slot: TokenSlot) -> None:
        super().__init__()
        self.context = context
        self.slot = slot
        self.found: ObjectList | None = None
        self._search = ""

    def compose(self) -> ComposeResult:
        yield Static(id="objects-what", markup=False)
        yield TextEntry(id="objects-search", placeholder="part of a label, id, type, subject or issuer")
        table = ObjectTable(id="objects-table", now=self.context.options.now())
        yield TableHead(table)
        yield table
        yield TextView(id="objects-details", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        self.table.focus()
        self._say_what()
        self.action_refresh()

    def on_resize(self) -> None:
        self._say_what()

    # -- showing -------------------------------------------------------------------------------------------

    @property
    def table(self) -> ObjectTable:
        return self.query_one("#objects-table", ObjectTable)

    @property
    def tokens(self) -> TokenController:
        return self.context.tokens

    def on_module_busy(self, _: ModuleBusy) -> None:
        self._say_what()
        self.refresh_bindings()

    def on_slot_changed(self, event: SlotChanged) -> None:
        """A wrong PIN has left its mark."""
        if event.slot.id == self.slot.id:
            self.slot = event.slot

    def on_virtual_list_moved(self, _: VirtualList.Moved) -> None:
        self._show_details()

    def _show_found(self) -> None:
        if self.found is not None:
            wanted = self._search.strip()
            self.table.show(one for one in self.found.objects if not wanted or one.has(wanted))
        self._show_details()
        self._say_what()

    def _say_what(self) -> None:
        if self.tokens.doing:
            words = f"… {self.tokens.doing} (x cancels)"
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
        self.query_one("#objects-details", TextView).show(lines)

    # -- looking -------------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        self.tokens.flow(self._look(login=self.found is not None and self.found.logged_in))

    def action_login(self) -> None:
        self.tokens.flow(self._look(login=True))

    async def _look(self, *, login: bool) -> None:
        doing = f"looking at the objects of {self.slot.name}"
        list_objects, slot = self.context.options.list_objects, self.slot
        if login:
            found = await with_user_pin(
                self.context,
                slot,
                doing,
                lambda access, pin, spend: _read(list_objects(access, slot, pin, spend_final_try=spend)),
            )
        else:
            found = await self.tokens.ask(
                doing, lambda access: _read(list_objects(access, slot, None, spend_final_try=False))
            )
        self.found = found
        self._show_found()

    def action_search(self) -> None:
        entry = self.query_one("#objects-search", TextEntry)
        entry.display = True
        entry.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search = event.value
        self._show_found()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        event.input.display = bool(event.value.strip())
        self.table.focus()

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        """Escape in the search: all objects again."""
        event.stop()
        event.entry.put("")
        event.entry.display = False
        self._search = ""
        self._show_found()
        self.table.focus()

    # -- actions -------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel":
            return bool(self.tokens.doing)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        self.tokens.stop()

    def action_leave(self) -> None:
        """Back; a list that is being read ends."""
        if not self.tokens.is_changing:
            self.tokens.stop()
        self.app.pop_screen()

    def action_export(self) -> None:
        one = self.table.selected
        if one is not None:
            self.tokens.flow(self._export(one))

    async def _export(self, one: TokenObject) -> None:
        pem = await run_in_thread(lambda: as_pem(one, place_of(self.slot, self.tokens.module)))
        name = re.sub(r"[^\w.-]+", "-", one.label, flags=re.ASCII).strip("-.") or one.id or "export"
        title, usual = f"Export {object_words(one)}", Path.home() / f"{name}.pem"
        path = await ask_path(self.context.ask, title, "to a new file", usual)
        if path is None:
            raise FlowCancelled
        await run_in_thread(lambda: write_pem(path, pem))
        self.context.notify(f"Wrote {path}")

    def action_test_key(self) -> None:
        self.tokens.flow(self._test_key())

    async def _test_key(self) -> None:
        answer = await self.context.choose(
            f"Make a key pair in {self.slot.name}, sign with it, and remove it again?",
            [
                ("In the session it leaves nothing behind, whatever happens. Stored on", ""),
                ("the token for that moment, it shows that the token can store keys.", ""),
            ],
            [
                DialogChoice("session", "s", "In the session"),
                DialogChoice("token", "t", "On the token"),
                DialogChoice("back", "b", "Back"),
            ],
        )
        if answer not in {"session", "token"}:
            raise FlowCancelled
        slot = self.slot
        made = await with_user_pin(
            self.context,
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
    """The list in order, with its certificates read: here, away from the screen."""
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
