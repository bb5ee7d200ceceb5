"""One end of a pipe between this program and one of its worker processes: JSON, with bytes behind it."""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any, Final

Message = dict[str, Any]
"""What travels between the processes, as JSON: nothing that a library could make us unpickle."""

_LENGTH: Final = struct.Struct(">I")


class Channel:
    """Sends and receives messages.

    A message is the length of its JSON (4 bytes, big endian), the JSON, and the attachments, whose lengths
    are in the JSON. Secrets travel as attachments: a buffer that this class fills can be wiped
    (:func:`wipe`), a Python string cannot. ``deadline`` is on the clock of ``time.monotonic``, None for no
    limit.
    """

    def __init__(self, incoming: int, outgoing: int | None = None) -> None:
        """Take two descriptors, or one for both directions; the caller closes them."""
        self._incoming = incoming
        self._outgoing = incoming if outgoing is None else outgoing
        for descriptor in {self._incoming, self._outgoing}:
            os.set_blocking(descriptor, False)

    def send(self, message: Message, *attachments: bytes | bytearray, deadline: float | None = None) -> None:
        """Send a message and its attachments.

        Raises BrokenPipeError or ConnectionResetError when the other end is gone, TimeoutError at the
        deadline.
        """
        text = json.dumps(message | {"attachments": [len(one) for one in attachments]}).encode("ascii")
        for part in (_LENGTH.pack(len(text)) + text, *attachments):
            view = memoryview(part)
            while view:
                _wait(self._outgoing, select.POLLOUT, deadline)
                try:
                    view = view[os.write(self._outgoing, view) :]
                except BlockingIOError:  # another thread has filled the pipe meanwhile
                    continue

    def receive(self, deadline: float | None = None) -> tuple[Message, list[bytearray]]:
        """Wait for the next message and its attachments.

        Raises EOFError or ConnectionResetError when the other end is gone, TimeoutError at the deadline.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        message: Message = json.loads(self._read(length, deadline))
        return message, [self._read(size, deadline) for size in message.pop("attachments")]

    def _read(self, size: int, deadline: float | None) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            _wait(self._incoming, select.POLLIN, deadline)
            try:
                count = os.readv(self._incoming, [view])
            except BlockingIOError:
                continue
            if not count:
                raise EOFError("the other end of the channel is closed")
            view = view[count:]
        return buffer


def wipe(buffer: bytearray) -> None:
    """Overwrite the content of a buffer with zeros."""
    buffer[:] = bytes(len(buffer))


def _wait(descriptor: int, event: int, deadline: float | None) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if deadline is None:
        poll.poll()
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise TimeoutError("the other end of the channel does not answer in time")
