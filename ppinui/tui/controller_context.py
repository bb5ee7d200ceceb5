"""What controllers get in place of the app: its options, what is edited, and how to talk to the user."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from ppinui.config.primus_config import read
from ppinui.errors import PpinuiError
from ppinui.tui.line_states import LineStates

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message
    from textual.screen import Screen
    from textual.timer import Timer

    from ppinui.config.primus_config import PrimusConfig
    from ppinui.editing.edits import Edit
    from ppinui.editing.session import Opened, Session
    from ppinui.editing.tree_model import Line
    from ppinui.tui.dialogs.choice_dialog import DialogChoice
    from ppinui.tui.options import AppOptions
    from ppinui.tui.widgets.virtual_list import Piece

Result = TypeVar("Result")


class MainView(Protocol):
    """The main screen, as far as controllers and flows use it."""

    @property
    def selected(self) -> Line:
        """What is selected in the tree."""

    @property
    def place(self) -> str:
        """The path of the setting with the focus, else of what is selected."""

    def take_typed(self) -> bool:
        """Accept what is typed in the form; False (and it says why) where that is not allowed."""

    def apply(self, edit: Edit, select: str | None = None) -> None:
        """Make an edit and show it. Raises PpinuiError where it cannot be made."""

    def show_document(self, select: str | None = None) -> None:
        """Show the document as it is now, with the cursor at a path (None: where it is)."""

    def go_to(self, path: str) -> None:
        """Put the cursor of the tree on an HSM or a slot."""

    def path_beside(self, path: str) -> str:
        """The line that gets the cursor when the one with this path is deleted."""


class ControllerContext:
    """The app without its controllers."""

    def __init__(self, app: App[None], options: AppOptions) -> None:
        self._app = app
        self.options = options
        self.opened: Opened | None = None
        """The configuration as it was read; None while it has an error in its syntax."""
        self._config: PrimusConfig | None = None
        self.states = LineStates()
        """What is known of each line of the tree."""
        self.activity = ""
        """What goes on besides editing, for the head of the screen."""
        self._view: MainView | None = None
        self._session: Session | None = None

    def use(self, opened: Opened) -> None:
        """Edit this configuration from now on."""
        self.opened = opened
        self._config = read(opened.document)

    @property
    def config(self) -> PrimusConfig:
        """The configuration as it is edited, with types."""
        assert self._config is not None
        return self._config

    @property
    def session(self) -> Session:
        """What is edited. The first screen does not need it."""
        if self._session is None:
            from ppinui.editing.session import Session

            assert self.opened is not None
            self._session = Session(self.opened, state=self.options.state, tracer=self.options.context.audit)
        return self._session

    @property
    def view(self) -> MainView:
        """The main screen; there is one as soon as a configuration is open."""
        assert self._view is not None
        return self._view

    @view.setter
    def view(self, view: MainView) -> None:
        self._view = view

    # -- the user ------------------------------------------------------------------------------------------

    async def ask(self, dialog: Screen[Result]) -> Result:
        """Open a dialog, and wait for its answer."""
        answer: Result = await self._app.push_screen_wait(dialog)
        return answer

    async def choose(self, title: str, lines: Sequence[Piece], answers: Sequence[DialogChoice] = ()) -> str:
        """Open a question (without answers there is OK alone); returns the answer's value, "" for escape."""
        from ppinui.tui.dialogs.choice_dialog import ChoiceDialog

        return await self.ask(ChoiceDialog(title, lines, answers))

    def open_dialog(self, dialog: Screen[Result], callback: Callable[[Result | None], None]) -> None:
        """Open a dialog; its answer goes to ``callback``."""
        self._app.push_screen(dialog, callback)

    def show_error(self, error: PpinuiError) -> None:
        """Open a dialog with an error, and do not wait for it."""
        from ppinui.tui.dialogs.choice_dialog import error_dialog

        self._app.push_screen(error_dialog(error))

    def notify(self, text: str, *, severity: Literal["information", "warning"] = "information") -> None:
        """Show a text for a few seconds."""
        self._app.notify(text, severity=severity, markup=False)

    def broadcast(self, make: Callable[[], Message]) -> None:
        """Send a message to every screen that is open; each gets one of its own."""
        for screen in self._app.screen_stack:
            screen.post_message(make())

    def request(self, message: Message) -> None:
        """Send a message to the app."""
        self._app.post_message(message)

    def suspend(self) -> AbstractContextManager[None]:
        """The terminal belongs to another program meanwhile."""
        return self._app.suspend()

    # -- what takes time -----------------------------------------------------------------------------------

    def start_flow(self, flow: Coroutine[Any, Any, object], group: str) -> None:
        """Run something that asks questions and waits for answers; one of each group at a time."""

        async def run() -> None:
            try:
                await flow
            except PpinuiError as error:
                self.show_error(error)

        self._app.run_worker(run(), exclusive=True, group=group)

    def run_worker(self, work: Coroutine[Any, Any, object], group: str) -> None:
        """Run something beside what else is run in this group."""
        self._app.run_worker(work, group=group)

    def after(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call something once."""
        return self._app.set_timer(seconds, callback)

    def every(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call something again and again."""
        return self._app.set_interval(seconds, callback)

    def call_from_thread(self, callback: Callable[[], object]) -> None:
        """Call something in the screen's thread, from another one."""
        self._app.call_from_thread(callback)
