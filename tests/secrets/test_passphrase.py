"""Where the vault's passphrase comes from: one source, and no second guess at what it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ppinui.errors import SecretUnavailable
from ppinui.secrets.keyring_errors import KeyringLockedError
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.passphrase import PassphraseFinder, read_passphrase


class Person:
    def __init__(self) -> None:
        self.questions: list[str] = []

    def ask(self, prompt: str) -> Secret:
        self.questions.append(prompt)
        return Secret(f"answer {len(self.questions)}")


def descriptor_of(clear: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, clear)
    os.close(writing)
    return reading


def candidates(finder: PassphraseFinder) -> list[bytes]:
    return [passphrase.reveal_bytes() for passphrase in finder.candidates("/v")]


def test_a_descriptor_goes_before_all_and_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "ppinui-vault").write_text("credential")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    descriptor = descriptor_of(b"by descriptor\n")
    finder = PassphraseFinder(descriptor=descriptor, environ=environ, asker=Person())
    assert candidates(finder) == [b"by descriptor"]
    os.close(descriptor)


def test_a_credential_goes_before_a_person(tmp_path: Path) -> None:
    (tmp_path / "ppinui-vault").write_bytes(b" spaces stay \r\n")
    finder = PassphraseFinder(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, asker=Person())
    assert candidates(finder) == [b" spaces stay "]


def test_a_service_with_other_credentials_asks_the_person(tmp_path: Path) -> None:
    person = Person()
    finder = PassphraseFinder(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, asker=person)
    assert candidates(finder) == [b"answer 1", b"answer 2", b"answer 3"]
    assert person.questions == [
        "Passphrase of the vault /v: ",
        *["This does not open it. Passphrase of the vault /v: "] * 2,
    ]


def test_nobody_to_ask_is_a_locked_keyring() -> None:
    with pytest.raises(KeyringLockedError, match="nobody is there") as caught:
        candidates(PassphraseFinder(environ={}))
    assert "--vault-passphrase-fd" in caught.value.remedy
    assert "ppinui-vault" in caught.value.remedy


@pytest.mark.parametrize("clear", [b"", b"one\ntwo", b"x" * 4000, b"\xff\x00"])
def test_all_that_a_descriptor_holds_is_the_passphrase(clear: bytes) -> None:
    descriptor = descriptor_of(clear)
    assert read_passphrase(descriptor).reveal_bytes() == clear
    os.close(descriptor)


def test_a_source_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable, match="Bad file descriptor"):
        candidates(PassphraseFinder(descriptor=999, environ={}))
    (tmp_path / "ppinui-vault").mkdir()
    with pytest.raises(SecretUnavailable, match="Is a directory"):
        candidates(PassphraseFinder(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}))


def test_a_whole_file_is_no_passphrase() -> None:
    descriptor = os.open("/dev/zero", os.O_RDONLY)
    with pytest.raises(SecretUnavailable, match="too long"):
        read_passphrase(descriptor)
    os.close(descriptor)
