"""A desktop session without a screen: D-Bus and the real GNOME keyring, in a home of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import secretstorage
from jeepney.io.blocking import open_dbus_connection


@dataclass(frozen=True)
class Desktop:
    """A running session; ``environ`` is what a program in it has (nothing of the tests' own session)."""

    environ: Mapping[str, str]
    keyring: int
    """The process id of the keyring."""

    @property
    def address(self) -> str:
        return self.environ["DBUS_SESSION_BUS_ADDRESS"]

    @contextlib.contextmanager
    def collection(self) -> Iterator[secretstorage.Collection]:
        """The keyring itself, as another program sees it."""
        with contextlib.closing(open_dbus_connection(self.address)) as connection:
            yield secretstorage.get_default_collection(connection)

    def lock(self) -> None:
        with self.collection() as collection:
            collection.lock()

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """While this lasts the keyring is there, and answers nobody."""
        os.kill(self.keyring, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.keyring, signal.SIGCONT)

    def entries(self) -> dict[str, bytes]:
        """Secrets by user name."""
        with self.collection() as collection:
            return {
                item.get_attributes()["username"]: item.get_secret() for item in collection.get_all_items()
            }


@contextlib.contextmanager
def desktop(home: Path, *, unlocked: bool = True) -> Iterator[Desktop]:
    """Start D-Bus and an unlocked keyring; both end with the block.

    With ``unlocked`` False nobody has logged in yet: there is a Secret Service, and no keyring in it.
    """
    (home / "run").mkdir(mode=0o700)
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_DATA_HOME": str(home / "data"),
    }
    with _running(["dbus-daemon", "--session", "--nofork", "--print-address=1"], environ) as bus:
        assert bus.stdout is not None
        environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        keyring = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        keyring += ["--unlock"] if unlocked else []
        with _running(keyring, environ) as daemon:
            assert daemon.stdin is not None
            daemon.stdin.write(b"password of the session")
            daemon.stdin.close()
            assert daemon.stdout is not None
            daemon.stdout.readline()  # it prints its environment once it is there
            yield Desktop(environ, daemon.pid)


@contextlib.contextmanager
def _running(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
