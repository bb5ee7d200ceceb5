"""Set-ups from the app: opening the walkthrough of a kind, and what is on the screen when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from textual.screen import Screen

from ppinui.editing.file_watch import OnDisk
from ppinui.editing.session import open_file
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.services.context import Context
from ppinui.services.keyring_processes import KeyringProcesses
from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds import kind_named
from ppinui.setup.walkthrough import SetupKind
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.controllers.setup_thread import SetupThread
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.flows.save_flow import quit_app
from ppinui.tui.messages import FileOpened

_NAMED: Final = "-c"
"""The rule by which the configuration was found when the user has named it."""


async def set_up(context: AppContext, name: str, screen_for: Callable[[SetupThread], Screen[bool]]) -> None:
    """Go through the set-up of a kind, or on with it where it was left. Raises PpinuiError."""
    kind = kind_named(name)
    made = _setup_context(context, kind)
    walk = await run_in_thread(lambda: Walkthrough(kind, made))
    setup = SetupThread(walk, made.close)
    if walk.resumed:
        answer = await context.choose(
            f"{kind.title} was left at '{walk.step.title}'",
            [("What you had answered is kept.", "")],
            [DialogChoice("on", "g", "Go on there"), DialogChoice("anew", "b", "Begin anew")],
        )
        if not answer:
            return
        if answer == "anew":
            await setup.begin_anew()
    finished = await context.ask(screen_for(setup))
    if not finished:
        context.notify(how_to_go_on(context, setup))
    if context.opened is not None:
        await _read_again(context)
    elif finished and kind.makes_primus_cfg and (location := made.location(must_exist=False)).exists:
        context.request(FileOpened(await run_in_thread(lambda: open_file(location.path))))


async def quit_set_up(context: AppContext, setup: SetupThread) -> None:
    """Leave the app from within a walkthrough, whose answers are kept."""
    await quit_app(context, message=how_to_go_on(context, setup))


def how_to_go_on(context: AppContext, setup: SetupThread) -> str:
    """What is said to a user who leaves."""
    if setup.unkept:
        return setup.unkept
    command = context.options.called(f"ppinui setup {setup.kind.name}")
    return f"Your answers are kept, without any password. Go on here or with: {command}"


def _setup_context(context: AppContext, kind: SetupKind) -> Context:
    options, choice = context.options, context.options.keyring
    is_named = options.rule == _NAMED and kind.makes_primus_cfg

    def open_keyrings(made: Context) -> KeyringProcesses:
        named = choice if isinstance(choice, KeyringChoice) else made.keyring_choice
        return KeyringProcesses(named, environ=made.environ, person=context.secrets.keyring)

    config = str(options.configuration) if is_named else None
    return replace(options.context, config=config, open_keyrings=open_keyrings)


async def _read_again(context: AppContext) -> None:
    """Show the configuration as it is on the disk now, and look for the secrets."""
    session = context.session
    disk = await run_in_thread(session.look_at_disk)
    if disk.state is OnDisk.CHANGED and disk.document is not None:
        if session.unsaved:
            context.notify("The file has been changed by the set-up. Saving asks whose change it shall be.")
        else:
            session.take_theirs(disk)
            context.view.show_document()
    context.secrets.refresh()
