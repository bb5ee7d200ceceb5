"""A command on a terminal of its own (a pty): answering its prompts, pressing its keys, seeing it end."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect

from tests.rig.patience import patient


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all that its terminal got (with \\r\\n line ends)."""

    status: int | None
    """Exit code; None when a signal ended it."""
    killed_by: signal.Signals | None
    shown: str


class Terminal:
    """A running command whose standard input, output and error are one terminal."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        columns: int = 80,
        rows: int = 24,
        stdout: Path | None = None,
        seconds: float = 10.0,
    ) -> None:
        """`environ` is laid over the environment of the tests. `stdout`: standard output goes to this file,
        standard error stays on the terminal. `seconds`: how long each wait may take."""
        program, *arguments = map(str, command)
        self._shown = io.StringIO()
        self._child = pexpect.spawn(
            program,
            arguments,
            env={**os.environ, "TERM": "xterm-256color", **(environ or {})},
            cwd=folder,
            dimensions=(rows, columns),
            timeout=patient(seconds),
            encoding="utf-8",
            codec_errors="backslashreplace",
            preexec_fn=None if stdout is None else lambda: _redirect(stdout),
        )
        self._child.logfile_read = self._shown
        # pexpect's own pause before sending is for programs that turn the echo off after their prompt;
        # `answer_secret` waits for that instead.
        self._child.delaybeforesend = None

    @property
    def pid(self) -> int:
        return int(self._child.pid)

    @property
    def shown(self) -> str:
        """All that was read from the terminal so far."""
        return self._shown.getvalue()

    def expect(self, text: str) -> str:
        """Wait for this text; gives what came before it. pexpect.TIMEOUT or EOF when it does not come."""
        self._child.expect_exact(text)
        return str(self._child.before)

    def answer(self, prompt: str, reply: str) -> None:
        self.expect(prompt)
        self._child.sendline(reply)

    def answer_secret(self, prompt: str, reply: str) -> None:
        """As `answer`, and what is typed must not be echoed."""
        self.expect(prompt)
        if not self._child.waitnoecho():
            raise AssertionError(f"the terminal still echoes at {prompt!r}")
        self._child.sendline(reply)

    def press(self, keys: str) -> None:
        """Send these characters as they are."""
        self._child.send(keys)

    def interrupt(self) -> None:
        """Ctrl+C, as the keyboard does it: the terminal signals everything in its foreground."""
        self._child.sendintr()

    def finish(self) -> Ended:
        """Wait for the end."""
        self._child.expect(pexpect.EOF)
        self._child.wait()
        by = self._child.signalstatus
        return Ended(self._child.exitstatus, None if by is None else signal.Signals(by), self.shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
            self._child.wait()
        self._child.close()


def _redirect(target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    os.close(descriptor)
