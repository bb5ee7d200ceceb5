"""The whole examination, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Iterator

from ppinui.diagnostic import Diagnostic
from ppinui.doctor import file_findings, keyring_findings, program_findings
from ppinui.doctor.comparison import compare
from ppinui.services.context import Context


def examine(context: Context) -> Iterator[Diagnostic]:
    """Findings as they are made. Changes nothing, loads no module, and reveals no secret.

    Waits for the keyring within its deadline, and for nobody else longer than a few seconds. What the user
    could have caused becomes a finding; nothing is raised.
    """
    config = file_findings.look_at_config(context)
    users = config.config.credentials() if config.config is not None else None
    secrets = file_findings.look_at_secrets(context, users)
    yield from config.findings
    yield from secrets.findings
    yield file_findings.look_at_group(context, config_readable=config.config is not None)
    yield from program_findings.look_at_module(context)
    yield program_findings.look_at_ppin(context)
    named = context.keyrings.named.named
    store = context.keyrings.store()
    keyring = keyring_findings.look_at_keyring(store, named=named is not None)
    yield keyring.finding
    yield from keyring_findings.look_at_owner(context)
    yield keyring_findings.look_at_bus(context, keyring.backend.name if keyring.backend else named)
    yield from compare(users, secrets, store if keyring.backend is not None else None)
    yield from program_findings.look_at_core_dumps(context)
    yield from program_findings.look_at_versions()
