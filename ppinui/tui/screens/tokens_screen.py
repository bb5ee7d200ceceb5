"""The tokens screen: every slot of a PKCS#11 module, what is in it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from ppinui.errors import PpinuiError
from ppinui.pkcs11.token_flags import warnings_of
from ppinui.text import plural, shortened
from ppinui.tokens.description import slot_lines, slot_words
from ppinui.tokens.pins import token_of
from ppinui.tokens.slot import SlotList, Token, TokenSlot
from ppinui.tokens.token_errors import TokenError
from ppinui.tui.app_context import AppContext
from ppinui.tui.controllers.token_controller import FlowCancelled, TokenController
from ppinui.tui.dialogs.form_dialog import ask_path
from ppinui.tui.flows import token_flow
from ppinui.tui.messages import ModuleBusy, SlotChanged
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.column_table import Column, ColumnTable, TableHead
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_USUAL: Final = {"initialised", "user PIN set", "login required"}
"""What is normal, and not worth a word in the table."""


def _state_of(slot: TokenSlot) -> Piece:
    """The state of a slot, in a word or two; what it is, for its colour."""
    if slot.failure is not None:
        return (f"✗ {slot.failure.name}", "error")
    if slot.token is None:
        return ("empty", "faint")
    if not slot.token.is_initialised:
        return ("not initialised", "warning")
    if warnings := warnings_of(slot.token.flags):
        return (f"! {warnings[-1]}", "warning")
    special = [words for words in slot.token.words if words not in _USUAL]
    return (f"! {special[0]}", "warning") if special else ("ready", "good")


_COLUMNS: Final = (
    Column[TokenSlot]("slot", 10, lambda slot: str(slot.id), right=True),
    Column[TokenSlot]("label", 22, lambda slot: slot.token.label if slot.token else "", "strong", wide=32),
    Column[TokenSlot]("model", 16, lambda slot: slot.token.model if slot.token else ""),
    Column[TokenSlot]("serial", 16, lambda slot: slot.token.serial if slot.token else "", only_wide=True),
    Column[TokenSlot]("state", 0, _state_of),
)


class SlotTable(ColumnTable[TokenSlot]):
    """A line for each slot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Objects", id="rows.choose", tooltip="The keys and certificates on it"),
    ]


def _summary(found: SlotList) -> str:
    number = len(found.slots)
    failed = f", {found.failures} failed" if found.failures else ""
    library = found.library
    return (
        f"{plural(number, 'slot')}{failed} of {found.module}: "
        f"{library.description} {library.version} by {library.manufacturer}"
    )


class SlotsRead(Message):
    """These slots are known so far."""

    def __init__(self, slots: tuple[TokenSlot, ...]) -> None:
        self.slots = slots
        super().__init__()


class TokensScreen(Screen[None]):
    """Slots and what is done with their tokens. Leaving ends a list that is on its way, and no change."""

    CSS_PATH = "tokens_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f12", "leave", "Back", id="tokens.back", tooltip="Back to where you were"),
        Binding("r,f5", "refresh", "Refresh", id="tokens.refresh", tooltip="Ask the module again"),
        Binding("m", "module", "Module", id="tokens.module", tooltip="Ask another PKCS#11 library"),
        Binding(
            "i", "initialise", "Initialise", id="tokens.init", tooltip="Erase it, and set label and PINs"
        ),
        Binding("p", "change", "Change PIN", id="tokens.change", tooltip="The user's or the SO's"),
        Binding("s", "set_pin", "Set user PIN", id="tokens.set-pin", tooltip="Anew, as security officer"),
        Binding("w", "well_known", "Well-known PIN?", id="tokens.check", tooltip="Who still has one?"),
        Binding("k", "keep", "Keep PIN", id="tokens.keep", tooltip="Keep its user PIN in the keyring"),
        Binding("x", "cancel", "Cancel", id="tokens.cancel", tooltip="End what the module is asked"),
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.found: SlotList | None = None

    def compose(self) -> ComposeResult:
        yield Static(" The module is being looked for …", id="tokens-what", markup=False)
        table = SlotTable(_COLUMNS, id="tokens-table", wide_from=100)
        yield TableHead(table)
        yield table
        yield TextView(id="tokens-details", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#tokens-table").focus()
        self.action_refresh()

    def on_resize(self) -> None:
        self._say_what()

    # -- showing -------------------------------------------------------------------------------------------

    @property
    def table(self) -> SlotTable:
        return self.query_one("#tokens-table", SlotTable)

    @property
    def tokens(self) -> TokenController:
        return self.context.tokens

    def on_module_busy(self, _: ModuleBusy) -> None:
        self._say_what()
        self.refresh_bindings()

    def on_virtual_list_moved(self, _: VirtualList.Moved) -> None:
        self._show_details()

    def on_virtual_list_chosen(self, _: VirtualList.Chosen) -> None:
        self.action_objects()

    def _say_what(self) -> None:
        if self.tokens.doing:
            words = f"… {self.tokens.doing} (x cancels)"
        elif self.found is not None:
            words = _summary(self.found)
        else:
            words = "No slots are known. r asks the module, m names another one"
        shown = shortened(plain(words), self.size.width - 2)
        self.query_one("#tokens-what", Static).update(f" {shown}")

    def _show_details(self) -> None:
        slot = self.table.selected
        lines: list[Piece] = []
        if slot is not None:
            lines = [(slot_words(slot), "strong"), *((line, "") for line in slot_lines(slot))]
        self.query_one("#tokens-details", TextView).show(lines)

    # -- listing -------------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        self.tokens.flow(self._list())

    async def _list(self) -> None:
        known: list[TokenSlot] = []
        before = self.found

        def hear(slot: TokenSlot) -> None:
            known.append(slot)
            if before is None:  # else what was known stays until all of it is known anew
                self.post_message(SlotsRead(tuple(known)))

        list_slots = self.context.options.list_slots
        self.found = await self.tokens.ask(
            "asking the slots", lambda access: list_slots(access, on_slot=hear)
        )
        self._show(self.found.slots)
        self._say_what()

    def on_slots_read(self, event: SlotsRead) -> None:
        if self.found is None:
            self._show(event.slots)

    def _show(self, slots: Iterable[TokenSlot]) -> None:
        here = self.table.selected
        self.table.show(slots)
        if here is not None:
            self._go_to_slot(here.id)
        self._show_details()

    def _go_to_slot(self, slot_id: int) -> None:
        self.table.go_to_first(lambda slot: slot.id == slot_id)

    def action_module(self) -> None:
        self.tokens.flow(self._choose_module())

    async def _choose_module(self) -> None:
        title, hint = "Which PKCS#11 library shall be asked?", "/usr/lib/softhsm/libsofthsm2.so"
        path = await ask_path(self.context.ask, title, "its file", self.tokens.module, hint)
        if path is None:
            raise FlowCancelled
        self.tokens.module = path.absolute()
        self.found = None
        self._show(())
        await self._list()

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

    def action_objects(self) -> None:
        from ppinui.tui.screens.objects_screen import ObjectsScreen

        slot = self.table.selected
        if slot is None:
            return
        try:
            token_of(slot, self.tokens.module)
        except PpinuiError as error:
            self.context.show_error(error)
        else:
            self.app.push_screen(ObjectsScreen(self.context, slot))

    def action_initialise(self) -> None:

        async def run(slot: TokenSlot) -> None:
            made = await token_flow.initialise_token(self.context, slot)
            await self._list()
            self._go_to_slot(made.id)

        self._with_token(run)

    def action_change(self) -> None:
        self._change(token_flow.change_a_pin)

    def action_set_pin(self) -> None:
        self._change(token_flow.set_user_pin)

    def _change(self, change: Callable[[AppContext, TokenSlot], Awaitable[Token]]) -> None:
        async def run(slot: TokenSlot) -> None:
            self._put([replace(slot, token=await change(self.context, slot))])

        self._with_token(run)

    def action_well_known(self) -> None:

        async def run(slot: TokenSlot) -> None:
            self._put(await token_flow.find_well_known_pin(self.context, slot, self.table.items))

        self._with_token(run)

    def action_keep(self) -> None:
        self._with_token(lambda slot: token_flow.keep_a_pin(self.context, slot))

    def _with_token(self, action: Callable[[TokenSlot], Awaitable[None]]) -> None:
        """Do something with the slot of the cursor; where it fails, its flags are seen."""
        slot = self.table.selected
        if slot is None:
            self.notify("There is no slot here.")
        else:
            self.tokens.flow(self._acting(action, slot))

    async def _acting(self, action: Callable[[TokenSlot], Awaitable[None]], slot: TokenSlot) -> None:
        try:
            await action(slot)
        except TokenError as error:
            self.tokens.saw(slot, error.flags)
            raise

    def on_slot_changed(self, event: SlotChanged) -> None:
        """Here, or on the screen of its objects."""
        self._put([event.slot])

    def _put(self, changed: Sequence[TokenSlot]) -> None:
        """These slots are otherwise now."""
        others = {slot.id: slot for slot in changed}
        self._show([others.get(slot.id, slot) for slot in self.table.items])
