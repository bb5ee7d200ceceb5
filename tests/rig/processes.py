"""Processes that a test started: finding them again, seeing them end, and what they show to others."""

from __future__ import annotations

import os
import select
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.patience import patient

MARK = "PPINUI_TEST_MARK"


@dataclass(frozen=True)
class Process:
    """A process as everybody on the machine sees it (its own user and root, for the environment)."""

    pid: int
    command_line: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)


def see_process(pid: int) -> Process | None:
    """None when there is no such process (any more), when it is a zombie, the kernel's, or another user's."""
    try:
        words, block = _words_and_environment(Path(f"/proc/{pid}"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if not words and not block:
        return None
    pairs = (os.fsdecode(entry).partition("=") for entry in block.split(b"\0") if entry)
    arguments = tuple(os.fsdecode(word) for word in words.split(b"\0")[:-1])
    return Process(pid, arguments, {name: value for name, _, value in pairs})


def _words_and_environment(proc: Path) -> tuple[bytes, bytes]:
    """Both are empty for a moment while a process executes a new program (Linux fills them in last)."""
    for _ in range(10_000):
        words, block = (proc / "cmdline").read_bytes(), (proc / "environ").read_bytes()
        # A zombie and a thread of the kernel have no program: FileNotFoundError.
        if words or block or not os.readlink(proc / "exe"):
            return words, block
        os.sched_yield()
    return b"", b""


def all_processes() -> Iterator[Process]:
    for entry in os.listdir("/proc"):
        process = see_process(int(entry)) if entry.isdigit() else None
        if process:
            yield process


@dataclass(frozen=True)
class MarkedProcesses:
    """Whatever was started with `environ` laid over its environment, and all that came of it.

    Children inherit the mark, however they were forked, reparented or put in sessions of their own;
    one that was executed with an emptied environment is not found. As a context manager: at its end none
    may be left (AssertionError names them), and those that are get killed.
    """

    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    patience: float = 2.0
    """Seconds that they get to end after they should have."""

    @property
    def environ(self) -> dict[str, str]:
        return {MARK: self.mark}

    @property
    def running(self) -> tuple[Process, ...]:
        return tuple(process for process in all_processes() if process.environment.get(MARK) == self.mark)

    def assert_none_left(self) -> None:
        """AssertionError names those that have not ended after `patience`."""
        deadline = time.monotonic() + patient(self.patience)
        while left := self.running:
            _ends_within(left[0].pid, deadline - time.monotonic())
            if time.monotonic() >= deadline and (left := self.running):
                raise AssertionError(f"processes left: {left}")

    def kill(self) -> None:
        """SIGKILL to all of them, until none is left."""
        while left := self.running:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            _ends_within(left[0].pid, 5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.assert_none_left()
        finally:
            self.kill()


def wait_for_end(pid: int, seconds: float) -> bool:
    """Whether the process (nobody's or anybody's child) ended in time; a zombie has ended."""
    return _ends_within(pid, patient(seconds))


def _ends_within(pid: int, seconds: float) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, seconds))
    finally:
        os.close(descriptor)
    return bool(ready)
