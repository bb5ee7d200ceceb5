"""What an application is given: which secrets it needs, and the primus.cfg that goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.primus_config import PrimusConfig, read
from ppinui.errors import ExitCode, PpinuiError, SecretUnavailable
from ppinui.libconfig.document import load, parse
from ppinui.secrets import secrets_file
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError, SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.services.run_environment import equip, needed, with_proxy_passwords
from tests.secrets.memory_keyring import MemoryKeyring

TEXT = """\
// ours
primus: { hsms: {
  hsm0: { host = "a"; port = "1"; slots: {
    slot0: { user_name = "A"; id = 0; proxy_user = "S"; };
    slot1: { user_name = "B"; id = 1; proxy_user = "T"; proxy_password = "clear"; }; // T's own
  }; };
  hsm1: { host = "b"; port = "1"; pin = "SETUP"; slots: {
    slot0: { user_name = "A"; id = 0; proxy_user = "S"; };
    slot1: { user_name = "C"; id = 2; };
  }; };
}; };
"""
PERMANENT, PROXY = SecretKind.PERMANENT, SecretKind.PROXY


def config_of(text: str) -> PrimusConfig:
    return read(parse(text))


def store_with(*partitions: str, proxy: bool = True) -> SecretStore:
    store = SecretStore(MemoryKeyring())
    users = " ".join(f'user{number}: {{ name = "{one}"; }};' for number, one in enumerate(partitions))
    for entry in secrets_file.read(
        f"primus: {{ users: {{ {users} }}; }};", "f", partitions=partitions, proxies=()
    ):
        store.put(StoredSecret(entry.kind, entry.name, entry=entry.opaque))
    if proxy:
        store.put(StoredSecret(PROXY, "S", password=Secret('pa"ss')))
    return store


def test_what_stands_in_primus_cfg_in_the_clear_is_not_needed_from_the_keyring() -> None:
    assert needed(config_of(TEXT)) == ((PROXY, "S"), (PERMANENT, "A"), (PERMANENT, "B"))
    assert needed(config_of(TEXT), ["B"]) == ((PERMANENT, "B"),)
    assert needed(config_of(TEXT), ["C"]) == ()


def test_a_file_without_partitions_is_an_error() -> None:
    with pytest.raises(PpinuiError, match="no partition that an application could use"):
        needed(config_of("primus: { hsms: { }; };"))


def test_the_configuration_changes_by_the_missing_proxy_passwords_alone() -> None:
    made = equip(config_of(TEXT), store_with("A", "B"))
    assert made.configuration.decode() == TEXT.replace(
        'proxy_user = "S";', 'proxy_user = "S"; proxy_password = "pa\\"ss";'
    )
    assert b'name = "A"' in made.secrets_file
    assert "ss" not in repr(made).replace("secrets", "")


def test_an_included_file_stands_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "slots.cfg").write_text('slot0: { user_name = "A"; id = 0; proxy_user = "S"; };\n')
    (tmp_path / "primus.cfg").write_text(
        'primus: { hsms: { hsm0: { host = "a"; port = "1"; slots: {\n'
        f'@include "{tmp_path}/slots.cfg"\n'
        "}; }; }; };\n"
    )
    config = read(load(tmp_path / "primus.cfg"))
    text = with_proxy_passwords(config, {"S": Secret("password")}).decode()
    assert "@include" not in text
    (slot,) = config_of(text).slots
    assert (slot.user_name, slot.has_clear_proxy_password) == ("A", True)


def test_what_is_missing_is_named_with_what_to_do() -> None:
    with pytest.raises(SecretUnavailable) as caught:
        equip(config_of(TEXT), store_with("A", proxy=False))
    assert caught.value.exit_code is ExitCode.SECRET
    assert caught.value.message == ("the keyring has no proxy password of 'S' and no permanent secret of 'B'")
    assert caught.value.remedy == "store it: ppinui -p -e S"
    with pytest.raises(SecretUnavailable) as caught:
        equip(config_of(TEXT), store_with("A"), in_file=lambda: {(PERMANENT, "B")})
    assert "ppinui secret import FILE" in caught.value.remedy


def test_a_rejected_secret_is_an_error_where_it_is_needed() -> None:
    store = store_with("A", "B")
    secret = store.get(PERMANENT, "A")
    assert secret is not None
    store.mark_rejected(secret, "hsm0")
    with pytest.raises(SecretRejectedError, match="'A' was rejected by hsm0"):
        equip(config_of(TEXT), store)
    assert b'name = "B"' in equip(config_of(TEXT), store, ["B"]).secrets_file
