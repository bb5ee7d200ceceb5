"""What a save of a configuration did, for people."""

from __future__ import annotations

import contextlib
import os
import shlex

from ppinui.cli.console import say
from ppinui.config.config_save import SaveReport
from ppinui.errors import PpinuiError
from ppinui.provider.library import find_module, processes_using
from ppinui.text import printable


def say_saved(report: SaveReport, *, then: str = "", lost: str = "") -> None:
    """Say which file was saved, and where the old one is.

    ``then`` is added to the first line; ``lost`` is the secret that is left in the old file alone ("" for
    none), such as "the old password".
    """
    say(f"saved {printable(str(report.path))}{then}")
    if report.backup is not None:
        say(f"the file as it was before: {printable(str(report.backup))}")
    for note in report.notes:
        say(printable(note))
    if report.backup is not None and lost:
        say(f"{lost} is in clear text in {printable(str(report.backup))}")
        say(f"    fix: once all works, shred -u {printable(shlex.quote(str(report.backup)))}")


def say_processes() -> None:
    """Say who goes on with the old configuration: it is read once, when the library is initialised."""
    library = None
    with contextlib.suppress(PpinuiError):  # none is found here: applications may have their own
        library = find_module().path
    users = processes_using(library)
    if users.processes:
        names = ", ".join(f"{printable(process.name)} (pid {process.pid})" for process in users.processes)
        say(f"these go on with the old configuration until they are restarted: {names}")
    if users.unseen and os.geteuid() != 0:
        say(f"of {users.unseen} processes of others this account cannot see what they use; root can")
