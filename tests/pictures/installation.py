"""The made-up installation that the pictures show: two HSMs, their files, a desktop's keyring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PosixPath
from typing import Any

from ppinui.errors import PpinuiError
from ppinui.secrets import secrets_file
from ppinui.secrets.keyring_client import Backend, KeyringChoice
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.services.context import Context
from ppinui.tui.options import AppOptions
from tests.pictures import tokens
from tests.pictures.testing import FINE, Play, Script
from tests.primus_sim.secretsfile import SecretsFile
from tests.secrets.memory_keyring import MemoryKeyring

SOUND = Path(__file__).with_name("primus.cfg").read_text(encoding="utf-8")
"""A primus.cfg with nothing to complain about."""
PARTITIONS = ("PAYMENTS", "ARCHIVE")
PROXY = "acme-proxy"
_STORED = datetime(2026, 3, 2, 9, 14, tzinfo=UTC)


@dataclass(frozen=True)
class Installation:
    """What there is before the app opens."""

    config: str = SOUND
    """The text of primus.cfg."""
    is_there: bool = True
    """Whether there is a primus.cfg."""
    script: Script = field(default_factory=lambda: Script(FINE))
    """What the connection tests find."""


def but(*changes: tuple[str, str]) -> Installation:
    """An installation with another primus.cfg: the first of each text is replaced; ValueError if none is."""
    config = SOUND
    for old, new in changes:
        if old not in config:
            raise ValueError(f"primus.cfg has no {old!r}")
        config = config.replace(old, new, 1)
    return Installation(config)


@dataclass(frozen=True)
class Installed:
    """An installation on this machine: the app's options, and its file called /etc/primus/primus.cfg."""

    options: AppOptions
    config: Path


@contextmanager
def installed(installation: Installation, folder: Path) -> Iterator[Installed]:
    """Put all of it below an empty folder; tests that are held go on when the block ends."""
    config = folder / "etc/primus/primus.cfg"
    config.parent.mkdir(parents=True)
    config.write_text(installation.config, encoding="utf-8")
    secrets = config.with_name(".secrets.cfg")
    secrets.write_text(_secrets_file("ARCHIVE"))
    ring = _Ring()
    _fill(SecretStore(ring, now=lambda: _STORED))
    play = Play(installation.script)
    options = AppOptions(
        paths_below(folder)("/etc/primus/primus.cfg"),
        rule="/etc/primus",
        is_there=installation.is_there,
        state=folder / "state",
        module=_no_module,
        environ={},
        keyring=KeyringChoice("secretservice"),
        open_keyring=lambda *_, **__: ring,  # type: ignore[arg-type]
        context=Context({"HOME": str(folder), "SECUROSYS_SECRETS_CONF": str(secrets)}, audit=lambda *_: None),
        look_every=3600.0,  # what is seen shall not depend on how fast the picture is made
        run_test=play.run,
        clock=play.clock,
        list_slots=tokens.list_slots,
        list_objects=tokens.list_objects,
        now=lambda: tokens.NOW,
    )
    try:
        yield Installed(options, config)
    finally:
        play.end()


def paths_below(root: Path) -> Callable[[str], Path]:
    """Makes paths that read as if ``root`` were the root folder, and lead below it.

    So the app shows the path that it would have on a user's machine.
    """

    class Staged(PosixPath):
        def __fspath__(self) -> str:
            return f"{root}{self}"

        def resolve(self, *_: Any, **__: Any) -> Staged:
            return self

    return Staged


class _Ring(MemoryKeyring):
    """Says that it is a desktop's."""

    def backend(self) -> Backend:
        return Backend(
            "secretservice", "keyring.backends.SecretService.Keyring", "this system's own keyring", None
        )

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """It never asks anybody."""
        yield

    def abandon(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to close."""


def _fill(store: SecretStore) -> None:
    """What somebody has put there: all of PAYMENTS, and the password of the proxy."""
    text = _secrets_file(*PARTITIONS)
    entries = secrets_file.read(text, ".secrets.cfg", partitions=PARTITIONS, proxies=())
    payments = next(entry.opaque for entry in entries if entry.name == "PAYMENTS")
    password = Secret("shown to nobody")
    for secret in (
        StoredSecret(
            SecretKind.PERMANENT, "PAYMENTS", entry=payments, source="fetched by ppin", validated=True
        ),
        StoredSecret(SecretKind.PROXY, PROXY, password=password, source="typed", validated=True),
        StoredSecret(SecretKind.PIN, "PAYMENTS", password=password, source="typed"),
    ):
        store.put(secret)


def _secrets_file(*partitions: str) -> str:
    file = SecretsFile()
    for partition in partitions:
        file.set_user(partition, "shown to nobody")
    return file.text()


def _no_module() -> Path:
    raise PpinuiError("no library is loaded for a picture", "the pictures", "tests go by a script")
