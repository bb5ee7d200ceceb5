"""The wire protocol of the stand-in (wire.md): lines to and fro, and a client for `ppin`."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

LINE_LIMIT = 16_384
"""Bytes of a line, newline included."""

CONNECTION_FAILED = 0x80005015
CONNECT_TIMEOUT = 0x8000003B
UNEXPECTED_DATA = 0x80000001


class NonsenseError(ValueError):
    """A line that the protocol does not know."""


class HsmError(Exception):
    """What went wrong with an HSM, as one of the documented codes."""

    def __init__(self, code: int, *, network: bool = False) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code
        self.network = network
        """The HSM was not reached: another one of the cluster may be."""


@dataclass(frozen=True)
class Message:
    """One line: a word and its values. Values may be secrets, so they stay out of repr."""

    word: str
    values: dict[str, str] = field(default_factory=dict, repr=False)

    def encode(self) -> bytes:
        pairs = (f"{key}={quote(value, safe='')}" for key, value in self.values.items())
        return " ".join((self.word, *pairs)).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Message:
        """Read a line with its newline; NonsenseError if it is none."""
        try:
            word, *pairs = line.decode("ascii").removesuffix("\n").split(" ")
            values = dict(pair.split("=", 1) for pair in pairs)
        except ValueError as error:
            raise NonsenseError("not a line of the protocol") from error
        if not line.endswith(b"\n") or not word.isupper():
            raise NonsenseError("not a line of the protocol")
        return cls(word, {key: unquote(value) for key, value in values.items()})


class Client:
    """A connection to an HSM, opened at once; each failure is an :class:`HsmError`."""

    def __init__(self, host: str, port: str, *, seconds: float) -> None:
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=seconds)
        except TimeoutError:
            raise HsmError(CONNECT_TIMEOUT, network=True) from None
        except (OSError, ValueError):
            raise HsmError(CONNECTION_FAILED, network=True) from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, word: str, **values: str) -> dict[str, str]:
        """Send a request and give back the values of its answer."""
        try:
            self._socket.sendall(Message(word, values).encode())
        except OSError:
            raise HsmError(CONNECTION_FAILED, network=True) from None
        answer = self.read()
        if answer.word == "ERR":
            raise HsmError(int(answer.values.get("code", "0x80000001"), 16))
        if answer.word != "OK":
            raise HsmError(UNEXPECTED_DATA, network=True)
        return answer.values

    def read(self) -> Message:
        """The next line from the HSM."""
        try:
            line = self._lines.readline(LINE_LIMIT)
        except TimeoutError:
            raise HsmError(CONNECT_TIMEOUT, network=True) from None
        except OSError:
            raise HsmError(CONNECTION_FAILED, network=True) from None
        if not line:
            raise HsmError(CONNECTION_FAILED, network=True)
        try:
            return Message.decode(line)
        except NonsenseError:
            raise HsmError(UNEXPECTED_DATA, network=True) from None
