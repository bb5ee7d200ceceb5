"""The demo as a whole: a private folder with all that a connection test and an edit need, gone at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ppinui.demo.demo_config import Endpoint, Partition, configuration
from ppinui.demo.listeners import LOOPBACK, Listeners
from ppinui.demo.softhsm import environ_for, find_softhsm, make_tokens, random_pin
from ppinui.secrets.secret import Secret
from ppinui.workers.hardening import ignore_signal

PARTITIONS: Final = (("DEMO-PAYMENTS", "DEMO-SIGNING"), ("DEMO-ARCHIVE", "DEMO-TLS"))
"""The partitions of each HSM."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a program from outside."""


@dataclass(frozen=True)
class Demo:
    """What is there while the demo is open."""

    folder: Path
    """Private (0700), and removed with everything in it at the end."""
    configuration: Path
    """The primus.cfg."""
    module: Path
    """SoftHSM2's PKCS#11 library."""
    endpoints: tuple[Endpoint, ...]
    environ: Mapping[str, str]
    """The whole environment for a process that loads the module: it has nothing of the user's."""
    pins: Mapping[str, Secret] = field(repr=False)
    """The PIN of each partition, drawn at random for this demo, in memory only."""

    def pin(self, user: str) -> Secret:
        """The PIN of a partition, as a connection test asks for it; a copy, as the test wipes what it got."""
        return Secret(self.pins[user].reveal_bytes())


@contextmanager
def open_demo(*, parent: Path | None = None, root: Path = Path("/")) -> Iterator[Demo]:
    """Make the demo, and clear it away when the ``with`` ends, for whatever reason.

    ``parent`` is the folder to make it in (the system's for temporary files), ``root`` the one below which
    SoftHSM2 is looked for. Raises PpinuiError when SoftHSM2 is missing or does not work.
    """
    module = find_softhsm(root)
    # The name comes before the folder, so that there is no moment in which the folder has no name yet.
    folder = Path(parent or tempfile.gettempdir()) / f"ppinui-demo-{secrets.token_hex(5)}"
    try:
        folder.mkdir(mode=0o700)
        pins = {user: random_pin() for users in PARTITIONS for user in users}
        ids = make_tokens(folder, module, pins)
        with Listeners(len(PARTITIONS)) as listeners:
            endpoints = _endpoints(listeners.ports, ids)
            file = folder / "primus.cfg"
            _write_private(file, configuration(endpoints, folder / "primus.log"))
            yield Demo(folder, file, module, endpoints, environ_for(folder), pins)
    finally:
        _clear_away(folder)


def _clear_away(folder: Path) -> None:
    """Remove the folder; a signal that would end the program waits for that, or comes too late."""
    handlers: dict[signal.Signals, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():  # handlers belong to it
            for number in _ENDING:
                # What has come before this moment is handled here, and may end it by an exception.
                handlers[number] = signal.signal(number, ignore_signal)
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _endpoints(ports: tuple[int, ...], ids: Mapping[str, int]) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(LOOPBACK, port, tuple(Partition(user, ids[user]) for user in users))
        for port, users in zip(ports, PARTITIONS, strict=True)
    )


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
