"""The keyring through a process of its own: which backend, and an error in time whatever it does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess, choice_of
from ppinui.secrets.keyring_errors import (
    BackendRefusedError,
    KeyringError,
    KeyringLockedError,
    KeyringTimeoutError,
    NoBackendError,
    VaultPassphraseError,
)
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.secrets.vault.vault_file import vault_path
from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses

ODD = "tests.secrets.odd_backends"


class Answers:
    """Somebody who answers questions with what was agreed, and remembers how often."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    def ask(self, prompt: str) -> Secret:
        self.questions.append(prompt)
        return Secret(self.answers.pop(0))


@pytest.fixture
def marked() -> Iterator[MarkedProcesses]:
    with MarkedProcesses() as processes:
        yield processes


def bare(home: Path, **more: str) -> dict[str, str]:
    """The environment of a server: a home, and no desktop."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **more}


def keyring(
    environ: dict[str, str], named: str | None = None, deadline: float = 20, asker: Answers | None = None
) -> KeyringProcess:
    return KeyringProcess(
        KeyringChoice(named, "--keyring", deadline),
        environ=environ,
        passphrases=PassphraseFinder(environ=environ, asker=asker),
    )


def test_what_is_set_can_be_got_and_deleted(tmp_path: Path) -> None:
    with keyring(bare(tmp_path), f"{ODD}.Remembers") as process:
        assert process.get("ppinui", "pin:A") is None
        process.set("ppinui", "pin:A", Secret("geheim\n\x00\U0001f600"))
        assert process.get("ppinui", "pin:A") == Secret("geheim\n\x00\U0001f600")
        assert process.delete("ppinui", "pin:A")
        assert not process.delete("ppinui", "pin:A")
        assert process.get("ppinui", "pin:A") is None


def test_a_large_secret_passes(tmp_path: Path) -> None:
    with keyring(bare(tmp_path), f"{ODD}.Remembers") as process:
        process.set("ppinui", "pin:A", Secret("x" * 1_000_000))
        assert process.get("ppinui", "pin:A") == Secret("x" * 1_000_000)


def test_the_option_goes_before_the_variable() -> None:
    assert choice_of("vault", {"PPINUI_KEYRING": "kwallet"}).named == "vault"
    assert choice_of(None, {"PPINUI_KEYRING": "kwallet"}).named == "kwallet"
    assert choice_of(None, {"PPINUI_KEYRING": ""}).named is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("keyring.backends.null.Keyring", "it drops what is stored"),
        ("keyring.backends.fail.Keyring", "it stores nothing"),
        ("keyring.backends.chainer.ChainerBackend", "it hands secrets to any backend"),
        ("keyrings.alt.file.PlaintextKeyring", "it stores plain text"),
        (f"{ODD}.PlaintextThing", "it stores plain text"),
        (f"{ODD}.HarmlessName", "it stores plain text"),
        (f"{ODD}.NoBackend", "is no keyring backend"),
        (f"{ODD}.Missing", "there is no keyring backend"),
        ("no.such.module.Keyring", "there is no keyring backend"),
        ("gnome", "there is no keyring backend called 'gnome'"),
        ("..", "there is no keyring backend"),
    ],
)
def test_a_backend_that_is_no_good_is_refused_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    with keyring(bare(tmp_path), name) as process, pytest.raises(BackendRefusedError) as caught:
        process.backend()
    assert reason in caught.value.message
    assert caught.value.place == "--keyring"
    assert "secretservice" in caught.value.remedy


def test_keyrings_own_setting_is_refused_if_it_is_no_good(tmp_path: Path) -> None:
    environ = bare(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring")
    with keyring(environ) as process, pytest.raises(BackendRefusedError) as caught:
        process.get("ppinui", "pin:A")
    assert caught.value.place == "PYTHON_KEYRING_BACKEND"


def test_a_backend_nobody_knows_needs_to_be_named_to_us(tmp_path: Path) -> None:
    settings = tmp_path / ".config/python_keyring/keyringrc.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[backend]\ndefault-keyring = {ODD}.Remembers\n")
    environ = bare(tmp_path, XDG_CONFIG_HOME=str(tmp_path / ".config"))
    with keyring(environ) as process, pytest.raises(BackendRefusedError) as caught:
        process.backend()
    assert caught.value.place == str(settings)
    assert f"--keyring {ODD}.Remembers" in caught.value.remedy
    with keyring(environ, f"{ODD}.Remembers") as process:
        assert process.backend().why == "named by --keyring"


def test_keyrings_own_setting_holds_if_it_is_a_good_one(vault_file: Path, tmp_path: Path) -> None:
    environ = bare(
        tmp_path,
        PPINUI_VAULT=str(vault_file),
        PYTHON_KEYRING_BACKEND="ppinui.secrets.vault_keyring.VaultKeyring",
    )
    with keyring(environ) as process, pytest.raises(KeyringError, match="nobody is there to unlock"):
        process.backend()


def test_a_backend_that_cannot_work_here_says_why(tmp_path: Path) -> None:
    with (
        keyring(bare(tmp_path), f"{ODD}.DoesNotWorkHere") as process,
        pytest.raises(NoBackendError) as caught,
    ):
        process.backend()
    assert "the machine has no such thing" in caught.value.message


def test_without_a_desktop_the_vault_is_offered_and_not_taken(tmp_path: Path, passphrase: Secret) -> None:
    environ = bare(tmp_path)
    with keyring(environ) as process, pytest.raises(NoBackendError) as caught:
        process.backend()
    assert "DBUS_SESSION_BUS_ADDRESS" in caught.value.place
    assert "ppinui vault create" in caught.value.remedy
    path = vault_path(environ)
    vault.create(path, passphrase, make_folder=True)
    with keyring(environ) as process, pytest.raises(NoBackendError) as caught:
        process.backend()
    assert f"use the vault {path}: --keyring vault" in caught.value.remedy


def test_the_vault_is_unlocked_by_a_person_who_may_try_three_times(
    vault_file: Path, tmp_path: Path, passphrase: Secret
) -> None:
    environ = bare(tmp_path, PPINUI_VAULT=str(vault_file))
    right = passphrase.reveal_bytes().decode()
    third = Answers("wrong", "wrong again", right)
    with keyring(environ, "vault", asker=third) as process:
        assert process.backend().place == str(vault_file)
        process.set("ppinui", "pin:A", Secret("1234"))
    asked = f"Passphrase of the vault {vault_file}: "
    assert third.questions == [asked, *[f"This does not open it. {asked}"] * 2]
    never = Answers("1", "2", "3", right)
    with keyring(environ, "vault", asker=never) as process, pytest.raises(VaultPassphraseError):
        process.get("ppinui", "pin:A")
    assert never.answers == [right]


def test_a_service_unlocks_the_vault_by_its_credential(
    vault_file: Path, tmp_path: Path, passphrase: Secret
) -> None:
    (tmp_path / "ppinui-vault").write_bytes(passphrase.reveal_bytes() + b"\n")
    environ = bare(tmp_path, PPINUI_VAULT=str(vault_file), CREDENTIALS_DIRECTORY=str(tmp_path))
    with keyring(environ, "vault") as process:
        process.set("ppinui", "pin:A", Secret("1234"))
    (tmp_path / "ppinui-vault").write_text("wrong")
    with keyring(environ, "vault") as process, pytest.raises(VaultPassphraseError):
        process.get("ppinui", "pin:A")


def test_a_damaged_vault_is_not_taken_for_a_wrong_passphrase(
    vault_file: Path, tmp_path: Path, passphrase: Secret
) -> None:
    vault_file.write_bytes(vault_file.read_bytes()[:-1])
    (tmp_path / "ppinui-vault").write_bytes(passphrase.reveal_bytes())
    environ = bare(tmp_path, PPINUI_VAULT=str(vault_file), CREDENTIALS_DIRECTORY=str(tmp_path))
    with keyring(environ, "vault") as process, pytest.raises(KeyringError, match="damaged") as caught:
        process.get("ppinui", "pin:A")
    assert caught.value.place == str(vault_file)


def test_a_keyring_that_never_answers_is_an_error_in_time(tmp_path: Path, marked: MarkedProcesses) -> None:
    process = keyring(bare(tmp_path, **marked.environ), f"{ODD}.NeverAnswers", deadline=1)
    process.backend()
    begin = time.monotonic()
    with pytest.raises(KeyringTimeoutError) as caught:
        process.get("ppinui", "pin:A")
    assert time.monotonic() - begin < patient(2)
    assert "another screen" in caught.value.remedy
    marked.assert_none_left()


def test_a_bus_that_never_answers_is_an_error_in_time(tmp_path: Path, marked: MarkedProcesses) -> None:
    """Already the question whether there is a keyring may block."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        environ = bare(tmp_path, DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/bus", **marked.environ)
        with pytest.raises(KeyringTimeoutError):
            keyring(environ, deadline=1).get("ppinui", "pin:A")


def test_what_timed_out_is_not_stored_later(tmp_path: Path, marked: MarkedProcesses) -> None:
    trace = tmp_path / "went on"
    environ = bare(tmp_path, KEYRING_PROPERTY_TRACE=str(trace), **marked.environ)
    process = keyring(environ, f"{ODD}.NeverAnswersWhenSet", deadline=1)
    with pytest.raises(KeyringTimeoutError):
        process.set("ppinui", "pin:A", Secret("1234"))
    marked.assert_none_left()
    assert not trace.exists()


def test_a_locked_keyring_is_called_locked(tmp_path: Path) -> None:
    with keyring(bare(tmp_path), f"{ODD}.IsLocked") as process:
        with pytest.raises(KeyringLockedError, match="Failed to unlock"):
            process.get("ppinui", "pin:A")
        with pytest.raises(KeyringLockedError):
            process.set("ppinui", "pin:A", Secret("1234"))


def test_a_backend_that_dies_is_an_error_and_the_next_call_starts_again(tmp_path: Path) -> None:
    with keyring(bare(tmp_path), f"{ODD}.Dies") as process:
        with pytest.raises(KeyringError, match="has ended"):
            process.get("ppinui", "pin:A")
        process.set("ppinui", "pin:A", Secret("1234"))


def test_what_a_backend_prints_disturbs_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with keyring(bare(tmp_path), f"{ODD}.Prints") as process:
        process.set("ppinui", "pin:A", Secret("1234"))
        assert process.get("ppinui", "pin:A") == Secret("1234")
    assert capfd.readouterr() == ("", "")


def test_an_error_never_repeats_the_secret(tmp_path: Path) -> None:
    with keyring(bare(tmp_path), f"{ODD}.RepeatsTheSecret") as process:
        with pytest.raises(KeyringError) as caught:
            process.set("ppinui", "pin:A", Secret("canary-1234"))
        assert "canary" not in " ".join(caught.value.lines())


def test_nothing_is_left_when_the_program_is_killed(tmp_path: Path, marked: MarkedProcesses) -> None:
    program = f"""
import os, sys
from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.vault.passphrase import PassphraseFinder
process = KeyringProcess(
    KeyringChoice("{ODD}.NeverAnswers"), environ=os.environ, passphrases=PassphraseFinder(environ={{}})
)
process.backend()
print("there", flush=True)
process.get("ppinui", "pin:A")
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        env=bare(tmp_path, PYTHONPATH=os.pathsep.join(sys.path), **marked.environ),
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"there\n"
        child.kill()
        child.wait()
    marked.assert_none_left()


def test_the_process_has_no_core_dumps_and_shows_its_memory_to_nobody(tmp_path: Path) -> None:
    code = (
        "from ppinui.workers.hardening import harden, is_hardened; assert not is_hardened();"
        "assert harden(); assert is_hardened()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with keyring(bare(tmp_path), f"{ODD}.Remembers") as process:
        process.backend()
        assert process._process is not None
        limits = Path(f"/proc/{process._process.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
