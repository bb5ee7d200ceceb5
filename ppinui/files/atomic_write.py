"""A complete new file beside another one; the caller renames it. With lock and backup: replacement.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written_beside(path: Path, content: bytes) -> Iterator[tuple[Path, int]]:
    """A file (0600) with ``content`` in the folder of ``path``, on the disk already, and its descriptor.

    Its name is ``.NAME.….new``; unless it was moved, it is gone afterwards. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
        yield temporary, descriptor
    finally:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)


def remove_left_overs(path: Path) -> None:
    """Remove what a process that was killed has left of :func:`written_beside`. Raises OSError."""
    for left_over in path.parent.glob(f".{path.name}.*.new"):
        left_over.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
