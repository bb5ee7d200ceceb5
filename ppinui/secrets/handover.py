"""Secrets for a C library that reads files: files that exist in memory alone."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Self

from ppinui.errors import PpinuiError


def _anonymous_file(name: str) -> int:
    """A descriptor of a file that has no name on any disk. The one place that only Linux can do."""
    if sys.platform != "linux":
        raise PpinuiError(
            "Secrets cannot be handed to the provider in memory on this system",
            sys.platform,
            "run ppinui on Linux; other systems are not supported yet",
        )
    return os.memfd_create(name, os.MFD_CLOEXEC)


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
        self._write(content)

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._descriptor, view) :]

    @property
    def path(self) -> str:
        """The name under which a library in this process opens the file."""
        return f"/proc/self/fd/{self._descriptor}"

    def read(self) -> bytes:
        """All that is in the file now."""
        size = os.fstat(self._descriptor).st_size
        return os.pread(self._descriptor, size, 0)

    def replace(self, content: bytes) -> None:
        """Put other contents in the place of the old ones, which are overwritten with zeros first."""
        self.wipe()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._write(content)

    def wipe(self) -> None:
        """Overwrite the contents with zeros, then leave the file empty."""
        size = os.fstat(self._descriptor).st_size
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._write(bytes(size))
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
