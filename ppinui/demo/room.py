"""The demo as a whole: a private folder with all that a connection test and an edit need, gone at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ppinui.demo.configuration import Endpoint, Partition, configuration
from ppinui.demo.listeners import LOOPBACK, Listeners
from ppinui.demo.softhsm import environ_for, find_softhsm, make_tokens, random_pin
from ppinui.secrets.secret import Secret

PARTITIONS: Final = (("DEMO-PAYMENTS", "DEMO-SIGNING"), ("DEMO-ARCHIVE", "DEMO-TLS"))
"""The partitions of each HSM. Slot ids count from 0; SoftHSM2 draws its own at random, far above."""


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
    # mkdtemp makes it with mode 0700
    folder = Path(tempfile.mkdtemp(prefix="ppinui-demo-", dir=parent))
    try:
        pins = {user: random_pin() for users in PARTITIONS for user in users}
        make_tokens(folder, module, pins)
        with Listeners(len(PARTITIONS)) as listeners:
            endpoints = _endpoints(listeners.ports)
            file = folder / "primus.cfg"
            _write_private(file, configuration(endpoints, folder / "primus.log"))
            yield Demo(folder, file, module, endpoints, environ_for(folder), pins)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _endpoints(ports: tuple[int, ...]) -> tuple[Endpoint, ...]:
    ids = iter(range(sum(len(users) for users in PARTITIONS)))
    return tuple(
        Endpoint(LOOPBACK, port, tuple(Partition(user, next(ids)) for user in users))
        for port, users in zip(ports, PARTITIONS, strict=True)
    )


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
