"""The vault as a backend of keyring: keyring's own tests, its entry point, and its manners."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring import errors
from keyring.testing.backend import BackendBasicTests

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from ppinui.secrets.vault_keyring import VaultKeyring

NAME = "ppinui.secrets.vault_keyring.VaultKeyring"
CHECKOUT = Path(__file__).parents[2]


class TestKeyringsOwnContract(BackendBasicTests):
    """``keyring.testing`` as it is, on a vault of ours."""

    @pytest.fixture(autouse=True)
    def _init_properties(self, tmp_path: Path) -> Iterator[None]:
        self.place = tmp_path / "vault"
        vault.create(self.place, Secret("p"), make_folder=False, cost=KdfCost(64, 1, 1))
        self.keyring = self.init_keyring()
        self.credentials_created: set[tuple[str, str]] = set()
        yield
        self.cleanup()

    def init_keyring(self) -> VaultKeyring:
        backend = VaultKeyring()
        backend.vault = vault.Vault(self.place)
        backend.vault.unlock(Secret("p"))
        return backend


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """A user with a home of its own, who has ppinui installed as its project file says."""
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    installed = tmp_path / "ppinui-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: ppinui\nVersion: 0\n")
    entry_points = project["entry-points"]["keyring.backends"].items()
    lines = [f"{name} = {value}\n" for name, value in entry_points]
    (installed / "entry_points.txt").write_text("".join(["[keyring.backends]\n", *lines]))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": f"{tmp_path}:{CHECKOUT}",
        "PPINUI_VAULT": str(tmp_path / "vault"),
        **more,
    }


def keyring_command(environ: dict[str, str], *words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyring", *words],
        env=environ,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
        **more,  # type: ignore[call-overload]
    )


def test_keyring_lists_the_vault_once_it_is_there(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    assert NAME not in keyring_command(environ, "--list-backends").stdout
    vault.create(tmp_path / "vault", Secret("p"), make_folder=False, cost=KdfCost(64, 1, 1))
    assert NAME in keyring_command(environ, "--list-backends").stdout


def test_keyring_never_chooses_the_vault_by_itself(tmp_path: Path) -> None:
    vault.create(tmp_path / "vault", Secret("p"), make_folder=False, cost=KdfCost(64, 1, 1))
    code = "import keyring; print(type(keyring.get_keyring()))"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "vault" not in ended.stdout


def test_a_person_finds_an_entry_with_the_keyring_command(tmp_path: Path, passphrase: Secret) -> None:
    place = tmp_path / "vault"
    vault.create(place, passphrase, make_folder=False, cost=KdfCost(64, 1, 1))
    one = vault.Vault(place)
    one.unlock(passphrase)
    one.set("ppinui", "proxy:S", "kept")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "ppinui-vault").write_bytes(passphrase.reveal_bytes() + b"\n")
    environ = environment(tmp_path, CREDENTIALS_DIRECTORY=str(credentials))
    ended = keyring_command(environ, "--keyring-backend", NAME, "get", "ppinui", "proxy:S")
    assert (ended.stdout, ended.returncode) == ("kept\n", 0)


def test_the_passphrase_can_come_by_a_descriptor(tmp_path: Path, passphrase: Secret) -> None:
    place = tmp_path / "vault"
    vault.create(place, passphrase, make_folder=False, cost=KdfCost(64, 1, 1))
    reading, writing = os.pipe()
    os.write(writing, passphrase.reveal_bytes())
    os.close(writing)
    environ = environment(tmp_path, KEYRING_PROPERTY_PASSPHRASE_FD=str(reading))
    ended = keyring_command(
        environ, "--keyring-backend", NAME, "set", "s", "u", input="pw", pass_fds=[reading]
    )
    os.close(reading)
    assert ended.returncode == 0, ended.stderr
    one = vault.Vault(place)
    one.unlock(passphrase)
    assert one.get("s", "u") == "pw"


def test_without_anybody_to_ask_the_keyring_is_locked(vault_file: Path, tmp_path: Path) -> None:
    ended = keyring_command(
        environment(tmp_path), "--keyring-backend", NAME, "get", "ppinui", "proxy:S", stdin=subprocess.DEVNULL
    )
    assert ended.returncode != 0
    assert "there is no terminal to ask for a secret on" in ended.stderr


def test_errors_are_keyrings_own(vault_file: Path, passphrase: Secret) -> None:
    backend = VaultKeyring()
    backend.vault = vault.Vault(vault_file)
    backend.vault.unlock(passphrase)
    with pytest.raises(errors.PasswordDeleteError):
        backend.delete_password("ppinui", "pin:A")
    vault_file.write_bytes(b"no vault")
    with pytest.raises(errors.PasswordSetError, match="this is no vault"):
        backend.set_password("ppinui", "pin:A", "1234")
    with pytest.raises(errors.KeyringError, match="this is no vault"):
        backend.get_password("ppinui", "pin:A")
