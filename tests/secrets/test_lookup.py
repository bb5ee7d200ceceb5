"""What the keyring offers: good secrets, and the reasons for the others."""

from __future__ import annotations

from ppinui.secrets import secrets_file
from ppinui.secrets.lookup import offer_all
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from tests.secrets.memory_keyring import MemoryKeyring

FILE = 'version = "1.0"; primus: { users: { user0: { name = "A"; s = "1"; }; user1: { name = "B"; }; }; };'


def test_good_secrets_are_offered_and_the_others_named() -> None:
    store = SecretStore(MemoryKeyring())
    for entry in secrets_file.read(FILE, "f", partitions=("A", "B"), proxies=()):
        store.put(StoredSecret(entry.kind, entry.name, entry=entry.opaque))
    bad = store.get(SecretKind.PERMANENT, "B")
    assert bad is not None
    store.mark_rejected(bad, "hsm0")
    store.put(StoredSecret(SecretKind.PROXY, "S", password=Secret("pw")))
    users = [(SecretKind.PERMANENT, name) for name in "ABCA"] + [(SecretKind.PROXY, "S")]
    offered = offer_all(store, users)
    assert list(offered.withheld) == [(SecretKind.PERMANENT, "B")]
    assert offered.missing == ((SecretKind.PERMANENT, "C"),)
    assert offered.proxy_passwords() == {"S": Secret("pw")}
    file = offered.secrets_file()
    assert b'name = "A"' in file
    assert b'name = "B"' not in file
    assert "pw" not in repr(offered)
    offered.wipe()
    assert not offered.proxy_passwords()["S"]
