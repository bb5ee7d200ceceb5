"""Which running processes have a library mapped: they keep the configuration that they have read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_KERNEL_THREAD: Final = 0x00200000
"""PF_KTHREAD of the flags in /proc/PID/stat (proc(5))."""

PROVIDER_LIBRARY: Final = "libprimusP11.so"
"""What the provider's library is called wherever it is installed to."""

_GONE: Final = " (deleted)"
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Process:
    """A running process: its number, and its program's name (up to 15 characters, as the kernel cuts it)."""

    pid: int
    name: str


@dataclass(frozen=True)
class LibraryUsers:
    """Who has a library mapped, as far as this account may see."""

    processes: tuple[Process, ...]
    """By process number."""
    unseen: int
    """How many processes of others could not be looked at."""


def processes_using(library: Path | None, *, proc: Path = Path("/proc")) -> LibraryUsers:
    """The processes that have ``library`` mapped, under whatever link it is named, replaced on disk or not.

    A process counts when it maps a file of this path or the file itself, which may have another name in a
    container, or any file with the name of the provider's library: an application may have a copy of its
    own, or another version. None: those alone. Linux only: elsewhere nothing is seen. Command lines are not
    read, for they may hold secrets.
    """
    real = os.path.realpath(library) if library is not None else ""
    try:
        status = os.stat(real)
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x} {status.st_ino}"
    except OSError:
        file = ""
    found: list[Process] = []
    unseen = 0
    for entry in _numbered(proc):
        try:
            if _maps(entry, real, file):
                found.append(Process(int(entry.name), _name(entry)))
        except PermissionError:
            unseen += _has_memory(entry)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended in the meantime
    return LibraryUsers(tuple(sorted(found, key=lambda process: process.pid)), unseen)


def _numbered(proc: Path) -> list[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _maps(process: Path, real: str, file: str) -> bool:
    """Lines of maps: ``address perms offset dev inode   path`` (proc(5))."""
    for line in (process / "maps").read_bytes().splitlines():
        fields = os.fsdecode(line).split(maxsplit=5)
        if len(fields) < 6:
            continue
        path = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[5]).removesuffix(_GONE)
        if path == real or os.path.basename(path) == PROVIDER_LIBRARY or f"{fields[3]} {fields[4]}" == file:
            return True
    return False


def _name(process: Path) -> str:
    return (process / "comm").read_bytes().decode("utf-8", "replace").rstrip("\n")


def _has_memory(process: Path) -> bool:
    """Whether there is something to look at: threads of the kernel and zombies map nothing."""
    try:
        text = (process / "stat").read_bytes()
    except OSError:
        return False
    # The name stands in brackets and may hold anything.
    state, *numbers = text.rpartition(b")")[2].split()
    return state != b"Z" and not int(numbers[5]) & _KERNEL_THREAD
