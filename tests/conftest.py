"""Fixtures for every test: tokens, listeners, the odd module, modules that do not load, marked processes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.rig.listeners import Listener, listener_factory
from tests.rig.softhsm import SoftHsm, Token, make_softhsm


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Four tokens for tests that read, log in and leave nothing behind (session objects are fine)."""
    labels = ["PARTITION-A", "PARTITION-B", "PARTITION-C", "PARTITION-D"]
    return make_softhsm(tmp_path_factory.mktemp("softhsm") / "shared", labels)


@pytest.fixture
def make_tokens(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SoftHsm]:
    """`make_tokens("A", Token("B", pin="1"))`: a token directory of the test's own; as many as it likes."""
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("softhsm")

    def make(*tokens: str | Token) -> SoftHsm:
        return make_softhsm(folder / str(next(numbers)), tokens)

    return make


@pytest.fixture
def listening() -> Iterator[Callable[[Listener], Listener]]:
    """`hsm = listening(accepting())`: closes the listener when the test is over."""
    with listener_factory() as keep:
        yield keep
