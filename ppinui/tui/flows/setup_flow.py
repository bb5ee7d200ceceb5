"""Set-ups from the app: opening the walkthrough of a kind, and what is on the screen when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ppinui.editing.file_watch import OnDisk
from ppinui.editing.opened_file import open_file
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.services.context import Context
from ppinui.services.keyring_processes import KeyringProcesses
from ppinui.setup.engine import Walk
from ppinui.setup.kinds import kind_named
from ppinui.setup.walkthrough import Kind
from ppinui.tui.background import off_screen
from ppinui.tui.controllers.setup_controller import Walking
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.flows.save_flow import quit_app
from ppinui.tui.screens.setup_screen import WalkthroughScreen

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_NAMED: Final = "-c"
"""The rule by which the configuration was found when somebody has named it."""


async def set_up(app: PpinuiApp, name: str) -> None:
    """Go through the set-up of a kind, or on with it where it was left. Raises PpinuiError."""
    kind = kind_named(name)
    context = _context(app, kind)
    walk = await off_screen(lambda: Walk(kind, context))
    walking = Walking(walk, context.close)
    if walk.resumed:
        answer = await app.push_screen_wait(
            Question(
                f"{kind.title} was left at '{walk.step.title}'",
                [("What you had answered is kept.", "")],
                [Answer("on", "g", "Go on there"), Answer("anew", "b", "Begin anew")],
            )
        )
        if not answer:
            return
        if answer == "anew":
            await walking.begin_anew()
    finished = await app.push_screen_wait(WalkthroughScreen(app, walking))
    if not finished:
        app.notify(how_to_go_on(app, walking), markup=False)
    if app.opened is not None:
        await _read_again(app)
    elif finished and kind.makes_primus_cfg and (location := context.location(must_exist=False)).exists:
        app.open(await off_screen(lambda: open_file(location.path)))


async def quit_from(screen: WalkthroughScreen) -> None:
    """Leave the app from within a walkthrough."""
    await screen.stepping.take_typed()
    await quit_app(screen.desk, message=how_to_go_on(screen.desk, screen.walking))


def how_to_go_on(app: PpinuiApp, walking: Walking) -> str:
    """What is said to somebody who leaves."""
    if walking.unkept:
        return walking.unkept
    command = app.setup.called(f"ppinui setup {walking.kind.name}")
    return f"Your answers are kept, without any password. Go on here or with: {command}"


def _context(app: PpinuiApp, kind: Kind) -> Context:
    setup = app.setup
    choice = setup.keyring
    is_named = setup.rule == _NAMED and kind.makes_primus_cfg

    def open_keyrings(context: Context) -> KeyringProcesses:
        named = choice if isinstance(choice, KeyringChoice) else context.keyring_choice
        return KeyringProcesses(named, environ=context.environ, person=app.keeper)

    return Context(
        setup.keyring_environ,
        config=str(setup.configuration) if is_named else None,
        secrets=None if setup.secrets_file is None else str(setup.secrets_file),
        timeout=setup.timeout,
        host=setup.host,
        audit=setup.tracer,
        open_keyrings=open_keyrings,
    )


async def _read_again(app: PpinuiApp) -> None:
    """Show the configuration as it is on the disk now, and look for the secrets."""
    session = app.session
    disk = await off_screen(session.look_at_disk)
    if disk.state is OnDisk.CHANGED and disk.document is not None:
        if session.unsaved:
            app.notify("The file has been changed by the set-up. Saving asks whose change it shall be.")
        else:
            session.take_theirs(disk)
            app.main.show_document()
    app.keeper.look_again()
