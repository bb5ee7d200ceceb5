"""What the tests of the secret room share: a cheap vault, and a canary to look for."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from tests.secrets.desktop import Desktop, desktop

CHEAP = KdfCost(memory=64, iterations=1, lanes=1)
"""So that a test does not wait for Argon2."""


@pytest.fixture
def passphrase() -> Secret:
    return Secret(secrets.token_hex(8))


@pytest.fixture
def vault_file(tmp_path: Path, passphrase: Secret) -> Path:
    """An empty vault that opens with ``passphrase``."""
    path = tmp_path / "vault"
    vault.create(path, passphrase, make_folder=False, cost=CHEAP)
    return path


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A desktop session with the real GNOME keyring, unlocked. Tests that lock it make their own."""
    with desktop(tmp_path_factory.mktemp("session")) as running:
        yield running


@pytest.fixture
def keyspace() -> str:
    """A part of the session's keyring that no other test uses."""
    return f"test-{secrets.token_hex(6)}"
