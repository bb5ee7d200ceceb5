"""Which keyring, whose it is, and the bus that it is reached by."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.diagnostic import Severity
from ppinui.doctor.keyring_findings import KeyringSeen, look_at_bus, look_at_keyring, look_at_owner
from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.secrets.vault.vault_format import KdfCost
from ppinui.services.context import user_name
from tests.rig.hosts import ALICE, MakeContext
from tests.rig.patience import patient
from tests.secrets.desktop import desktop


def seen_with(
    environ: dict[str, str], *, named: str | None = None, seconds: float = 20, keyspace: str | None = None
) -> KeyringSeen:
    choice = KeyringChoice(named, "--keyring", seconds)
    finder = PassphraseFinder(environ=environ)
    with KeyringProcess(choice, environ=environ, passphrases=finder) as keyring:
        return look_at_keyring(SecretStore(keyring, keyspace=keyspace), named=named is not None)


def test_a_real_secret_service_open_and_locked(tmp_path: Path) -> None:
    with desktop(tmp_path) as session:
        seen = seen_with(dict(session.environ), keyspace="test")
        assert seen.finding.severity is Severity.OK
        assert seen.finding.message == "secretservice (this system's own keyring), service ppinui/test"
        session.lock()
        seen = seen_with(dict(session.environ))
        assert seen.backend is None
        assert seen.finding.severity is Severity.ERROR
        assert "the keyring is locked" in seen.finding.message


def test_a_keyring_that_never_answers_is_one_line_within_the_deadline() -> None:
    begin = time.monotonic()
    seen = seen_with(
        {**os.environ, "PYTHONPATH": ""}, named="tests.secrets.odd_backends.NeverAnswers", seconds=1
    )
    assert time.monotonic() - begin < patient(5)
    assert seen.finding.severity is Severity.ERROR
    assert "did not answer within 1 s" in seen.finding.message


def test_no_keyring_at_all_is_a_warning_and_a_named_one_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    bare = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    seen = seen_with(bare)
    assert (seen.finding.severity, seen.backend) == (Severity.WARNING, None)
    assert "ppinui vault create" in str(seen.finding.remedy)
    assert seen_with(bare, named="vault").finding.severity is Severity.ERROR


def test_under_sudo_it_is_roots(machine: MakeContext, tmp_path: Path) -> None:
    root = replace(ALICE, uid=os.geteuid(), name="root")
    around = machine(account=replace(root, uid=0), environ={"SUDO_USER": "alice"})
    (found,) = look_at_owner(around)
    assert found.severity is Severity.WARNING
    assert found.message == "root, because of sudo: alice has another keyring"


def test_a_home_of_somebody_else_is_told(machine: MakeContext, tmp_path: Path) -> None:
    stranger = replace(ALICE, uid=tmp_path.stat().st_uid + 1)
    owner, home = look_at_owner(machine(account=stranger, environ={"HOME": str(tmp_path)}))
    assert (owner.severity, owner.message) == (Severity.OK, "alice")
    assert home.message == f"HOME is {tmp_path}, which belongs to {user_name(tmp_path.stat().st_uid)}"
    _, gone = look_at_owner(machine(environ={"HOME": str(tmp_path / "none")}))
    assert gone.severity is Severity.WARNING


def test_a_service_account_is_called_one(machine: MakeContext) -> None:
    (found,) = look_at_owner(machine(account=replace(ALICE, name="signer", is_service=True)))
    assert found.message == "signer, a service account"


@pytest.mark.parametrize(
    ("keyring", "state"),
    [("vault", Severity.OK), ("secretservice", Severity.WARNING), (None, Severity.WARNING)],
)
def test_without_a_session_bus(machine: MakeContext, keyring: str | None, state: Severity) -> None:
    assert look_at_bus(machine(environ={"HOME": "/nowhere"}), keyring).severity is state


def test_without_a_session_bus_the_vault_that_is_there_is_named(machine: MakeContext, tmp_path: Path) -> None:
    path = tmp_path / "vault"
    around = machine(environ={"PPINUI_VAULT": str(path)})
    assert "ppinui vault create" in str(look_at_bus(around, None).remedy)
    vault.create(path, Secret("passphrase"), make_folder=False, cost=KdfCost(64, 1, 1))
    assert look_at_bus(around, None).remedy == (
        f"use the vault {path}: --keyring vault, or PPINUI_KEYRING=vault"
    )
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    found = look_at_bus(around, None)
    assert found.remedy == (
        f"repair the vault {path}, then use it with --keyring vault: "
        "the vault is damaged: its checksum does not fit; restore it from a backup"
    )


def test_a_damaged_vault_is_said_to_be_so_before_anybody_is_asked_for_its_passphrase(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vault"
    path.write_bytes(b"cut off")
    path.chmod(0o600)
    environ = {**os.environ, "PPINUI_VAULT": str(path), "CREDENTIALS_DIRECTORY": ""}
    seen = seen_with(environ, named="vault")
    assert seen.finding.severity is Severity.ERROR
    assert "this is no vault" in seen.finding.message


def test_a_bus_that_the_variable_does_not_name_is_shown(machine: MakeContext, tmp_path: Path) -> None:
    bus = tmp_path / "run/user/1000/bus"
    bus.parent.mkdir(parents=True)
    bus.touch()
    found = look_at_bus(machine(), None)
    assert found.remedy == f"export DBUS_SESSION_BUS_ADDRESS=unix:path={bus}"


def test_a_bus_answers_or_not(machine: MakeContext, tmp_path: Path) -> None:
    path = tmp_path / "my bus"
    address = f"unix:path={tmp_path}/my%20bus,guid=0123"
    around = machine(environ={"DBUS_SESSION_BUS_ADDRESS": address})
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert look_at_bus(around, "secretservice").severity is Severity.OK
    gone = look_at_bus(around, None)
    assert gone.severity is Severity.ERROR
    assert "does not answer: Connection refused" in gone.message
    assert look_at_bus(around, "vault").severity is Severity.WARNING


def test_a_bus_of_another_sort_is_left_to_the_keyring(machine: MakeContext) -> None:
    around = machine(environ={"DBUS_SESSION_BUS_ADDRESS": "tcp:host=localhost,port=1"})
    assert look_at_bus(around, "secretservice").severity is Severity.OK
