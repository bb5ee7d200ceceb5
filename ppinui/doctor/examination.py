"""The whole examination, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ppinui.doctor import (
    core_dump_findings,
    file_findings,
    keyring_findings,
    program_findings,
    version_findings,
)
from ppinui.doctor.comparison import compare
from ppinui.doctor.finding import Finding
from ppinui.doctor.host import Surroundings
from ppinui.secrets.store import SecretStore


@dataclass(frozen=True)
class Named:
    """What the user has named, None where nothing: ``-c``, ``-s``, ``--module``, ``--ppin``.

    ``keyring``: as it was named by ``--keyring`` or ``PPINUI_KEYRING``.
    """

    config: str | None = None
    secrets: str | None = None
    module: str | None = None
    ppin: str | None = None
    keyring: str | None = None


def examine(named: Named, store: SecretStore, around: Surroundings) -> Iterator[Finding]:
    """Findings as they are made. Changes nothing, loads no module, and reveals no secret.

    Waits for the keyring within its deadline, and for nobody else longer than a few seconds. What the user
    could have caused becomes a finding; nothing is raised.
    """
    config = file_findings.look_at_config(named.config, around)
    users = config.config.credentials() if config.config is not None else None
    secrets = file_findings.look_at_secrets(named.secrets, around, users)
    yield from config.findings
    yield from secrets.findings
    yield file_findings.look_at_group(around, config_readable=config.config is not None)
    yield from program_findings.look_at_module(named.module, around)
    yield program_findings.look_at_ppin(named.ppin, around)
    keyring = keyring_findings.look_at_keyring(store, named=named.keyring is not None)
    yield keyring.finding
    yield from keyring_findings.look_at_owner(around)
    yield keyring_findings.look_at_bus(around, keyring.backend.name if keyring.backend else named.keyring)
    yield from compare(users, secrets, store if keyring.backend is not None else None)
    yield from core_dump_findings.look_at_core_dumps(around)
    yield from version_findings.look_at_versions()
