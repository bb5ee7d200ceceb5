"""Which file a path leads to: what tells the one that was read from another in its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """Which file on the disk a document was read from: where links led, and the file found there.

    The time of its last change (ns) is part of it, since an inode number is soon used again.
    """

    target: Path
    device: int
    inode: int
    changed_at: int


def identify(path: Path) -> Identity | None:
    """The file that a path leads to now, None if there is none: ask before reading it, for ``save``."""
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
    except OSError:
        return None
    return Identity(target, status.st_dev, status.st_ino, status.st_mtime_ns)
