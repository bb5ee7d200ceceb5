"""The real Secret Service: GNOME's keyring under a D-Bus of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.keyring_errors import KeyringLockedError
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError, SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.secrets.vault.passphrase import PassphraseFinder
from tests.rig.ordinary_user import on_open_ways, python_for_everybody
from tests.rig.patience import patient
from tests.secrets.desktop import Desktop, desktop

CHECKOUT = Path(__file__).parents[2]
PIN = StoredSecret(SecretKind.PIN, "PART", password=Secret("1234"), source="typed")


def keyring(session: Desktop, named: str | None = None) -> KeyringProcess:
    return KeyringProcess(
        KeyringChoice(named), environ=session.environ, passphrases=PassphraseFinder(environ={})
    )


def test_it_is_the_systems_own_keyring(session: Desktop) -> None:
    with keyring(session) as process:
        backend = process.backend()
    assert (backend.name, backend.why) == ("secretservice", "this system's own keyring")


def test_secrets_are_stored_marked_replaced_and_removed(session: Desktop, keyspace: str) -> None:
    with keyring(session) as process:
        store = SecretStore(process, keyspace=keyspace)
        store.prove_writable()
        store.mark_rejected(store.put(PIN), "hsm0")
    with keyring(session, "secretservice") as process:
        store = SecretStore(process, keyspace=keyspace)
        with pytest.raises(SecretRejectedError):
            store.offer(SecretKind.PIN, "PART")
        store.put(PIN)
        found = store.offer(SecretKind.PIN, "PART")
        assert found is not None
        assert found.password == Secret("1234")
        assert store.remove(SecretKind.PIN, "PART")
        assert store.get(SecretKind.PIN, "PART") is None


def test_a_person_finds_the_entry_with_the_keyring_command(session: Desktop, keyspace: str) -> None:
    with keyring(session) as process:
        SecretStore(process, keyspace=keyspace).put(PIN)
    ended = subprocess.run(
        [sys.executable, "-m", "keyring", "get", f"ppinui/{keyspace}", "pin:PART"],
        env=session.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"password": "1234"' in ended.stdout


def test_a_keyring_locked_on_another_screen_is_an_error(tmp_path: Path) -> None:
    with desktop(tmp_path) as own, keyring(own) as process:
        SecretStore(process).put(PIN)
        own.lock()
        begin = time.monotonic()
        with pytest.raises(KeyringLockedError) as caught:
            SecretStore(process).get(SecretKind.PIN, "PART")
        assert time.monotonic() - begin < patient(20)
        assert "unlock it" in caught.value.remedy


def test_it_works_for_an_ordinary_user_too(public_folder: Path) -> None:
    """As root, a child gives up its rights; otherwise this is the same as the tests above."""
    program = """
import os, sys
from pathlib import Path
home = Path(sys.argv[1])
if os.geteuid() == 0:
    os.chown(home, 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
from tests.secrets.desktop import desktop
from tests.secrets.test_secret_service import PIN, keyring
from ppinui.secrets.stored_secret import SecretKind
from ppinui.secrets.store import SecretStore
with desktop(home) as session, keyring(session) as process:
    SecretStore(process).put(PIN)
    print(os.geteuid(), SecretStore(process).get(SecretKind.PIN, "PART").source)
"""
    home = public_folder / "home"
    home.mkdir()
    ended = on_open_ways(
        lambda: subprocess.run(
            [python_for_everybody(), "-c", program, str(home)],
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
    )
    uid = os.geteuid() or 65534
    assert ended.stdout == f"{uid} typed\n", ended.stderr
