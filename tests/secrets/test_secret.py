"""A Secret does not show itself, and does not travel by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ppinui.secrets.secret import Secret
from ppinui.text import MASK

CANARY = "canary-7f3a-Ünïcode"


@pytest.fixture
def secret() -> Secret:
    return Secret(CANARY)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r:>30}".format,
        lambda secret: f"{secret:^20}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the oldest way to print has to be safe too
        lambda secret: repr([secret]),
        lambda secret: repr({"pin": secret}),
        ascii,
    ],
)
def test_it_shows_itself_as_dots(show: Callable[[Secret], str], secret: Secret) -> None:
    shown = show(secret)
    assert "canary" not in shown
    assert MASK in shown or ascii(MASK)[1:-1] in shown


@pytest.mark.parametrize(
    "travel",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, lambda secret: pickle.dumps(secret, 0), hash],
)
def test_it_cannot_be_pickled_copied_or_hashed(travel: Callable[[Secret], object], secret: Secret) -> None:
    with pytest.raises(TypeError) as refusal:
        travel(secret)
    assert "canary" not in str(refusal.value)


def test_it_does_not_reach_a_log(secret: Secret, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("ppinui").warning("the PIN is %s (%r)", secret, secret)
    assert "canary" not in caplog.text
    assert MASK in caplog.text


def test_it_does_not_reach_a_traceback_that_shows_locals(secret: Secret) -> None:
    @dataclass
    class Holder:
        pin: Secret

    def fail() -> None:
        holder = Holder(secret)
        raise ValueError(f"bad {holder}")

    with pytest.raises(ValueError, match="bad") as failure:
        fail()
    shown = traceback.TracebackException.from_exception(failure.value, capture_locals=True)
    text = "".join(shown.format())
    assert "canary" not in text
    assert MASK in text


def test_the_clear_text_comes_out_by_one_method(secret: Secret) -> None:
    assert secret.reveal_bytes() == CANARY.encode()
    assert Secret(b"\xff\x00").reveal_bytes() == b"\xff\x00"
    assert Secret("\udcff").reveal_bytes() == b"\xff"


def test_it_has_no_attributes_to_look_through(secret: Secret) -> None:
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        vars(secret)


def test_a_wiped_secret_is_empty(secret: Secret) -> None:
    secret.wipe()
    assert not secret
    assert secret.reveal_bytes() == b""


def test_secrets_are_compared_by_their_clear_text(secret: Secret) -> None:
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    assert secret != CANARY
