"""The first start: there is no primus.cfg yet, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from ppinui.setup.kinds import KINDS
from ppinui.setup.progress import interrupted
from ppinui.text import shortened
from ppinui.tui.app_context import AppContext
from ppinui.tui.messages import SetupRequested
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.virtual_list import ItemList, Piece, VirtualList

_NAME = 32


@dataclass(frozen=True)
class _Way:
    """One line: a kind of set-up, the demo, or the end."""

    name: str
    title: str
    words: str


class WelcomeList(ItemList[_Way]):
    """The ways on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose", id="welcome.choose", tooltip="Begin what is under the cursor"),
    ]

    def row(self, index: int, width: int) -> Sequence[Piece]:
        way = self.items[index]
        title = set_cell_size(f"{shortened(way.title, _NAME - 1)} ", _NAME)
        return [(title, "strong"), (shortened(way.words, width - _NAME), "")]


class WelcomeScreen(Screen[None]):
    """Says that there is no configuration, and offers the set-ups."""

    CSS_PATH = "welcome_screen.tcss"
    AUTO_FOCUS = "#welcome-list"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12,k", "app.tokens", "Tokens", id="app.tokens", tooltip="Slots, PINs and keys of any HSM"),
        Binding(
            "f10,q,ctrl+q,escape", "leave", "Quit", id="welcome.quit", tooltip="Leave; nothing is changed"
        ),
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context

    def compose(self) -> ComposeResult:
        path = plain(str(self.context.options.configuration))
        yield Static(Content("There is no primus.cfg yet. What do you want to set up?"), id="welcome-head")
        yield Static(
            Content(f"It will be {path} ({self.context.options.rule})."), id="welcome-where", markup=False
        )
        yield WelcomeList(self._ways(), id="welcome-list")
        yield Static(id="welcome-words", markup=False)
        yield KeyBar()

    def on_screen_resume(self) -> None:
        """A set-up may have been left meanwhile."""
        self.query_one(WelcomeList).show(self._ways())

    def _ways(self) -> list[_Way]:
        left = set(interrupted(self.context.options.state))
        ways = [
            _Way(kind.name, kind.title, f"{'(goes on) ' if kind.name in left else ''}{kind.summary}")
            for kind in KINDS
        ]
        return [
            *ways,
            _Way("demo", "Demo", "look around without an HSM (ppinui demo)"),
            _Way("quit", "Quit", "leave everything as it is"),
        ]

    def on_virtual_list_moved(self, event: VirtualList.Moved) -> None:
        way = self.query_one(WelcomeList).items[event.index]
        self.query_one("#welcome-words", Static).update(Content(f"{way.title}: {way.words}"))

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        match self.query_one(WelcomeList).items[event.index].name:
            case "demo":
                self.context.leave(message=f"Run: {self.context.options.called('ppinui demo')}")
            case "quit":
                self.context.leave()
            case kind:
                self.context.request(SetupRequested(kind))

    def action_leave(self) -> None:
        self.context.leave()
