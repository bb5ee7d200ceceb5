"""Finding the vendor's ppin, and deciding whether it may be handed secrets."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError

RUNNING: Final = "PPINUI_RUNS_PPIN"
"""Set for a ppin that we start: a ppinui that finds it was started in the place of the vendor's."""
_DEFAULT_HOME: Final = "/usr/local/primus"
_OURSELVES: Final = re.compile(rb"\bppinui\.cli\b|-m\s+ppinui\b|\bexec\s+\S*\bppinui\b")
"""How a script starts ppinui: as installed by pip, by its module, or by its name."""
_HEAD: Final = 4096
"""Bytes of a script in which it would say that it is ppinui."""


class PpinNotFound(PpinuiError):
    """The vendor's ppin is not installed."""


class PpinRefused(PpinuiError):
    """A ppin is there, and secrets are not entrusted to it."""


def find_ppin(explicit: str | None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The vendor's ppin: ``--ppin``, ``$PRIMUS_HOME/bin``, ``PATH``; checked by :func:`check_trust`.

    A ppin in PATH that is ppinui itself is passed over. Raises :class:`PpinNotFound`, :class:`PpinRefused`.
    """
    if explicit:
        path = Path(explicit).absolute()
        if not path.is_file():
            raise PpinNotFound("there is no ppin where --ppin says", str(path), "correct --ppin")
        check_trust(path)
        return path
    candidates = list(_candidates(environ))
    for path in candidates:
        if os.access(path, os.X_OK) and path.is_file() and not _is_ppinui(path):
            check_trust(path)
            return path
    raise PpinNotFound(
        "the vendor's ppin is not installed; only it can fetch a permanent secret",
        ", ".join(map(str, candidates)),
        "install the Primus PKCS#11 provider, or name its ppin with --ppin; a .secrets.cfg made elsewhere "
        "comes in with 'ppinui secret import FILE'",
    )


def check_trust(path: Path) -> None:
    """Raise :class:`PpinRefused` unless the program belongs to root or this user, and only they can write it.

    That holds for the file and for every folder on the way to it, symbolic links included: who can write
    in one of them decides what is started. (In a folder such as /tmp, where everybody can write, the sticky
    bit keeps others from replacing what is ours.) ppinui itself is refused too: it would call itself.
    """
    target = path.resolve()
    if _is_ppinui(target):
        raise PpinRefused("this ppin is ppinui itself", str(path), "name the vendor's ppin with --ppin")
    for step in _steps(path):
        status = step.lstat()
        if status.st_uid not in {0, os.geteuid()}:
            raise PpinRefused(
                f"{step} belongs to neither root nor this user (uid {status.st_uid}): its owner could put "
                "another program in the place of ppin",
                str(path),
                f"if that is as it should be: sudo chown root {step}",
            )
        if _others_decide(status.st_mode):
            raise PpinRefused(
                f"{step} can be written by others: they could put another program in the place of ppin",
                str(path),
                f"sudo chmod go-w {step}",
            )
    if not os.access(target, os.X_OK) or not target.is_file():
        raise PpinRefused("this ppin cannot be executed", str(path), "name the vendor's ppin with --ppin")


def _others_decide(mode: int) -> bool:
    """Whether others than the owner can change a file, or what a name in a folder means."""
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return False  # a link cannot be written, and the folder that it stands in is looked at too
    return bool(mode & (stat.S_IWGRP | stat.S_IWOTH))


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    home = environ.get("PRIMUS_HOME") or _DEFAULT_HOME
    yield Path(home, "bin", "ppin").absolute()
    for folder in environ.get("PATH", "").split(os.pathsep):
        if folder.startswith("/"):  # a relative one would depend on where we are
            yield Path(folder, "ppin")


def _steps(path: Path) -> Iterator[Path]:
    """The file and its folders, as named and behind every symbolic link on the way, each once."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        yield step
        if step.is_symlink():
            waiting.append(Path(os.path.normpath(step.parent / step.readlink())))
        if step.parent != step:
            waiting.append(step.parent)


def _is_ppinui(path: Path) -> bool:
    """Whether this is ppinui: our program, or a script that starts it."""
    target = path.resolve()
    own = shutil.which(sys.argv[0]) or sys.argv[0]
    if Path(own).resolve() == target or target.name.startswith("ppinui"):
        return True
    try:
        with target.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(b"#!") and _OURSELVES.search(head) is not None
