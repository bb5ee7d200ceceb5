"""Secrets for a C library that reads files: files that exist in memory alone."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from ppinui.errors import PpinuiError

FIRST_PASSED_ON: Final = 100
"""The smallest descriptor that another program inherits: scripts and daemons use the first ones for files of
their own (``exec 3<FILE``), without looking whether they are free."""


@dataclass(frozen=True)
class Owner:
    """Whose a file is to be, by numbers."""

    uid: int
    gid: int


def _anonymous_file(name: str, *, sealable: bool = False) -> int:
    """A descriptor of a file that has no name on any disk. The one place that only Linux can do."""
    if sys.platform != "linux":
        raise PpinuiError(
            "secrets cannot be handed to the provider in memory on this system",
            sys.platform,
            "run ppinui on Linux; other systems are not supported yet",
        )
    return os.memfd_create(name, os.MFD_CLOEXEC | (os.MFD_ALLOW_SEALING if sealable else 0))


def _write(descriptor: int, content: bytes | bytearray) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


class MemoryFile:
    """A file in memory that this process, and no disk, knows; a library opens it by :attr:`path`.

    The path means something to the process that made the file only, can be opened more than once (a pipe
    could not), and goes with :meth:`close` or with the process, however that ends.
    """

    def __init__(self, name: str, content: bytes = b"", *, writable: bool = False) -> None:
        """Make the file. ``name`` is seen in ``/proc``, so it says nothing of the contents."""
        self._descriptor = _anonymous_file(name)
        # memfd starts with 0777
        os.fchmod(self._descriptor, 0o600 if writable else 0o400)
        _write(self._descriptor, content)

    @property
    def path(self) -> str:
        """The name under which a library in this process opens the file."""
        return f"/proc/self/fd/{self._descriptor}"

    def read(self) -> bytes:
        """All that is in the file now."""
        size = os.fstat(self._descriptor).st_size
        return os.pread(self._descriptor, size, 0)

    def replace(self, content: bytes | bytearray) -> None:
        """Put other contents in the place of the old ones, which are overwritten with zeros first."""
        self.wipe()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        _write(self._descriptor, content)

    def wipe(self) -> None:
        """Overwrite the contents with zeros, then leave the file empty."""
        size = os.fstat(self._descriptor).st_size
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        _write(self._descriptor, bytes(size))
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Wipe the file and let it go."""
        if self._descriptor >= 0:
            self.wipe()
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SealedFile:
    """A file in memory that nobody can change any more, for what this process becomes by ``exec``.

    That program and what it starts open it by :attr:`path`, as long as they keep the descriptor. It goes with
    the last of them. (What is in memory may be swapped out: encrypt the swap.)
    """

    def __init__(self, name: str, content: bytes, *, owner: Owner | None = None) -> None:
        """Make the file (0400). ``name`` is seen in ``/proc``, so it says nothing of the contents.

        A process opens ``/proc/self/fd/N`` with the rights of the file itself: who drops its user has to be
        its ``owner`` (None: this process's user). Raises PpinuiError if it cannot be given to that one.
        """
        self._descriptor = _anonymous_file(name, sealable=True)
        try:
            os.fchmod(self._descriptor, 0o400)
            if owner is not None:
                give_away(self._descriptor, owner)
            _write(self._descriptor, content)
            _seal(self._descriptor)
            self._descriptor = _moved_up(self._descriptor)
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> str:
        """The name under which a process that has inherited the descriptor opens the file."""
        return f"/proc/self/fd/{self._descriptor}"

    def pass_on(self) -> None:
        """Have the program that this process becomes inherit the file; nothing else may be started then."""
        os.set_inheritable(self._descriptor, True)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def give_away(file: int | os.PathLike[str], owner: Owner) -> None:
    """Give a file to a user and a group. Raises PpinuiError where only root may."""
    try:
        os.chown(file, owner.uid, owner.gid)
    except OSError as error:
        raise PpinuiError(
            f"files cannot be given to user {owner.uid} and group {owner.gid}: {error.strerror}",
            "--owner",
            "start ppinui as root, or leave --owner out",
        ) from None


def _seal(descriptor: int) -> None:
    import fcntl  # not everywhere

    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def _moved_up(descriptor: int) -> int:
    """The same file under a number that is out of the way, where the limit of open files allows it."""
    import fcntl

    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_PASSED_ON)
    except OSError:
        return descriptor
    os.close(descriptor)
    return moved
