"""Keyring and .secrets.cfg side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.diagnostic import Severity
from ppinui.doctor.comparison import compare
from ppinui.doctor.file_findings import SecretsFileSeen
from ppinui.secrets import secrets_file
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from tests.doctor.doctor_rig import about
from tests.rig.credentials import UserSlot, credentials_of
from tests.secrets.memory_keyring import MemoryKeyring

FILE = """\
version = "1.0";
primus: { users: {
  user0: { name = "PAYMENTS"; blob = "Kanarie-A"; };
  user1: { name = "SIGNING"; blob = "Kanarie-B"; };
}; proxies: { proxy0: { name = "P"; blob = "Kanarie-C"; }; }; };
"""
USERS = credentials_of(UserSlot("hsm0", 0, "PAYMENTS", "P"), UserSlot("hsm0", 1, "SIGNING"))
PAYMENTS = "permanent secret of 'PAYMENTS'"
SIGNING = "permanent secret of 'SIGNING'"
PROXY = "proxy password of 'P'"


def seen(path: Path, text: str = FILE) -> SecretsFileSeen:
    path.write_text(text)
    entries = secrets_file.read(text, str(path), partitions=USERS.partitions, proxies=USERS.proxies)
    return SecretsFileSeen((), path, {(entry.kind, entry.name): entry.opaque for entry in entries})


@pytest.fixture
def file(tmp_path: Path) -> SecretsFileSeen:
    return seen(tmp_path / ".secrets.cfg")


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def store(keyring: MemoryKeyring) -> SecretStore:
    return SecretStore(keyring)


def keep(store: SecretStore, file: SecretsFileSeen) -> None:
    assert file.entries is not None
    for (kind, name), entry in file.entries.items():
        store.put(StoredSecret(kind, name, entry=entry))


def test_the_same_in_both_whatever_the_group_is_called(
    tmp_path: Path, file: SecretsFileSeen, store: SecretStore
) -> None:
    keep(store, file)
    moved = seen(tmp_path / "moved", FILE.replace("user0", "user7"))
    for in_use in (file, moved):
        assert {finding.severity for finding in compare(USERS, in_use, store)} == {Severity.OK}


def test_a_secret_that_differs_is_wrong_and_not_shown(
    tmp_path: Path, file: SecretsFileSeen, store: SecretStore
) -> None:
    keep(store, file)
    changed = seen(tmp_path / "changed", FILE.replace("Kanarie-A", "Kanarie-Z"))
    findings = tuple(compare(USERS, changed, store))
    found = about(PAYMENTS, findings)
    assert found.severity is Severity.ERROR
    assert "differs from the one in the secrets file" in found.message
    assert about(SIGNING, findings).severity is Severity.OK
    assert "Kanarie" not in repr(findings)


def test_a_secret_in_one_place_alone(file: SecretsFileSeen, store: SecretStore) -> None:
    assert file.entries is not None
    permanent = (SecretKind.PERMANENT, "PAYMENTS")
    store.put(StoredSecret(*permanent, entry=file.entries[permanent]))
    rest = replace(file, entries={key: entry for key, entry in file.entries.items() if key != permanent})
    findings = tuple(compare(USERS, rest, store))
    assert about(PAYMENTS, findings).message.startswith("in the keyring alone")
    assert about(SIGNING, findings).message.startswith("in the secrets file alone")
    assert {finding.severity for finding in findings} == {Severity.WARNING}


def test_a_secret_of_nobody_is_missing_and_one_in_the_keyring_enough_without_a_file(
    file: SecretsFileSeen, store: SecretStore
) -> None:
    keep(store, file)
    store.remove(SecretKind.PERMANENT, "SIGNING")
    findings = tuple(compare(USERS, SecretsFileSeen((), entries={}), store))
    assert (about(PAYMENTS, findings).severity, about(PAYMENTS, findings).message) == (
        Severity.OK,
        "in the keyring",
    )
    missing = about(SIGNING, findings)
    assert (missing.severity, missing.remedy) == (Severity.ERROR, "ppinui -a -e SIGNING")


def test_a_proxy_password_as_typed_cannot_be_compared(file: SecretsFileSeen, store: SecretStore) -> None:
    store.put(StoredSecret(SecretKind.PROXY, "P", password=Secret("typed")))
    found = about(PROXY, tuple(compare(USERS, file, store)))
    assert found.severity is Severity.OK
    assert "cannot be compared" in found.message


def test_a_proxy_password_in_primus_cfg_alone(store: SecretStore) -> None:
    users = credentials_of(UserSlot("hsm0", 0, "PAYMENTS", "P", clear=True))
    found = about(PROXY, tuple(compare(users, SecretsFileSeen((), entries={}), store)))
    assert (found.severity, found.remedy) == (Severity.WARNING, "ppinui secret adopt")


def test_a_rejected_secret_is_wrong(file: SecretsFileSeen, store: SecretStore) -> None:
    keep(store, file)
    stored = store.get(SecretKind.PERMANENT, "PAYMENTS")
    assert stored is not None
    store.mark_rejected(stored, "hsm1 (CKR_PIN_INCORRECT)")
    store.mark_rejected(store.put(StoredSecret(SecretKind.PIN, "SIGNING", password=Secret("1"))), "hsm1")
    findings = tuple(compare(USERS, file, store))
    assert about(PAYMENTS, findings).remedy == "replace it: ppinui -u -e PAYMENTS"
    assert "rejected by hsm1 (CKR_PIN_INCORRECT)" in about(PAYMENTS, findings).message
    assert about("PIN of 'SIGNING'", findings).remedy == "replace it: ppinui secret set-pin SIGNING"


def test_an_entry_that_nobody_can_read_costs_its_own_line(
    file: SecretsFileSeen, store: SecretStore, keyring: MemoryKeyring
) -> None:
    keep(store, file)
    keyring.kept["ppinui", "permanent:PAYMENTS"] = b"rubbish"
    findings = tuple(compare(USERS, file, store))
    assert about(PAYMENTS, findings).severity is Severity.ERROR
    assert about(SIGNING, findings).severity is Severity.OK


def test_a_keyring_that_fails_on_the_way_is_one_line(file: SecretsFileSeen) -> None:
    store = SecretStore(MemoryKeyring(fails=lambda number: number > 1))
    *before, last = compare(USERS, file, store)
    assert len(before) == 1
    assert (last.subject, last.severity) == ("keyring", Severity.ERROR)


def test_without_a_keyring_the_file_is_looked_at_alone(file: SecretsFileSeen) -> None:
    users = credentials_of(UserSlot("hsm0", 0, "PAYMENTS", "P"), UserSlot("hsm0", 1, "NEW"))
    findings = tuple(compare(users, file, None))
    assert about(PAYMENTS, findings).severity is Severity.OK
    assert about("permanent secret of 'NEW'", findings).severity is Severity.ERROR


def test_a_secrets_file_that_cannot_be_read_makes_nothing_missing(store: SecretStore) -> None:
    findings = tuple(compare(USERS, SecretsFileSeen((), Path("/x"), None), store))
    assert {finding.severity for finding in findings} == {Severity.WARNING}
