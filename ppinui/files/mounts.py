"""Mount points: a file that is one itself, as files handed into containers are, and the one above a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_TABLE: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


class _Mount(NamedTuple):
    source: Path
    """What is mounted: a path on its own file system."""
    point: Path


def mounted_from(file: Path, *, mountinfo: Path = _TABLE) -> Path | None:
    """Where a file that is a bind mount comes from: its path on its own file system; None if it is none.

    Elsewhere than on Linux, and where /proc is hidden, it is None, and the attempt to replace the file shows
    it (EBUSY).
    """
    return next((mount.source for mount in _mounts(mountinfo) if mount.point == file), None)


def mount_point_of(path: Path, *, mountinfo: Path = _TABLE) -> Path:
    """Where the file system of a path is mounted; the root where that cannot be told."""
    above = (mount.point for mount in _mounts(mountinfo) if path.is_relative_to(mount.point))
    return max(above, key=lambda point: len(point.parts), default=Path("/"))


def _mounts(mountinfo: Path) -> Iterator[_Mount]:
    """The mounts that are to be seen, the latest first. Linux only: elsewhere there are none."""
    try:
        lines = mountinfo.read_bytes().splitlines()
    except OSError:
        return
    for line in reversed(lines):
        # number parent major:minor root mountpoint … (proc(5)); blanks in paths are written as \040.
        fields = line.split()
        if len(fields) > 4:
            yield _Mount(_path(fields[3]), _path(fields[4]))


def _path(field: bytes) -> Path:
    return Path(os.fsdecode(_OCTAL.sub(lambda code: bytes([int(code[1], 8)]), field)))
