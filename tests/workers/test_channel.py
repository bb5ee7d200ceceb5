"""Messages and bytes through a pipe: whole, or an error in time."""

from __future__ import annotations

import os
import threading
import time

import pytest

from ppinui.workers.channel import Channel, wipe

LARGE = os.urandom(1_000_000)


def test_more_than_a_pipe_holds_arrives_whole() -> None:
    incoming, outgoing = os.pipe()
    channel = Channel(incoming, outgoing)
    sender = threading.Thread(target=channel.send, args=({"kind": "\udce4"}, LARGE, bytearray(), b"x"))
    sender.start()

    message, attachments = channel.receive()

    sender.join()
    assert message == {"kind": "\udce4"}
    assert attachments == [LARGE, b"", b"x"]
    os.close(incoming)
    os.close(outgoing)


def test_neither_direction_waits_longer_than_its_deadline() -> None:
    incoming, outgoing = os.pipe()
    channel = Channel(incoming, outgoing)
    begun = time.monotonic()

    with pytest.raises(TimeoutError):
        channel.receive(begun + 0.1)
    with pytest.raises(TimeoutError):
        channel.send({}, LARGE, deadline=begun + 0.2)

    assert time.monotonic() - begun < 5
    os.close(incoming)
    os.close(outgoing)


def test_a_message_that_breaks_off_is_an_end() -> None:
    incoming, outgoing = os.pipe()
    os.write(outgoing, b"\0\0\0\x10{")
    os.close(outgoing)

    with pytest.raises(EOFError):
        Channel(incoming).receive()
    os.close(incoming)


def test_a_wiped_buffer_keeps_its_length() -> None:
    buffer = bytearray(b"1234")
    wipe(buffer)
    assert buffer == bytes(4)
