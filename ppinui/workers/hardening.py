"""What others can do to a process: core dumps and debuggers are off, and it ends when its parent dies."""

from __future__ import annotations

import resource
import signal
import sys
from types import FrameType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def harden() -> bool:
    """Forbid core dumps of this process, and let no other process of the user read its memory.

    The limit for core files falls to 0 for good (children inherit it); on Linux the process is made "not
    dumpable" too, which also keeps out core handlers that are programs (systemd-coredump, apport) and
    ``ptrace``. A program that replaces this one by ``exec`` is dumpable again, as the kernel has it.

    Returns False where the system has no such switch (anything but Linux); core files are off there too.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return _prctl(_PR_SET_DUMPABLE, 0)


def is_hardened() -> bool:
    """Whether :func:`harden` holds for this process."""
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        return False
    return not sys.platform.startswith("linux") or _prctl_value(_PR_GET_DUMPABLE) == 0


def end_with_parent() -> bool:
    """Have the kernel kill this process as soon as the thread that started it ends (Linux; False elsewhere).

    To be called in a child. The setting survives ``exec`` of an ordinary program.
    """
    return _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def ignore_signal(number: int, frame: FrameType | None) -> None:
    """Handle a signal by doing nothing.

    Used in place of SIG_IGN: where a signal comes just before SIG_IGN is set, Python writes "ignored due to
    race condition" to stderr, with a traceback.
    """


def _prctl(option: int, value: int) -> bool:
    return _prctl_value(option, value) == 0


def _prctl_value(option: int, value: int = 0) -> int:
    """What prctl(2) answers; -1 where there is none."""
    if not sys.platform.startswith("linux"):
        return -1
    import ctypes  # slow to import

    return int(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0))
