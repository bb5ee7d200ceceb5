"""Driving a PKCS#11 library function by function, in a process of its own (driver.c)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tests.primus_sim.stand import Stand
from tests.rig.patience import patient

CKR_OK = 0x0
CKR_GENERAL_ERROR = 0x5
CKR_ACTION_PROHIBITED = 0x1B
CKR_DEVICE_REMOVED = 0x32
CKR_PIN_INCORRECT = 0xA0
CKR_PIN_LEN_RANGE = 0xA2
CKR_PIN_LOCKED = 0xA4
CKR_SESSION_HANDLE_INVALID = 0xB3
CKR_TOKEN_NOT_PRESENT = 0xE0
CKR_USER_ALREADY_LOGGED_IN = 0x100
CKR_USER_NOT_LOGGED_IN = 0x101
CKR_CRYPTOKI_NOT_INITIALIZED = 0x190
CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191

FINAL_TRY = "pin flags 0x30000"
COUNT_LOW = "pin flags 0x10000"
LOCKED = "pin flags 0x40000"
NO_FLAGS = "pin flags 0x0"


class DriverEndedError(AssertionError):
    """The process is gone, as it is when the library crashes or a sanitizer finds something."""


class Driver:
    """A process with the library loaded. As a context manager it ends with everything freed."""

    def __init__(self, program: Path, library: Path, environ: Mapping[str, str]) -> None:
        self._may_fail = False
        self._process = subprocess.Popen(
            [program, library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("SECUROSYS_")},
                "UBSAN_OPTIONS": "print_stacktrace=1",
                **environ,
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        if self._process.returncode is not None:
            return
        _, words = self._process.communicate(timeout=patient(60))
        if kind is None and self._process.returncode != 0 and not self._may_fail:
            raise DriverEndedError(words)

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, command: str) -> tuple[int, str]:
        """One command of driver.c: the return value, and what it told."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise DriverEndedError(self._process.stderr.read()) from None
        line = self._process.stdout.readline()
        if not line.startswith("0x"):
            raise DriverEndedError(line + self._process.stderr.read())
        value, _, told = line.rstrip("\n").partition(" ")
        return int(value, 16), told.rstrip()

    def rv(self, command: str) -> int:
        """One command's return value."""
        return self.do(command)[0]

    def fine(self, command: str) -> str:
        """What a command told, which has to be CKR_OK."""
        value, told = self.do(command)
        assert value == CKR_OK, f"{command.split(' ', maxsplit=1)[0]}: 0x{value:08X}"
        return told

    def end_of(self, command: str) -> tuple[int, str, str]:
        """A command that the process does not survive: exit status (signals negative), stdout, stderr."""
        self._may_fail = True
        stdout, stderr = self._process.communicate(command + "\n", timeout=patient(60))
        return self._process.returncode, stdout, stderr

    def start(self, command: str) -> None:
        """A command that does not come back; the process is killed at the end."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def next_line(self) -> str:
        """What is on stdout next."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def kill(self) -> None:
        self._may_fail = True
        self._process.kill()


class Drive(Protocol):
    """The fixture that starts a driver: `drive(stand)`, with the stand's variables or others."""

    def __call__(self, stand: Stand, environ: Mapping[str, str] | None = None) -> Driver: ...
