"""The status list, as ppin documents it."""

from __future__ import annotations

from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import Where, status_rows
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from tests.rig.credentials import UserSlot, credentials_of
from tests.secrets.memory_keyring import MemoryKeyring


def test_the_list_is_the_documented_one() -> None:
    known = credentials_of(
        UserSlot("hsm0", 0, "Partition-1"), UserSlot("hsm0", 5, "CLOUDHSMPAR", "eqabxrfnqqos")
    )
    store = SecretStore(MemoryKeyring())
    store.put(StoredSecret(SecretKind.PERMANENT, "Partition-1", password=Secret("x")))
    assert [row.text() for row in status_rows(known, store, ())] == [
        "[01] slot-id 0:    user 'Partition-1'   permanent secret: Configured",
        "[02] slot-id 5:    user 'CLOUDHSMPAR'   permanent secret: MISSING",
        "[01] service/proxy user 'eqabxrfnqqos'  permanent secret: MISSING",
    ]


def test_users_of_every_hsm_are_listed_again_and_asked_for_once() -> None:
    known = credentials_of(
        *(UserSlot(hsm, number, f"P{number}", "S") for hsm in ("hsm0", "hsm1") for number in range(5))
    )
    keyring = MemoryKeyring()
    rows = status_rows(known, SecretStore(keyring), ())
    assert [row.number for row in rows] == [*range(1, 11), 1, 2]
    assert keyring.calls == 6


def test_a_secret_in_the_applications_file_counts_and_needs_no_keyring() -> None:
    known = credentials_of(UserSlot("hsm0", 1, "A", "S"), UserSlot("hsm0", 2, "B", "T", clear=True))
    keyring = MemoryKeyring(fails=lambda number: True)
    in_file = [(SecretKind.PERMANENT, "A"), (SecretKind.PERMANENT, "B"), (SecretKind.PROXY, "S")]
    rows = status_rows(known, SecretStore(keyring), in_file)
    assert [row.where for row in rows] == [(Where.FILE,), (Where.FILE,), (Where.FILE,), (Where.CONFIG,)]
    assert all(row.text().endswith("permanent secret: Configured") for row in rows)


def test_every_place_is_told_when_asked_for() -> None:
    known = credentials_of(UserSlot("hsm0", 1, "A"))
    store = SecretStore(MemoryKeyring())
    store.put(StoredSecret(SecretKind.PERMANENT, "A", password=Secret("x")))
    (row,) = status_rows(known, store, [(SecretKind.PERMANENT, "A")], everywhere=True)
    assert row.where == (Where.FILE, Where.KEYRING)
