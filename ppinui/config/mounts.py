"""Whether a file is a mount point of its own, as files that are handed into a container are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


def mounted_from(file: Path, *, mountinfo: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Where a file that is a bind mount comes from: its path on its own file system; None if it is none.

    Linux only. Elsewhere, and where /proc is hidden, it is None, and the attempt to replace the file shows
    it (EBUSY).
    """
    try:
        lines = mountinfo.read_bytes().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        # number parent major:minor root mountpoint … (proc(5)); blanks in paths are written as \040.
        fields = line.split()
        if len(fields) > 4 and _plain(fields[4]) == os.fsencode(file):
            return os.fsdecode(_plain(fields[3]))
    return None


def _plain(path: bytes) -> bytes:
    return _OCTAL.sub(lambda code: bytes([int(code[1], 8)]), path)
