"""The app: one configuration, its session, and the way from keys to what they do."""

from __future__ import annotations

import asyncio
import gc
import signal
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from ppinui.editing.opened_file import Opened, open_file
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.tui.background import off_screen
from ppinui.tui.options import Setup
from ppinui.tui.screens.main_screen import MainScreen
from ppinui.tui.widgets.list_view import Piece

if TYPE_CHECKING:
    from ppinui.editing.result_history import Progress
    from ppinui.editing.session import Session
    from ppinui.tui.controllers.probe_controller import Tester
    from ppinui.tui.controllers.secrets_controller import Keeper
    from ppinui.tui.controllers.token_controller import Reach
    from ppinui.tui.disk_watch import DiskWatch

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

    def __init__(self, setup: Setup) -> None:
        """Reads the configuration. Raises PpinuiError where it cannot be read, syntax errors excepted."""
        super().__init__()
        self.add_mode(self.DEFAULT_MODE, self._first_screen)
        self.setup = setup
        self.opened: Opened | None = None
        """The configuration as it was read; None while it has an error in its syntax."""
        with suppress(ConfigSyntaxError):
            self.opened = open_file(setup.configuration) if setup.is_there else None
        self.main: MainScreen
        self.activity = ""
        """What goes on besides editing, for the head of the screen."""

    @cached_property
    def session(self) -> Session:
        """What is edited. The first screen does not need it."""
        from ppinui.editing.session import Session

        assert self.opened is not None
        return Session(self.opened, state=self.setup.state, tracer=self.setup.tracer)

    @cached_property
    def disk_watch(self) -> DiskWatch:
        """Whether the file is still as it was read."""
        from ppinui.tui.disk_watch import DiskWatch

        return DiskWatch(self)

    @cached_property
    def tester(self) -> Tester:
        """The tests of this app."""
        from ppinui.tui.controllers.probe_controller import Tester

        return Tester(self)

    @cached_property
    def keeper(self) -> Keeper:
        """The secrets, as far as this app knows of them."""
        from ppinui.tui.controllers.secrets_controller import Keeper

        return Keeper(self, self.setup.keyring)

    @cached_property
    def reach(self) -> Reach:
        """The tokens that this app can reach."""
        from ppinui.tui.controllers.token_controller import Reach

        return Reach(self)

    def on_mount(self) -> None:
        """Open the main screen, and whatever a session before has left."""
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self._end_by, number)
        if self.opened is not None:
            self.call_after_refresh(self.call_later, self._begin)
        else:
            gc.enable()

    def _first_screen(self) -> Screen[Any]:
        if self.opened is not None:
            self.main = MainScreen(self, self.opened)
            return self.main
        if not self.setup.is_there:
            from ppinui.tui.screens.welcome_screen import KindsScreen

            return KindsScreen(self)
        from ppinui.editing.repair import Mending
        from ppinui.tui.screens.repair_screen import MendingScreen

        return MendingScreen(self, Mending(self.setup.configuration, tracer=self.setup.tracer))

    def open(self, opened: Opened) -> None:
        """Open the main screen on a configuration that could not be read before."""
        self.opened = opened
        self.add_mode("mended", self._first_screen)
        self.switch_mode("mended")
        self.call_after_refresh(self.call_later, self._begin)

    async def _begin(self) -> None:
        """What can wait until the first screen is seen."""
        gc.freeze()  # the configuration stays; it need not be looked through again and again
        gc.enable()
        await self.main.begin()
        self.set_interval(self.setup.look_every, self._look_at_disk)
        self.in_flow(self._offer_what_was_left(), "recovery")
        self.keeper.look_soon()

    def _look_at_disk(self) -> None:
        self.run_worker(self.disk_watch.look(), group="watch")

    def on_app_focus(self) -> None:
        """Somebody is back at this terminal, and may have been at the file or the keyring elsewhere."""
        if "disk_watch" in self.__dict__:
            self._look_at_disk()
        if "keeper" in self.__dict__:
            self.keeper.look_again()

    def config_changed(self) -> None:
        """There is another configuration on the screen."""
        if "tester" in self.__dict__:
            self.tester.config_changed()
        if "keeper" in self.__dict__:
            self.keeper.config_changed()

    def show_progress(self, progress: Progress) -> None:
        """Show the state of a test where somebody looks."""
        from ppinui.tui.screens.probe_screen import TestScreen

        if isinstance(self.screen, TestScreen):
            self.screen.show(progress)

    def on_unmount(self) -> None:
        """The signals are nobody's any more."""
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.remove_signal_handler(number)
        if "keeper" in self.__dict__:
            self.keeper.leave()

    def leave(self, code: int = 0, *, message: str | None = None) -> None:
        """End the app, and a test that is on; ``message`` is for the terminal that one comes back to."""
        if "tester" in self.__dict__:
            self.tester.cancel()
        self.exit(return_code=code, message=message)

    def _end_by(self, number: int) -> None:
        """The connection is lost, or somebody wants an end: the journal has the edits."""
        self.leave(128 + number)

    # -- flows ---------------------------------------------------------------------------------------------

    def in_flow(self, flow: Coroutine[Any, Any, object], group: str) -> None:
        """Run something that asks questions and waits for answers; one of each group at a time."""

        async def run() -> None:
            try:
                await flow
            except PpinuiError as error:
                from ppinui.tui.dialogs.choice_dialog import error_question

                self.push_screen(error_question(error))

        self.run_worker(run(), exclusive=True, group=group)

    async def _offer_what_was_left(self) -> None:
        for left in await off_screen(self.session.find_left):
            from ppinui.tui.dialogs.choice_dialog import Answer, Question

            lines: list[Piece] = [(f"  {edit.words}", "") for edit in left.edits]
            answer = await self.push_screen_wait(
                Question(
                    "A session before this one ended without saving. Put its edits on the file again?",
                    lines,
                    [
                        Answer("restore", "p", "Put them on"),
                        Answer("discard", "d", "Discard them"),
                        Answer("later", "l", "Later"),
                    ],
                )
            )
            if answer == "restore":
                notes = self.session.restore(left)
                self.main.show_document()
                if notes:
                    said: list[Piece] = [(note, "") for note in notes]
                    await self.push_screen_wait(
                        Question("Put on, with something to know", said, [Answer("ok", "o", "OK")])
                    )
            elif answer == "discard":
                self.session.discard(left)

    # -- actions -------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Show the change, then save."""
        from ppinui.tui.flows import save_flow

        self.in_flow(save_flow.save(self), "flow")

    def action_settle(self) -> None:
        """Say what is to become of a file that somebody else has changed."""
        from ppinui.tui.flows import save_flow

        self.in_flow(save_flow.settle(self), "flow")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now is offered."""
        if action == "settle":
            return "disk_watch" in self.__dict__ and self.disk_watch.is_other
        return super().check_action(action, parameters)

    async def action_quit(self) -> None:
        """Leave, asking where something is not saved."""
        if "reach" in self.__dict__ and self.reach.is_changing:
            self.notify(f"Wait: {self.reach.doing}.", markup=False)
            return
        from ppinui.tui.flows import save_flow

        self.in_flow(save_flow.quit_app(self), "flow")

    def action_secrets(self) -> None:
        """Open the secrets screen."""
        from ppinui.tui.screens.secrets_screen import SecretsScreen

        path = self.main.selected.path
        slot = next((one for one in self.main.config.slots if one.path == path), None)
        self.push_screen(SecretsScreen(self, (slot.user_name if slot is not None else "") or ""))

    def test_user(self, name: str, *, login: bool) -> None:
        """Test the slots of a partition or service user, on the test screen."""
        from ppinui.tui.controllers.probe_controller import Wish
        from ppinui.tui.screens.probe_screen import TestScreen

        slots = [one.path for one in self.main.config.slots if name in (one.user_name, one.proxy_user)]
        self.push_screen(TestScreen(self))
        self.in_flow(self.tester.run(Wish(frozenset(slots), name, login)), "test")

    def set_up(self, kind: str) -> None:
        """Open the walkthrough of a kind of set-up."""
        from ppinui.tui.flows.setup_flow import set_up

        self.in_flow(set_up(self, kind), "set-up")

    def action_test(self) -> None:
        """Open the test screen."""
        from ppinui.tui.screens.probe_screen import TestScreen

        self.push_screen(TestScreen(self))

    def action_tokens(self) -> None:
        """Open the tokens screen; it needs no configuration."""
        from ppinui.tui.screens.tokens_screen import TokensScreen

        self.push_screen(TokensScreen(self))

    def action_explain(self) -> None:
        """Explain what is under the cursor."""
        from ppinui.tui.screens.help_screen import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.screen))

    def action_text(self) -> None:
        """The file as text, then the change, then neither."""
        self.main.next_view()

    def action_edit_text(self) -> None:
        """Open all of it in the user's own editor."""
        from ppinui.tui.flows import text_edit_flow

        self.in_flow(text_edit_flow.edit_text(self), "flow")

    def action_add(self) -> None:
        """Add an HSM or a slot."""
        from ppinui.tui.flows import edit_flow

        self.in_flow(edit_flow.add(self), "flow")

    def action_duplicate(self) -> None:
        """Copy an HSM or a slot."""
        from ppinui.tui.flows import edit_flow

        self.in_flow(edit_flow.duplicate(self), "flow")

    def action_rename(self) -> None:
        """Rename an HSM or a slot."""
        from ppinui.tui.flows import edit_flow

        self.in_flow(edit_flow.rename(self), "flow")

    def action_delete(self) -> None:
        """Delete an HSM or a slot."""
        from ppinui.tui.flows import edit_flow

        self.in_flow(edit_flow.delete(self), "flow")

    def action_undo(self) -> None:
        """Take back what is being typed, else the last edit."""
        if self.main.give_up_typed():
            return
        left = self.session.undo()
        if left is None:
            self.notify("There is nothing to undo.")
        else:
            self.main.show_document(left.path or None)
            self.notify(f"Undone: {left.words}", markup=False)

    def action_redo(self) -> None:
        """Do again what was undone."""
        state = self.session.redo()
        if state is None:
            self.notify("There is nothing to do again.")
        else:
            self.main.show_document(state.path or None)
            self.notify(f"Done again: {state.words}", markup=False)

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
