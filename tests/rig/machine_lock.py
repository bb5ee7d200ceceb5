"""A lock on what a machine has one of: tests of other workers and other checkouts wait until it is free."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def machine_lock(name: str) -> Iterator[None]:
    """Hold the lock of this name; it goes with the process too."""
    # Not O_CREAT alone: in a sticky folder the kernel may forbid that to root for another user's file.
    path = Path("/tmp") / f"tests-of-ppinui-{name}.lock"
    path.touch(mode=0o666) if not path.exists() else None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
