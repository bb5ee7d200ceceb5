"""A cheap look at the file on the disk: whether it is still what was read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ppinui.libconfig.document import Document
from ppinui.libconfig.includes import encode, read_regular


class OnDisk(Enum):
    """How the file on the disk stands to the one that was read; ``value`` says it in words."""

    SAME = "as it was read"
    CHANGED = "changed on disk"
    GONE = "gone from disk"
    UNREADABLE = "unreadable on disk"


_Stamp = tuple[int, int, int, int, int]
"""Device, inode, size, times (ns) of the last change of the content and of the attributes."""


@dataclass(frozen=True)
class Glance:
    """What one look has seen."""

    base: Document = field(repr=False)
    """What the file is compared with."""
    state: OnDisk
    stamp: _Stamp | None
    """None where there is no file."""


def glance(path: Path, base: Document, before: Glance | None) -> Glance:
    """Look at the file again. It is read only where it is not the one of the look before.

    For a thread of its own: a network file system may be slow to answer. What the text says is not looked
    at: a file that was changed and does not parse is just changed.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return Glance(base, OnDisk.GONE, None)
    except OSError:
        return Glance(base, OnDisk.UNREADABLE, None)
    stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if before is not None and before.stamp == stamp and before.base is base:
        return before
    try:
        raw = read_regular(path)
    except FileNotFoundError:
        return Glance(base, OnDisk.GONE, None)
    except OSError:
        return Glance(base, OnDisk.UNREADABLE, stamp)
    return Glance(base, OnDisk.SAME if raw == encode(base.text) else OnDisk.CHANGED, stamp)
