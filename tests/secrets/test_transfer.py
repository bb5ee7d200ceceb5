"""Import and export: what was imported comes back byte for byte, and nothing is overwritten unasked."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.secrets import transfer
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import PreparedAnswers, SecretOperations
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from tests.rig.ordinary_user import on_open_ways
from tests.secrets.fetcher_rig import KNOWN, CountingFetcher
from tests.secrets.memory_keyring import MemoryKeyring

SAMPLE = b"""\
version = "1.0"; # of the format
primus: {
  users: {
\tuser0: { name = "PART-1"; secret = "A1"; };\r
    user1 = { name = "FOREIGN"; secret = "B2"; odd = (1, "x"); } /* of another machine */
    user2: { name = "SERVICE"; secret = "C3"; };
  };
  later = [0x01];
};"""


class Rig:
    def __init__(self, tmp_path: Path) -> None:
        self.keyring = MemoryKeyring()
        self.store = SecretStore(self.keyring)
        self.operations = SecretOperations(self.store, KNOWN, trace=lambda action, place: None)
        self.file = tmp_path / ".secrets.cfg"
        self.file.write_bytes(SAMPLE)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_import_then_export_gives_every_byte_back(rig: Rig) -> None:
    report = transfer.import_file(rig.operations, rig.file)
    assert report.stored == (
        (SecretKind.PERMANENT, "PART-1"),
        (SecretKind.PERMANENT, "FOREIGN"),
        (SecretKind.PROXY, "SERVICE"),
    )
    content, exported = transfer.export(rig.operations)
    assert content == SAMPLE
    assert set(exported.written) == set(report.stored)
    assert rig.file.read_bytes() == SAMPLE


def test_importing_again_changes_nothing(rig: Rig) -> None:
    transfer.import_file(rig.operations, rig.file)
    before = dict(rig.keyring.kept)
    report = transfer.import_file(rig.operations, rig.file)
    assert report.stored == ()
    assert len(report.unchanged) == 3
    assert rig.keyring.kept == before


def test_importing_an_export_of_secrets_from_several_files_changes_nothing(rig: Rig) -> None:
    first, second, third = (line for line in SAMPLE.splitlines(keepends=True) if b"name =" in line)
    for line in (first, second, third):
        others = {first, second, third} - {line}
        rig.file.write_bytes(b"".join(one for one in SAMPLE.splitlines(keepends=True) if one not in others))
        transfer.import_file(rig.operations, rig.file)
    before = dict(rig.keyring.kept)
    rig.file.write_bytes(transfer.export(rig.operations)[0])
    report = transfer.import_file(rig.operations, rig.file)
    assert report.stored == ()
    assert report.unchanged == ((SecretKind.PERMANENT, "PART-1"), (SecretKind.PROXY, "SERVICE"))
    assert rig.keyring.kept == before


def test_the_same_group_among_other_values_is_another_secret(rig: Rig) -> None:
    transfer.import_file(rig.operations, rig.file)
    rig.file.write_bytes(SAMPLE.replace(b"later = [0x01]", b"later = [0x02]"))
    with pytest.raises(PpinuiError, match="other secrets of PART-1, FOREIGN"):
        transfer.import_file(rig.operations, rig.file)


def test_another_secret_in_the_keyring_is_not_overwritten_unasked(rig: Rig) -> None:
    transfer.import_file(rig.operations, rig.file)
    before = dict(rig.keyring.kept)
    rig.file.write_bytes(SAMPLE.replace(b"B2", b"B3").replace(b"A1", b"A2"))
    with pytest.raises(PpinuiError, match="other secrets of PART-1, FOREIGN") as caught:
        transfer.import_file(rig.operations, rig.file)
    assert "--replace" in caught.value.remedy
    assert rig.keyring.kept == before
    transfer.import_file(rig.operations, rig.file, replacing=True)
    assert b"B3" in transfer.export(rig.operations)[0]


def test_an_import_keeps_the_password_of_a_proxy(rig: Rig) -> None:
    rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("pw")), None)
    transfer.import_file(rig.operations, rig.file)
    proxy = rig.store.get(SecretKind.PROXY, "SERVICE")
    assert proxy is not None
    assert proxy.password == Secret("pw")
    assert proxy.entry is not None


def test_an_import_that_breaks_off_leaves_whole_secrets_only(rig: Rig) -> None:
    for failing in range(1, 30):
        rig.keyring.kept.clear()
        start = rig.keyring.calls
        rig.keyring.fails = lambda number, at=start + failing: number == at  # type: ignore[misc]
        with contextlib.suppress(KeyringError):
            transfer.import_file(rig.operations, rig.file)
        rig.keyring.fails = {}.__contains__
        for kind, name in ((SecretKind.PERMANENT, "PART-1"), (SecretKind.PROXY, "SERVICE")):
            found = rig.store.get(kind, name)
            assert found is None or found.entry is not None
        transfer.import_file(rig.operations, rig.file)
        assert transfer.export(rig.operations)[0] == SAMPLE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no user was found"),
        (b"primus: {", "not valid"),
        (b"primus: { users: { }; };", "no user was found"),
    ],
)
def test_a_file_without_users_is_an_error(rig: Rig, content: bytes, message: str) -> None:
    rig.file.write_bytes(content)
    with pytest.raises(PpinuiError, match=message):
        transfer.import_file(rig.operations, rig.file)


def test_a_missing_file_is_an_error(rig: Rig) -> None:
    with pytest.raises(PpinuiError, match="there is no such secrets file") as caught:
        transfer.import_file(rig.operations, rig.file.with_name("other"))
    assert "correct the name" in caught.value.remedy
    with pytest.raises(PpinuiError, match="folder") as caught:
        transfer.import_file(rig.operations, rig.file.parent)
    assert caught.value.remedy == "name the file itself"


def test_what_cannot_be_exported_is_named_with_the_reason(rig: Rig) -> None:
    transfer.import_file(rig.operations, rig.file)
    rejected = rig.store.get(SecretKind.PERMANENT, "PART-1")
    assert rejected is not None
    rig.store.mark_rejected(rejected, "hsm1")
    rig.store.remove(SecretKind.PROXY, "SERVICE")
    rig.operations.add_proxy("SERVICE", PreparedAnswers(Secret("pw")), None)
    rig.operations.add("ALONE", PreparedAnswers(Secret("s"), Secret("p")), CountingFetcher())
    rig.store.remove(SecretKind.PERMANENT, "FOREIGN")
    content, report = transfer.export(rig.operations)
    assert report.written == ((SecretKind.PERMANENT, "ALONE"),)
    assert dict(report.left_out) == {
        (SecretKind.PERMANENT, "PART-1"): "it was rejected by hsm1",
        (SecretKind.PERMANENT, "PART-2"): "none is stored",
        (SecretKind.PROXY, "SERVICE"): "only ppin can write it into a file: ppinui -p with ppin installed",
    }
    assert b"A1" not in content


def test_an_empty_keyring_exports_nothing(rig: Rig) -> None:
    with pytest.raises(PpinuiError, match="nothing to export"):
        transfer.export(rig.operations)


def test_an_exported_file_is_for_the_group_of_primus_cfg(rig: Rig, tmp_path: Path) -> None:
    config = tmp_path / "primus.cfg"
    config.touch()
    if os.geteuid() == 0:
        os.chown(config, -1, 12345)
    target = tmp_path / "out.cfg"
    transfer.write_secrets_file(target, SAMPLE, like=config)
    assert target.read_bytes() == SAMPLE
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.stat().st_gid == config.stat().st_gid
    with pytest.raises(PpinuiError, match="there is a file already"):
        transfer.write_secrets_file(target, b"", like=config)
    transfer.write_secrets_file(target, b"new", like=config, replacing=True)
    assert target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".secrets.cfg", "out.cfg", "primus.cfg"]


def test_without_the_right_to_give_it_the_group_nothing_is_written(public_folder: Path) -> None:
    """An ordinary user; as root, a child gives up its rights."""
    program = """
import os, sys
from pathlib import Path
from ppinui.errors import PpinuiError
from ppinui.secrets import transfer
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    transfer.write_secrets_file(Path(sys.argv[1], "out.cfg"), b"x", like=Path("/etc/passwd"))
except PpinuiError as error:
    print(error.message, os.listdir(sys.argv[1]))
"""
    ended = on_open_ways(
        lambda: subprocess.run(
            [sys.executable, "-c", program, str(public_folder)],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
    )
    assert ended.stdout == (
        "the secrets file cannot be written, or not be given the group of primus.cfg []\n"
    ), ended.stderr


def test_a_secret_without_a_file_goes_into_a_new_one(rig: Rig) -> None:
    rig.store.put(StoredSecret(SecretKind.PIN, "ALONE", password=Secret("never exported")))
    rig.operations.add("ALONE", PreparedAnswers(Secret("s"), Secret("p")), CountingFetcher())
    content, _ = transfer.export(rig.operations)
    assert b"never exported" not in content
    assert content.startswith(b'version = "1.0";')
