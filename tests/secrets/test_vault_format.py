"""The bytes of a vault: what is sealed comes back, and nothing else does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault_format
from ppinui.secrets.vault.vault_format import Fault, KdfCost, VaultFormatError

CHEAP = KdfCost(memory=64, iterations=1, lanes=1)
PASSPHRASE = Secret("correct horse")
KEY = vault_format.new_key(PASSPHRASE, CHEAP)
CONTENTS = b'{"ppinui": {"pin:A": "1234"}}'
VAULT = vault_format.seal(CONTENTS, KEY)


def fault_of(vault: bytes, passphrase: Secret = PASSPHRASE) -> Fault:
    with pytest.raises(VaultFormatError) as caught:
        vault_format.unseal(vault, vault_format.key_of(vault, passphrase))
    return caught.value.fault


def with_new_checksum(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


@given(st.binary(max_size=5000), st.binary(min_size=1, max_size=100))
def test_what_is_sealed_comes_back(contents: bytes, clear: bytes) -> None:
    vault = vault_format.seal(contents, vault_format.new_key(Secret(clear), CHEAP))
    assert vault_format.unseal(vault, vault_format.key_of(vault, Secret(clear))) == contents


@given(st.integers(0, len(VAULT) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(position: int, difference: int) -> None:
    changed = bytearray(VAULT)
    changed[position] ^= difference
    expected = Fault.NOT_A_VAULT if position < len(b"ppinui-vault") else Fault.DAMAGED
    assert fault_of(bytes(changed)) is expected


@given(st.integers(0, len(VAULT) - 33), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed_when_the_checksum_is_made_to_fit(
    position: int, difference: int
) -> None:
    changed = bytearray(VAULT[:-32])
    changed[position] ^= difference
    forged = with_new_checksum(bytes(changed))
    # a higher cost in a forged header is no reason to spend it in a test
    if 16 <= position < 28:
        return
    with pytest.raises(VaultFormatError):
        vault_format.unseal(forged, vault_format.key_of(forged, PASSPHRASE))


@given(st.integers(0, len(VAULT) - 1))
def test_a_cut_vault_is_damaged(length: int) -> None:
    assert fault_of(VAULT[:length]) in {Fault.DAMAGED, Fault.NOT_A_VAULT}


@given(st.binary(min_size=1, max_size=64))
def test_a_vault_with_something_behind_it_is_damaged(more: bytes) -> None:
    assert fault_of(VAULT + more) is Fault.DAMAGED
    assert fault_of(with_new_checksum(VAULT[:-32] + more)) is Fault.DAMAGED


@given(st.text(max_size=50).filter(lambda text: text != "correct horse"))
def test_another_passphrase_is_told_from_damage(text: str) -> None:
    assert fault_of(VAULT, Secret(text)) is Fault.WRONG_PASSPHRASE


def test_changed_contents_under_the_right_passphrase_are_told_from_damage() -> None:
    body = bytearray(VAULT[:-32])
    body[100] ^= 1
    assert fault_of(with_new_checksum(bytes(body))) is Fault.TAMPERED


def test_a_cheaper_cost_in_the_header_opens_nothing() -> None:
    key = vault_format.new_key(PASSPHRASE, KdfCost(memory=64, iterations=2, lanes=1))
    body = bytearray(vault_format.seal(CONTENTS, key)[:-32])
    body[20:24] = (1).to_bytes(4, "big")
    assert fault_of(with_new_checksum(bytes(body))) is Fault.WRONG_PASSPHRASE


@pytest.mark.parametrize(
    ("offset", "size", "value"),
    [(16, 4, 2**32 - 1), (16, 4, 0), (20, 4, 0), (20, 4, 2**31), (24, 4, 0), (24, 4, 2**31)],
)
def test_an_absurd_cost_is_not_obeyed(offset: int, size: int, value: int) -> None:
    body = bytearray(VAULT[:-32])
    body[offset : offset + size] = value.to_bytes(size, "big")
    assert fault_of(with_new_checksum(bytes(body))) is Fault.DAMAGED


@pytest.mark.parametrize("offset", [13, 14, 15])
def test_a_version_from_the_future_is_named_as_such(offset: int) -> None:
    body = bytearray(VAULT[:-32])
    body[offset] = 2
    assert fault_of(with_new_checksum(bytes(body))) is Fault.UNKNOWN_VERSION


def test_the_key_of_another_passphrase_opens_nothing() -> None:
    other = vault_format.new_key(PASSPHRASE, CHEAP)
    with pytest.raises(VaultFormatError) as caught:
        vault_format.unseal(VAULT, other)
    assert caught.value.fault is Fault.OTHER_KEY


def test_two_vaults_with_the_same_contents_share_no_part_of_it() -> None:
    again = vault_format.seal(CONTENTS, KEY)
    assert again[96:] != VAULT[96:]
    assert CONTENTS not in VAULT
    assert b"pin:A" not in VAULT


def test_a_key_does_not_show_itself() -> None:
    assert KEY.key.reveal_bytes().hex() not in repr(KEY)
    assert repr(KEY.key.reveal_bytes()) not in repr(KEY)
