"""The user's own editor, on a private copy of a text, with the app out of its way."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.files.private_folder import PrivateFolder, memory_place
from ppinui.libconfig.includes import decode, encode
from ppinui.tui.background import run_in_thread

Suspend = Callable[[], AbstractContextManager[None]]
"""While it is entered the terminal belongs to the editor."""
_VARIABLES: Final = ("VISUAL", "EDITOR")
_USUAL: Final = ("sensible-editor", "editor", "nano", "vi")
_TAKES_LINE: Final = frozenset(
    "emacs emacsclient jed joe mcedit mg micro nano ne nvim pico vi view vim".split()
)
"""Editors that go to a line that is given as ``+12``."""


def editor_of(environ: Mapping[str, str]) -> list[str]:
    """The words of the command: $VISUAL, else $EDITOR, else what there is. Raises PpinuiError."""
    for name in _VARIABLES:
        if not (said := environ.get(name, "").strip()):
            continue
        try:
            words = shlex.split(said)
        except ValueError:
            words = []
        if not words or shutil.which(words[0], path=environ.get("PATH")) is None:
            raise PpinuiError(
                f"the editor cannot be started: {said}",
                f"${name}",
                "name one that is there: export EDITOR=nano",
            )
        return words
    for usual in _USUAL:
        if shutil.which(usual, path=environ.get("PATH")) is not None:
            return [usual]
    raise PpinuiError("there is no editor", "$VISUAL, $EDITOR", "name one: export EDITOR=nano")


async def edited(suspend: Suspend, text: str, name: str, environ: Mapping[str, str], line: int = 1) -> str:
    """The text as the user leaves it in the editor.

    The copy lies in memory, in a folder that no other account may enter (it may hold clear passwords),
    and is gone afterwards, whatever the editor left beside it. ``name`` is the file's name, by which editors
    know its kind; ``line`` is where the editor begins. Raises PpinuiError where it cannot be started.
    """
    command = editor_of(environ)
    folder = await run_in_thread(lambda: PrivateFolder(memory_place(environ)))
    try:
        copy = folder.write(name, encode(text))
        code = _run(suspend, [*command, *_at_line(command[0], line, environ), str(copy)], environ)
        new = _read(copy)
    finally:
        await run_in_thread(folder.remove)
    if code and new == text:
        how = f"code {code}" if code > 0 else signal.Signals(-code).name
        raise PpinuiError(f"the editor ended with {how}", shlex.join(command), "nothing was changed")
    return new


def _run(suspend: Suspend, command: list[str], environ: Mapping[str, str]) -> int:
    """Run it on the terminal; its exit code."""
    with suspend(), _no_interrupt():
        try:
            return subprocess.run(command, env=dict(environ), check=False).returncode
        except OSError as error:
            raise PpinuiError(
                f"the editor cannot be started: {error.strerror}", command[0], "set EDITOR to another one"
            ) from None


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl+C is the editor's: the terminal sends it to this process too."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _at_line(program: str, line: int, environ: Mapping[str, str]) -> list[str]:
    found = shutil.which(program, path=environ.get("PATH")) or program
    real = Path(found).resolve().name.partition(".")[0]  # editor may be nano, vi may be vim.basic
    return [f"+{line}"] if line > 1 and real in _TAKES_LINE else []


def _read(copy: Path) -> str:
    try:
        return decode(copy.read_bytes())
    except OSError as error:
        raise PpinuiError(
            f"the editor left no text behind: {error.strerror}", str(copy), "nothing was changed"
        ) from None
