"""The store: what is kept comes back, half-stored secrets do not exist, rejected ones are not offered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError, SecretStore, decode_entry, encode_entry
from ppinui.secrets.stored_secret import OpaqueEntry, SecretKind, StoredSecret
from ppinui.secrets.vault.passphrase import PassphraseFinder
from tests.secrets.memory_keyring import MemoryKeyring

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
PROXY = StoredSecret(SecretKind.PROXY, "SERVICE", password=Secret("pw-1"), source="typed")


def store(keyring: MemoryKeyring, keyspace: str | None = None) -> SecretStore:
    return SecretStore(keyring, keyspace=keyspace, now=lambda: NOON)


def pin(clear: str, name: str = "PART") -> StoredSecret:
    return StoredSecret(SecretKind.PIN, name, password=Secret(clear), source="typed")


def test_a_secret_comes_back_with_when_and_where_from() -> None:
    keyring = MemoryKeyring()
    store(keyring).put(PROXY)
    found = store(keyring).get(SecretKind.PROXY, "SERVICE")
    assert found is not None
    assert found.password == Secret("pw-1")
    assert (found.added, found.source, found.validated) == (NOON, "typed", False)
    assert store(keyring).get(SecretKind.PROXY, "OTHER") is None
    assert store(keyring).get(SecretKind.PIN, "SERVICE") is None


@given(
    group=st.binary(min_size=1),
    frame=st.binary(),
    password=st.none() | st.binary(),
    source=st.text(),
    validated=st.booleans(),
)
def test_every_byte_of_an_entry_comes_back(
    group: bytes, frame: bytes, password: bytes | None, source: str, validated: bool
) -> None:
    secret = StoredSecret(
        SecretKind.PROXY,
        "P",
        password=None if password is None else Secret(password),
        entry=OpaqueEntry(Secret(group), Secret(frame)),
        added=NOON,
        source=source,
        validated=validated,
    )
    found = decode_entry(SecretKind.PROXY, "P", encode_entry(secret), "here")
    assert found.entry == secret.entry
    assert found.password == secret.password
    assert (found.added, found.source, found.validated) == (NOON, source, validated)


def test_keyspaces_are_separate_and_names_are_for_people() -> None:
    keyring = MemoryKeyring()
    store(keyring).put(pin("1111"))
    store(keyring, "test").put(pin("2222"))
    assert set(keyring.kept) == {("ppinui", "pin:PART"), ("ppinui/test", "pin:PART")}
    found = store(keyring, "test").get(SecretKind.PIN, "PART")
    assert found is not None
    assert found.password == Secret("2222")


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "-x", "a b", "x" * 65])
def test_a_keyspace_has_a_plain_name(name: str) -> None:
    with pytest.raises(PpinuiError, match="a keyspace cannot be called"):
        store(MemoryKeyring(), name)


def test_a_password_put_there_by_hand_is_found() -> None:
    keyring = MemoryKeyring(kept={("ppinui", "proxy:SERVICE"): b'{"by": "hand"}'})
    found = store(keyring).get(SecretKind.PROXY, "SERVICE")
    assert found is not None
    assert found.password == Secret('{"by": "hand"}')
    assert (found.added, found.source) == (None, "by hand")


@pytest.mark.parametrize(
    "entry", [b"text", b"", b'{"ppinui": 1}', b'{"ppinui": 1, "added": 7, "source": "x", "validated": true}']
)
def test_a_permanent_secret_that_is_none_is_an_error(entry: bytes) -> None:
    keyring = MemoryKeyring(kept={("ppinui", "permanent:PART"): entry})
    with pytest.raises(KeyringError, match="not one that ppinui wrote") as caught:
        store(keyring).get(SecretKind.PERMANENT, "PART")
    assert caught.value.place == "ppinui, permanent:PART"


def test_an_entry_of_a_newer_version_is_not_guessed_at() -> None:
    keyring = MemoryKeyring(kept={("ppinui", "pin:PART"): b'{"ppinui": 2}'})
    with pytest.raises(KeyringError, match="newer ppinui"):
        store(keyring).get(SecretKind.PIN, "PART")


def test_removing_leaves_nothing() -> None:
    keyring = MemoryKeyring()
    one = store(keyring)
    one.mark_rejected(one.put(pin("1111")), "hsm0")
    assert one.remove(SecretKind.PIN, "PART")
    assert not one.remove(SecretKind.PIN, "PART")
    assert keyring.kept == {}


def test_a_rejected_secret_is_offered_by_no_process_until_it_is_replaced() -> None:
    keyring = MemoryKeyring()
    one, other = store(keyring), store(keyring)
    one.put(pin("1111"))
    offered = one.offer(SecretKind.PIN, "PART")
    assert offered is not None
    one.mark_rejected(offered, "hsm0: 0x8000000B")
    with pytest.raises(SecretRejectedError, match="rejected by hsm0: 0x8000000B") as caught:
        other.offer(SecretKind.PIN, "PART")
    assert "1111" not in " ".join(caught.value.lines())
    assert other.get(SecretKind.PIN, "PART") is not None
    other.put(pin("2222"))
    found = one.offer(SecretKind.PIN, "PART")
    assert found is not None
    assert found.password == Secret("2222")


def test_the_same_secret_put_again_is_a_new_one() -> None:
    """Whoever stores it again says that it is good."""
    clock = iter([NOON, NOON, NOON.replace(hour=13)])
    one = SecretStore(MemoryKeyring(), now=lambda: next(clock))
    one.mark_rejected(one.put(pin("1111")), "hsm0")
    one.put(pin("1111"))
    assert one.offer(SecretKind.PIN, "PART") is not None


def test_a_rejection_does_not_stick_to_what_replaced_the_secret_meanwhile() -> None:
    keyring = MemoryKeyring()
    one, other = store(keyring), store(keyring)
    slow = one.put(pin("1111"))
    other.put(pin("2222"))
    one.mark_rejected(slow, "hsm0")
    found = one.offer(SecretKind.PIN, "PART")
    assert found is not None
    assert found.password == Secret("2222")


def test_only_what_came_from_the_keyring_can_be_marked() -> None:
    with pytest.raises(ValueError, match="only a secret that came from the keyring"):
        store(MemoryKeyring()).mark_rejected(pin("1111"), "hsm0")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("failing", range(1, 5))
def test_a_failure_at_any_moment_keeps_the_old_secret_or_stores_the_new_one(
    failing: int, before: str | None, late: bool
) -> None:
    keyring = MemoryKeyring(late=late)
    one = store(keyring)
    if before is not None:
        one.put(pin(before))
    start = keyring.calls
    keyring.fails = lambda number: number == start + failing
    failed = False
    try:
        one.put(pin("new"))
    except KeyringError:
        failed = True
    keyring.fails = {}.__contains__
    found = one.get(SecretKind.PIN, "PART")
    now = None if found is None else (found.password or Secret("")).reveal_bytes().decode()
    assert now == (before if failed else "new")


def test_when_the_old_secret_cannot_be_put_back_the_error_says_so() -> None:
    keyring = MemoryKeyring()
    one = store(keyring)
    one.put(pin("old"))
    start = keyring.calls
    keyring.fails = lambda number: number > start + 1
    with pytest.raises(KeyringError) as caught:
        one.put(pin("new"))
    assert "what is stored for pin:PART now is unknown" in caught.value.message


def test_a_keyring_that_forgets_is_found_out_before_anything_is_fetched(tmp_path: Path) -> None:
    for name in ("Forgets", "Garbles"):
        with KeyringProcess(
            KeyringChoice(f"tests.secrets.odd_backends.{name}"),
            environ={"HOME": str(tmp_path)},
            passphrases=PassphraseFinder(environ={}),
        ) as process:
            with pytest.raises(KeyringError, match="does not give back"):
                SecretStore(process).prove_writable()
            with pytest.raises(KeyringError, match="does not give back"):
                SecretStore(process).put(pin("1111"))


def test_proving_leaves_no_trace() -> None:
    keyring = MemoryKeyring()
    store(keyring).prove_writable()
    assert keyring.kept == {}
    assert keyring.calls > 0


def test_nothing_of_a_stored_secret_shows_itself() -> None:
    shown = repr(StoredSecret(SecretKind.PERMANENT, "P", entry=OpaqueEntry(Secret("geheim"), Secret("rund"))))
    assert "geheim" not in shown
    assert "rund" not in shown
