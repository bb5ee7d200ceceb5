"""The app: builds the context and the screens, and opens what is requested by messages."""

from __future__ import annotations

import asyncio
import gc
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from ppinui.editing.session import open_file
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.messages import FileOpened, ProbeRequested, SetupRequested
from ppinui.tui.options import AppOptions
from ppinui.tui.screens.main_screen import MainScreen

# What the first screen does not need is imported where it is: people wait for that screen.

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def _actions() -> type[Provider]:
    from ppinui.tui.palette import ActionsProvider

    return ActionsProvider


def _places() -> type[Provider]:
    from ppinui.tui.palette import PlacesProvider

    return PlacesProvider


class PpinuiApp(App[None]):
    """The admin console on a screen."""

    TITLE = "ppinui"
    # The first screen is the lowest one: with Textual's own empty one below it there would be two to style.
    DEFAULT_MODE = "editing"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f9"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_actions, _places}
    CSS = """
    ToastRack { margin-bottom: 3; } /* the keys stay in sight */
    Toast { padding: 0 1; max-width: 75%; }
    CommandPalette SearchIcon { display: none; } /* a picture that many terminals do not have */
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f1,question_mark", "explain", "Help", id="app.help", tooltip="Explain what is under the cursor"
        ),
        Binding(
            "f10,q,ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave; asks where something is unsaved"
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        """Reads the configuration. Raises PpinuiError where it cannot be read, syntax errors excepted."""
        super().__init__()
        self.add_mode(self.DEFAULT_MODE, self._first_screen)
        self.context = AppContext(self, options)
        self._main: MainScreen | None = None
        with suppress(ConfigSyntaxError):
            if options.is_there:
                self.context.use(open_file(options.configuration))

    def _first_screen(self) -> Screen[Any]:
        options = self.context.options
        if self.context.opened is not None:
            self.context.view = self._main = MainScreen(self.context, self.context.opened.path, self.size)
            return self._main
        if not options.is_there:
            from ppinui.tui.screens.welcome_screen import WelcomeScreen

            return WelcomeScreen(self.context)
        from ppinui.editing.repair import BrokenFile
        from ppinui.tui.screens.repair_screen import RepairScreen

        return RepairScreen(self.context, BrokenFile(options.configuration, tracer=options.context.audit))

    # -- from start to end ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self._end_by, number)
        if self.context.opened is not None:
            self.call_after_refresh(self.call_later, self._begin)
        else:
            gc.enable()

    def on_file_opened(self, event: FileOpened) -> None:
        self.context.use(event.opened)
        self.add_mode("mended", self._first_screen)
        self.switch_mode("mended")
        self.call_after_refresh(self.call_later, self._begin)

    async def _begin(self) -> None:
        """What can wait until the first screen is seen."""
        gc.freeze()  # the configuration stays; it need not be looked through again and again
        gc.enable()
        assert self._main is not None
        await self._main.begin()
        self.set_interval(self.context.options.look_every, self.context.look_at_disk)
        self.context.start_flow(self._offer_unsaved(), "recovery")
        self.context.secrets.refresh_soon()

    async def _offer_unsaved(self) -> None:
        for left in await run_in_thread(self.context.session.find_unsaved):
            from ppinui.tui.flows import save_flow

            await save_flow.offer_unsaved(self.context, left)

    def on_app_focus(self) -> None:
        self.context.focus_returned()

    def on_unmount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.remove_signal_handler(number)
        self.context.close()

    def _end_by(self, number: int) -> None:
        """The connection is lost, or the process is to end: the journal has the edits."""
        self.context.leave(128 + number)

    # -- what is opened ------------------------------------------------------------------------------------

    def on_probe_requested(self, event: ProbeRequested) -> None:
        from ppinui.tui.controllers.probe_controller import ProbeRequest
        from ppinui.tui.screens.probe_screen import ProbeScreen

        name = event.user
        slots = [one.path for one in self.context.config.slots if name in (one.user_name, one.proxy_user)]
        self.push_screen(ProbeScreen(self.context))
        request = ProbeRequest(frozenset(slots), name, event.login)
        self.context.start_flow(self.context.probes.run(request), "test")

    def on_setup_requested(self, event: SetupRequested) -> None:
        from ppinui.tui.flows.setup_flow import set_up
        from ppinui.tui.screens.setup_screen import SetupScreen

        self.context.start_flow(
            set_up(self.context, event.kind, lambda setup: SetupScreen(self.context, setup)), "set-up"
        )

    def action_tokens(self) -> None:
        """Open the tokens screen, which needs no configuration."""
        from ppinui.tui.screens.tokens_screen import TokensScreen

        self.push_screen(TokensScreen(self.context))

    def action_explain(self) -> None:
        from ppinui.tui.screens.help_screen import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    async def action_quit(self) -> None:
        """Leave, and ask where something is not saved."""
        if doing := self.context.token_change:
            self.context.notify(f"Wait: {doing}.")
            return
        from ppinui.tui.flows import save_flow

        self.context.start_flow(save_flow.quit_app(self.context), "flow")

    # -- crashes -------------------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """A crash shows where it happened, and nothing of what was in the variables: there may be secrets."""
        self.bell()
        self._exit_renderables.append(Text(crash_report(self._exception)))
        self._close_messages_no_wait()

    def panic(self, *_: object) -> None:
        """The same for errors that would render themselves."""
        self._fatal_error()


def crash_report(error: BaseException | None) -> str:
    """The places that led to an error and its type, without variables and without its text."""
    lines = ["ppinui has crashed. This is a bug; what was edited is offered again at the next start.", ""]
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = getattr(error, "error", None) or error.__cause__
    return "\n".join(lines)
