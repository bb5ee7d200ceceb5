"""An application that has a library loaded, and does nothing with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLD = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(flush=True); sys.stdin.read()"


@contextmanager
def holding(library: Path) -> Iterator[int]:
    """The number of a process that has `library` mapped for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process.pid
