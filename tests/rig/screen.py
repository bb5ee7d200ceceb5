"""A command on the screen of a terminal emulator (tmux): what is seen at a moment, not what was ever sent."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.patience import patient


class Screen:
    """A tmux server of its own with one window, in which the command runs."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        columns: int = 80,
        rows: int = 24,
        seconds: float = 10.0,
    ) -> None:
        """`environ` is laid over the environment of the tests. `seconds`: how long each wait may take."""
        self._seconds = patient(seconds)
        self._private = tempfile.TemporaryDirectory(prefix="screen-")
        gate, ended = (Path(self._private.name, name) for name in ("gate", "ended"))
        os.mkfifo(gate)
        os.mkfifo(ended)
        self._ended = os.open(ended, os.O_RDONLY | os.O_NONBLOCK)
        self._tmux = ["tmux", "-f", "/dev/null", "-S", str(Path(self._private.name, "socket"))]
        environment = {**os.environ, **(environ or {})}
        environment.pop("TMUX", None)
        environment.setdefault("LC_ALL", "C.UTF-8")
        # tmux 3.3 loses the exit code of a quick command, so a shell around it tells. It waits at the gate
        # until all is set up, and there again when the command is over: the last screen stays.
        inner = f"trap : INT QUIT; : <{gate}; {shlex.join(map(str, command))}; echo $? >{ended}; : <{gate}"
        subprocess.run(
            [*self._tmux, "set", "-g", "status", "off", ";", "set", "-s", "escape-time", "0", ";"]
            + ["new-session", "-d", "-x", str(columns), "-y", str(rows)]
            + ([] if folder is None else ["-c", str(folder)])
            # window-size comes behind the session: tmux 3.3a dies of it without one.
            + ["sh", "-c", inner, ";", "set", "-w", "window-size", "manual"],
            env=environment,
            check=True,
        )
        # A client in control mode is told of every output: that wakes the waiting, and nobody has to poll.
        self._events = subprocess.Popen(
            [*self._tmux, "-C", "attach-session", "-f", "ignore-size"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        gate.open("w").close()

    @property
    def text(self) -> str:
        """The lines of the screen as they are now, without blanks at their ends."""
        return self._run("capture-pane", "-p")

    @property
    def text_with_colours(self) -> str:
        """The same with its escape sequences."""
        return self._run("capture-pane", "-p", "-e")

    def wait_until(self, wanted: str | Callable[[str], bool]) -> str:
        """Wait until the screen holds this text, or fulfils this, and give it; AssertionError shows it."""
        deadline = time.monotonic() + self._seconds
        while True:
            text = self.text
            if wanted in text if isinstance(wanted, str) else wanted(text):
                return text
            self._wait_for_output(deadline, text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: "Enter", "C-c", "F1", "x", …"""
        self._run("send-keys", *keys)

    def write(self, text: str) -> None:
        self._run("send-keys", "-l", "--", text)

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def finish(self) -> int:
        """Wait for the end of the command; its exit code (128 + number of the signal that ended it)."""
        ready, _, _ = select.select([self._ended], [], [], self._seconds)
        if not ready:
            raise AssertionError(f"not over within {self._seconds} s; the screen is:\n{self.text}")
        return int(os.read(self._ended, 16))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False)
        self._events.communicate()
        os.close(self._ended)
        self._private.cleanup()

    def _run(self, *command: str) -> str:
        return subprocess.run(
            [*self._tmux, *command],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
            timeout=self._seconds,
        ).stdout

    def _wait_for_output(self, deadline: float, text: str) -> None:
        assert self._events.stdout is not None
        left = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([self._events.stdout], [], [], left)
        if not ready or not os.read(self._events.stdout.fileno(), 65536):
            raise AssertionError(f"not seen within {self._seconds} s; the screen is:\n{text}")
