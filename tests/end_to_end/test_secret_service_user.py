"""The same commands on a desktop: the real GNOME keyring, open, locked, and one that never answers."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.patience import patient
from tests.rig.secret_user import SecretUser
from tests.secrets.desktop import Desktop, desktop


def on_a_desktop(stand: Stand, session: Desktop, home: Path) -> SecretUser:
    return SecretUser(stand, home, {**stand.environ, **session.environ, "PPINUI_MODULE": str(stand.module)})


def test_from_the_first_password_to_a_green_test(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.secrets.unlink()
    with desktop(tmp_path) as session:
        user = on_a_desktop(primus_cluster, session, tmp_path)
        assert user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n").code == 0
        for name, partition in user.stand.partitions.items():
            ran = user.run("-a", "-e", name, stdin=f"{partition.setup_password}\n{PINS[name]}\n")
            assert ran.code == 0, ran.err
        assert "MISSING" not in ran.out
        assert user.run("secret", "export", user.stand.secrets).code == 0
        tested = user.run("--test")
        assert tested.code == 0, tested.out + tested.err
        assert set(session.entries()) == {
            "permanent:PAYMENTS",
            "permanent:SIGNING",
            f"proxy:{PROXY_USER}",
        }
        assert user.run("-r", "-e", "SIGNING").code == 0
        assert set(session.entries()) == {"permanent:PAYMENTS", f"proxy:{PROXY_USER}"}
    assert user.stand.wrong_attempts == []


def test_a_keyring_that_is_locked_costs_no_password(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.secrets.unlink()
    with desktop(tmp_path) as session:
        user = on_a_desktop(primus_cluster, session, tmp_path)
        user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n")
        session.lock()
        offered = len(user.stand.attempts)
        setup = user.stand.partitions["PAYMENTS"].setup_password
        for words in (["-l"], ["-a", "-e", "PAYMENTS"], ["-p", "-e", PROXY_USER]):
            ran = user.run(*words, stdin=f"{setup}\n{PINS['PAYMENTS']}\n")
            assert ran.code == 3
            assert "the keyring is locked" in ran.err
        assert len(user.stand.attempts) == offered


def test_a_keyring_that_never_answers_costs_no_password(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.secrets.unlink()
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        address = f"unix:path={tmp_path}/bus"
        user = SecretUser(
            primus_cluster, tmp_path, {**primus_cluster.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        )
        for words in (["-l"], ["-a", "-e", "PAYMENTS"], ["-p", "-e", PROXY_USER]):
            begin = time.monotonic()
            ran = user.run(*words, "--keyring-timeout", "1", stdin="a\nb\n")
            assert time.monotonic() - begin < patient(5)
            assert ran.code == 3
            assert "the keyring did not answer" in ran.err
    assert primus_cluster.attempts == []


def test_without_a_desktop_the_way_to_a_vault_is_shown(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.secrets.unlink()
    environ = {**primus_cluster.environ, "HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": ""}
    user = SecretUser(primus_cluster, tmp_path, environ)
    ran = user.run("-l")
    assert ran.code == 3
    assert "ppinui vault create" in ran.err
    with user.terminal("vault", "create") as terminal:
        terminal.answer_secret("New passphrase of the vault: ", "a passphrase")
        terminal.answer_secret("The same again: ", "a passphrase")
        assert terminal.finish().status == 0
    ran = user.run("-l")
    assert f"use the vault {tmp_path}/.local/share/ppinui/vault: --keyring vault" in ran.err
    with user.terminal("-l", "--keyring", "vault") as terminal:
        terminal.answer_secret("Passphrase of the vault ", "mistyped")
        terminal.answer_secret("Passphrase of the vault ", "a passphrase")
        ended = terminal.finish()
    assert ended.status == 0
    assert "permanent secret: MISSING" in ended.shown


@pytest.mark.parametrize("second", ["another", ""])
def test_a_passphrase_that_is_not_typed_twice_makes_no_vault(tmp_path: Path, second: str) -> None:
    environ = {"HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": ""}
    user = SecretUser(None, tmp_path, environ)  # type: ignore[arg-type]
    with user.terminal("vault", "create") as terminal:
        terminal.answer_secret("New passphrase of the vault: ", "a passphrase")
        terminal.answer_secret("The same again: ", second)
        assert terminal.finish().status == 3
    assert list(tmp_path.rglob("vault")) == []


def test_the_passphrase_of_the_vault_is_changed(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.secrets.unlink()
    environ = {**primus_cluster.environ, "HOME": str(tmp_path), "PPINUI_KEYRING": "vault"}
    user = SecretUser(primus_cluster, tmp_path, environ)
    with user.terminal("vault", "create") as terminal:
        terminal.answer_secret("New passphrase of the vault: ", "old")
        terminal.answer_secret("The same again: ", "old")
        assert terminal.finish().status == 0
    with user.terminal("vault", "passphrase") as terminal:
        terminal.answer_secret("Passphrase of the vault ", "old")
        terminal.answer_secret("New passphrase of the vault: ", "new")
        terminal.answer_secret("The same again: ", "new")
        assert terminal.finish().status == 0
    for passphrase, status in (("new", 0), ("old", 3)):
        with user.terminal("-l") as terminal:
            terminal.answer_secret("Passphrase of the vault ", passphrase)
            if status:
                terminal.answer_secret("Passphrase of the vault ", passphrase)
                terminal.answer_secret("Passphrase of the vault ", passphrase)
            assert terminal.finish().status == status
