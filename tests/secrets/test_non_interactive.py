"""Looking at a keyring without its ever asking its user."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.keyring_errors import KeyringError, KeyringLockedError, KeyringMayAskError
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.passphrase import PassphraseFinder
from tests.rig.patience import patient
from tests.secrets.desktop import Desktop, desktop


class Person:
    """Somebody who knows the passphrase, and remembers how often it was asked for."""

    def __init__(self, passphrase: Secret) -> None:
        self.passphrase = passphrase
        self.asked = 0

    def ask(self, _: str) -> Secret:
        self.asked += 1
        return Secret(self.passphrase.reveal_bytes())


def keyring(named: str | None, environ: dict[str, str], asker: Person | None = None) -> KeyringProcess:
    environ = {"PATH": os.environ["PATH"], **environ}
    finder = PassphraseFinder(environ=environ, asker=asker)
    return KeyringProcess(KeyringChoice(named), environ=environ, passphrases=finder)


def test_a_vault_is_not_unlocked_by_a_look_but_stays_open_for_one(
    vault_file: Path, tmp_path: Path, passphrase: Secret
) -> None:
    person = Person(passphrase)
    environ = {"HOME": str(tmp_path), "PPINUI_VAULT": str(vault_file)}
    with keyring("vault", environ, person) as process:
        with process.quietly(), pytest.raises(KeyringLockedError):
            process.get("ppinui", "pin:A")
        assert person.asked == 0
        process.set("ppinui", "pin:A", Secret("1234"))
        assert person.asked == 1
        with process.quietly():
            assert process.get("ppinui", "pin:A") == Secret("1234")
    assert person.asked == 1


def test_a_credential_unlocks_the_vault_for_a_look_too(
    vault_file: Path, tmp_path: Path, passphrase: Secret
) -> None:
    (tmp_path / "ppinui-vault").write_bytes(passphrase.reveal_bytes())
    environ = {
        "HOME": str(tmp_path),
        "PPINUI_VAULT": str(vault_file),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    with keyring("vault", environ) as process, process.quietly():
        assert process.get("ppinui", "pin:A") is None


def test_a_keyring_that_might_ask_is_not_looked_at(tmp_path: Path) -> None:
    with keyring("tests.secrets.odd_backends.Remembers", {"HOME": str(tmp_path)}) as process:
        with process.quietly(), pytest.raises(KeyringMayAskError) as caught:
            process.get("ppinui", "pin:A")
        assert caught.value.place == "tests.secrets.odd_backends.Remembers"
        assert process.get("ppinui", "pin:A") is None


def test_an_open_secret_service_is_read(session: Desktop, keyspace: str) -> None:
    with keyring(None, dict(session.environ)) as process:
        process.set(keyspace, "pin:A", Secret("1234"))
        with process.quietly():
            assert process.get(keyspace, "pin:A") == Secret("1234")
            assert process.get(keyspace, "pin:B") is None


def test_a_locked_secret_service_is_locked_and_one_without_a_collection_has_nothing(tmp_path: Path) -> None:
    with desktop(tmp_path) as own, keyring(None, dict(own.environ)) as process, process.quietly():
        own.lock()
        with pytest.raises(KeyringLockedError):
            process.get("ppinui", "pin:A")
    (tmp_path / "empty").mkdir()
    with (
        desktop(tmp_path / "empty", unlocked=False) as own,
        keyring(None, dict(own.environ)) as process,
    ):
        with process.quietly():
            assert process.get("ppinui", "pin:A") is None
        with pytest.raises(KeyringLockedError):  # it would ask for a password to make one with
            process.get("ppinui", "pin:A")


def test_who_waits_for_a_keyring_that_is_abandoned_hears_of_it_at_once(tmp_path: Path) -> None:
    process = keyring("tests.secrets.odd_backends.NeverAnswers", {"HOME": str(tmp_path)})
    failures: list[KeyringError] = []

    def wait() -> None:
        try:
            process.get("ppinui", "pin:A")
        except KeyringError as error:
            failures.append(error)

    with process:
        process.backend()
        waiting = threading.Thread(target=wait)
        waiting.start()
        begun = time.monotonic()
        process.abandon()
        waiting.join(10)
        assert time.monotonic() - begun < patient(5)
    assert len(failures) == 1
