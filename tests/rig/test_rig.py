"""The rig holds what it promises: what other tests stand on is tested here."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.rig.listeners import Listener, accepting, refusing, resetting, silent
from tests.rig.softhsm import SoftHsm, Token

Keep = Callable[[Listener], Listener]


def test_tokens_have_the_labels_and_pins_asked_for(make_tokens: Callable[..., SoftHsm]) -> None:
    hsm = make_tokens("ALPHA", Token("BETA WITH SPACE", pin="8642"))

    for token in hsm.tokens:
        at = ["pkcs11-tool", "--module", str(hsm.module), "--slot", str(token.slot_id)]
        login = subprocess.run(
            [*at, "--login", "--pin", token.pin, "--list-objects", "--list-token-slots"],
            env=os.environ | hsm.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"token label        : {token.label}\n" in login.stdout


def test_an_accepting_listener_counts_connections_and_their_ends(listening: Keep) -> None:
    hsm = listening(accepting())
    first = socket.create_connection((hsm.host, hsm.port))
    second = socket.create_connection((hsm.host, hsm.port))
    hsm.wait_for(2, still_open=2)
    first.close()
    second.close()
    hsm.wait_for(2, still_open=0)


def test_a_refusing_port_refuses(listening: Keep) -> None:
    hsm = listening(refusing())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((hsm.host, hsm.port))


def test_a_resetting_listener_resets(listening: Keep) -> None:
    hsm = listening(resetting())
    with socket.create_connection((hsm.host, hsm.port)) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_silent_listener_lets_every_connect_hang(listening: Keep) -> None:
    hsm = listening(silent())
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            socket.create_connection((hsm.host, hsm.port), timeout=0.3)
        assert time.monotonic() - began >= 0.3


def test_a_closed_listener_refuses(listening: Keep) -> None:
    hsm = listening(accepting())
    hsm.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((hsm.host, hsm.port))
