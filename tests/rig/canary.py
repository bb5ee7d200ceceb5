"""Looking for a canary (a value that nobody may see) in files, command lines and environments."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from tests.rig.processes import Process


def draw(name: str) -> str:
    """A canary that no other run, and no other process of this one, has: `name` and a random part.

    What is found anywhere on the machine is then of this process. Not for the ids of tests: all workers of a
    run have to agree on those.
    """
    return f"{name}-{secrets.token_hex(6)}"


def disguises(canary: str) -> tuple[bytes, ...]:
    """The forms in which a value gets out by accident: as it is, UTF-16, hexadecimal, base64, for a URL."""
    plain = canary.encode()
    forms = {plain, canary.encode("utf-16-le"), plain.hex().encode(), plain.hex().upper().encode()}
    forms.add(quote(canary, safe="").encode())
    for before in range(3):
        # In base64 a value looks different at each of three alignments, and its ends mix with its neighbours.
        coded = base64.b64encode(b"\0" * before + plain)
        forms.add(coded[(0, 2, 3)[before] : len(coded) - (0, 4, 4)[(before + len(plain)) % 3]])
    return tuple(sorted(form for form in forms if form))


def files_with(canary: str, *trees: Path) -> tuple[Path, ...]:
    """Regular files under these folders (or files themselves) whose content or name holds the canary."""
    forms = disguises(canary)
    return tuple(path for tree in trees for path in _files(tree) if _holds(path, forms))


def processes_showing(canary: str, processes: Iterable[Process]) -> tuple[Process, ...]:
    """Those whose command line or environment holds the canary."""
    forms = disguises(canary)
    return tuple(process for process in processes if any(form in _shown(process) for form in forms))


def _shown(process: Process) -> bytes:
    environment = (f"{name}={value}" for name, value in process.environment.items())
    return b"\0".join(os.fsencode(word) for word in (*process.command_line, *environment))


def _files(tree: Path) -> Iterator[Path]:
    if not tree.is_dir():
        yield tree
    for folder, _, names in os.walk(tree):
        for name in names:
            yield Path(folder, name)


def _holds(path: Path, forms: tuple[bytes, ...]) -> bool:
    name = os.fsencode(path.name)
    if any(form in name for form in forms):
        return True
    try:
        # Opening a pipe or a device could wait for ever.
        content = path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
    except FileNotFoundError:
        return False
    except PermissionError:
        if path.lstat().st_uid == os.geteuid():
            raise
        return False  # another user's: not what we wrote
    return any(form in content for form in forms)
