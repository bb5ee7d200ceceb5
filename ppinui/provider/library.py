"""The PKCS#11 library: where it is, what its file says unloaded, and which processes have it mapped."""

from __future__ import annotations

import mmap
import os
import re
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ppinui.errors import PpinuiError

_KERNEL_THREAD: Final = 0x00200000
"""PF_KTHREAD of the flags in /proc/PID/stat (proc(5))."""

PROVIDER_LIBRARY: Final = "libprimusP11.so"
"""What the provider's library is called wherever it is installed to."""

_GONE: Final = " (deleted)"
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_HIDDEN: Final = "hidden from this account"
_JOIN_GROUP: Final = "use an account of the group primus (after usermod -aG primus USER: newgrp primus)"
"""The provider's folders are open to its group and to nobody else (mode 0750)."""

_ELF_MAGIC: Final = b"\x7fELF"
_SHARED_OBJECT: Final = 3
_LOADED_SEGMENT: Final = 1
_MACHINES: Final = {
    (3, 32): "32-bit x86",
    (40, 32): "32-bit ARM",
    (62, 32): "x32",
    (62, 64): "x86-64",
    (183, 64): "AArch64",
    (21, 64): "64-bit PowerPC",
    (22, 64): "s390x",
    (243, 64): "64-bit RISC-V",
}
"""Names of (e_machine, bits) that people know."""


@dataclass(frozen=True)
class FoundModule:
    """A library and why it was chosen."""

    path: Path
    """Absolute; symbolic links are kept, since a module counts as another one under another name."""
    rule: str
    """In words: ``--module``, ``the environment variable PPINUI_MODULE``, ``the default folder …``."""


class ModuleNotFound(PpinuiError):
    """No library is there; ``place`` names every place that was looked at."""


class ModuleUnusable(PpinuiError):
    """The file is there, or should be, and cannot be the library of this program."""


def find_module(
    explicit: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
) -> FoundModule:
    """The library that the first of these rules names.

    ``explicit`` (``--module``), ``PPINUI_MODULE`` and ``PRIMUS_P11_LIB`` each name a file: the first that is
    set decides, and a missing file is an error, never a reason to take another library. Then
    ``$PRIMUS_HOME/lib`` and the folders that packages install to (below ``root``) are searched for
    libprimusP11.so. An empty variable counts as not set. Raises ModuleNotFound.
    """
    named = (
        (explicit, "--module"),
        (environ.get("PPINUI_MODULE"), "the environment variable PPINUI_MODULE"),
        (environ.get("PRIMUS_P11_LIB"), "the environment variable PRIMUS_P11_LIB"),
    )
    for value, rule in named:
        if value:
            path = _absolute(value)
            if (absence := _absence(path)) is not None:
                raise ModuleNotFound(
                    f"there is no PKCS#11 library where {rule} says: {absence}",
                    str(path),
                    _JOIN_GROUP if absence == _HIDDEN else f"correct {rule}",
                )
            return FoundModule(path, rule)
    looked_at: list[tuple[Path, str]] = []
    for path, rule in _searched(environ, root):
        if (absence := _absence(path)) is None:
            return FoundModule(path, rule)
        looked_at.append((path, absence))
    raise ModuleNotFound(
        "no PKCS#11 library found: --module, PPINUI_MODULE and PRIMUS_P11_LIB are not set, "
        "and no default place has one",
        ", ".join(f"{path} ({absence})" if absence == _HIDDEN else str(path) for path, absence in looked_at),
        f"{_JOIN_GROUP}, or name the library: --module LIB"
        if any(absence == _HIDDEN for _, absence in looked_at)
        else "install the vendor's provider, or name its library: --module LIB",
    )


def mentions_primus(path: Path) -> bool:
    """Whether the file looks like the Primus provider, without loading it: its maker's name is in it.

    It decides whether the keyring is worth asking and whether HSMs have lanes from the start; what the
    library is, only C_GetInfo says.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(b"Securosys") >= 0
    except (OSError, ValueError):  # not there, not readable, or empty
        return False


def is_primus(manufacturer: str) -> bool:
    """Whether a library whose C_GetInfo names this manufacturer is the Primus provider."""
    return manufacturer.startswith("Securosys")


def examine(path: Path) -> None:
    """Check whether a program of this machine can load the file at all, without running any of its code.

    Raises ModuleUnusable: not there, not readable, not a shared library, one for another processor, or a copy
    that was cut short (which would kill the process that loads it). Whether other libraries are
    missing shows only when it is loaded.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _not_a_library(path, "it is not a regular file")
        with path.open("rb") as file:
            if sys.platform == "linux":
                _examine_elf(path, file, status.st_size)
    except FileNotFoundError:
        raise ModuleUnusable(
            "there is no such PKCS#11 library", str(path), "install it, or name another: --module LIB"
        ) from None
    except PermissionError:
        raise ModuleUnusable(
            "the PKCS#11 library may not be read by this account",
            str(path),
            _JOIN_GROUP,
        ) from None
    except OSError as error:
        raise _not_a_library(path, error.strerror or str(error)) from None


@dataclass(frozen=True)
class _Elf:
    bits: int
    big_endian: bool
    kind: int
    machine: int
    end: int
    """Length in bytes that the file has at the least: where its last loaded segment ends."""

    @property
    def architecture(self) -> str:
        order = ", big endian" if self.big_endian else ""
        return _MACHINES.get((self.machine, self.bits), f"{self.bits}-bit machine {self.machine}") + order


def _examine_elf(path: Path, file: BinaryIO, size: int) -> None:
    library = _read_elf(file)
    if library is None:
        raise _not_a_library(path, "it is empty" if size == 0 else "it does not begin as an ELF file does")
    own = _own_elf()
    if own is not None and library.architecture != own.architecture:
        raise ModuleUnusable(
            f"the PKCS#11 library is for {library.architecture}, and this program runs as {own.architecture}",
            str(path),
            "install the provider's package for this machine, or run ppinui with a Python of that kind",
        )
    if library.kind != _SHARED_OBJECT:
        raise _not_a_library(path, "it is a program or an object file, not a shared one")
    if size < library.end:
        raise _not_a_library(path, f"it is cut short ({size} of at least {library.end} bytes)")


def _not_a_library(path: Path, reason: str) -> ModuleUnusable:
    return ModuleUnusable(
        f"this is not a PKCS#11 library: {reason}", str(path), "copy it anew, or name another: --module LIB"
    )


def _own_elf() -> _Elf | None:
    """The running interpreter's own header; None where it cannot be read, and then nothing is compared."""
    try:
        with Path("/proc/self/exe").open("rb") as file:
            return _read_elf(file)
    except OSError:
        return None


def _read_elf(file: BinaryIO) -> _Elf | None:
    """The headers of an ELF file, None if it is none (layout: elf(5))."""
    head = file.read(64)
    if not head.startswith(_ELF_MAGIC) or len(head) < 64 or head[4] not in {1, 2} or head[5] not in {1, 2}:
        return None
    bits, order = 32 * head[4], "<>"[head[5] - 1]
    wide = bits == 64
    kind, machine = struct.unpack_from(order + "HH", head, 16)
    (table_offset,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
    _, entries = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    entry = struct.Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII"))
    end = table_offset + entry.size * entries
    file.seek(table_offset)
    table = file.read(entry.size * entries)
    for fields in entry.iter_unpack(table[: len(table) // entry.size * entry.size]):
        segment, offset, length = (
            (fields[0], fields[2], fields[5]) if wide else (fields[0], fields[1], fields[4])
        )
        if segment == _LOADED_SEGMENT:
            end = max(end, offset + length)
    return _Elf(bits, order == ">", kind, machine, end)


def _searched(environ: Mapping[str, str], root: Path) -> Iterator[tuple[Path, str]]:
    if home := environ.get("PRIMUS_HOME"):
        for folder in ("lib", "lib64"):
            yield _absolute(Path(home, folder, PROVIDER_LIBRARY)), "the environment variable PRIMUS_HOME"
    for folder in _default_folders():
        yield root / folder / PROVIDER_LIBRARY, f"the default folder {root / folder}"


def _default_folders() -> tuple[str, ...]:
    """Where the vendor's packages put the library, then where distributions keep libraries."""
    return (
        "usr/local/primus/lib",
        "usr/local/primus/lib64",
        "usr/local/lib",
        f"usr/lib/{os.uname().machine}-linux-gnu",
        "usr/lib64",
        "usr/lib",
    )


def _absolute(path: str | os.PathLike[str]) -> Path:
    """Not resolved: a worker may have another working folder, but the name must not change."""
    return Path(os.path.abspath(path))


def _absence(path: Path) -> str | None:
    """Why there is no file here, in words; None if there is one."""
    try:
        path.stat()
    except PermissionError:
        return _HIDDEN
    except OSError:
        return "not there"
    return None


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
                found.append(Process(int(entry.name), _program_name(entry)))
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


def _program_name(process: Path) -> str:
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
