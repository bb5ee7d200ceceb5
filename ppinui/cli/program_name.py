"""The program's name as the user can call it again, and commands in messages that can be pasted."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Final

from ppinui.cli.command_registry import BY_NAME

# Messages call the program ppinui, as the rooms do not know how it was started. The words behind it
# distinguish a command from the mere name.
_COMMAND: Final = re.compile(
    r"(?<![\w/.@-])(?P<sudo>sudo )?ppinui "
    rf"(?=-c |(?P<reads>(?:--test|-[laurpx])\b)|--\w|(?P<name>{'|'.join(BY_NAME)})\b)"
)
_AS_MODULE: Final = shlex.join([sys.executable, "-m", "ppinui"])


def rewrite_commands(text: str, config: str | None = None, *, started_as: Path | None = None) -> str:
    """Return a message in which each ``ppinui COMMAND`` can be pasted, with ``-c`` as it was given.

    ``config`` is the file behind ``-c``, ``started_as`` the file that was started (None: this process's).
    Behind ``sudo`` the program has its path in full, as root's search path is another one.
    """
    program = started_as or Path(sys.argv[0])

    def called(found: re.Match[str]) -> str:
        words = f"sudo {_in_full(program)} " if found["sudo"] else f"{program_name(program)} "
        uses_config = BY_NAME[found["name"]].uses_config if found["name"] else found["reads"]
        return words + (f"-c {shlex.quote(config)} " if config and uses_config else "")

    return _COMMAND.sub(called, text)


def program_name(started_as: Path, *, here: Path | None = None, search: str | None = None) -> str:
    """How the user can call this program again, as words for a shell.

    ``started_as`` is the file that was started, ``here`` the working folder and ``search`` the folders in
    which the shell looks for commands (None: those of the process).
    """
    if started_as.name == "__main__.py":
        return _AS_MODULE
    import shutil  # takes 5 ms, which no command but one with an error has to spend

    found = shutil.which(started_as.name, path=search)
    if found is not None and Path(found).resolve() == started_as.resolve():
        return started_as.name
    here = here or Path.cwd()
    if started_as.is_relative_to(here):
        started_as = started_as.relative_to(here)
    return shlex.quote(os.fspath(started_as))


def _in_full(started_as: Path) -> str:
    if started_as.name == "__main__.py":
        return _AS_MODULE
    import shutil

    return shlex.quote(os.path.abspath(shutil.which(started_as) or started_as))
