"""Proving that the secrets of the keyring work, before the copies that applications use are taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ppinui.config.primus import PrimusConfig
from ppinui.errors import ExitCode, PpinuiError
from ppinui.files.private_folder import PrivateFolder, memory_place
from ppinui.probe.plan import make_plan
from ppinui.probe.rejection import accepted_by, rejected_by
from ppinui.probe.result import Outcome, SlotResult
from ppinui.probe.runner import ProbeOptions
from ppinui.probe.runner import run as run_test
from ppinui.secrets.lookup import Offered, offer_all
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind


class NotProvenError(PpinuiError):
    """A test with the secrets of the keyring failed."""

    exit_code = ExitCode.NOT_FINE


def prove(
    config: PrimusConfig,
    store: SecretStore,
    partitions: Collection[str],
    *,
    module: Path,
    environ: Mapping[str, str],
) -> int:
    """Test every slot of these partitions with secrets from the keyring alone; gives the number of slots.

    Raises :class:`NotProvenError` if one of them fails, SecretUnavailable if the keyring offers no secret.
    """
    plan = make_plan(config)
    tests = [test for test in plan.tests if test.user in partitions]
    plan = replace(plan, tests=tuple(replace(test, index=index) for index, test in enumerate(tests)))
    if not tests:
        raise NotProvenError(
            "none of these partitions is in primus.cfg, so nothing can be tested",
            config.document.origin,
            "add their slots, or go on without a test: --no-test",
        )
    proxies = {test.proxy for test in tests if test.proxy is not None}
    keys = [(SecretKind.PERMANENT, name) for name in partitions]
    keys += [(SecretKind.PROXY, name) for name in sorted(proxies)]
    offered = offer_all(store, keys)
    if offered.withheld:
        offered.wipe()
        raise next(iter(offered.withheld.values()))
    try:
        with PrivateFolder(memory_place(environ)) as folder:
            secrets_file = folder.write(".secrets.cfg", offered.secrets_file())
            report = run_test(plan, ProbeOptions(module, secrets_file=secrets_file, environ=environ))
        mark_rejected(store, offered, report.results)
    finally:
        offered.wipe()
    failed = [result for result in report.results if result.outcome is not Outcome.OK]
    if failed or report.interrupted:
        # A slot that was left out says less than the one because of which it was.
        telling = sorted(failed, key=lambda result: result.outcome is Outcome.SKIPPED)
        error = next((result.error for result in telling if result.error), None)
        names = ", ".join(f"{result.hsm}.{result.slot}" for result in failed)
        raise NotProvenError(
            f"the secrets of the keyring do not work{f': {error.name}' if error else ''}",
            names or "the test was interrupted",
            error.remedy if error else "try again",
        )
    return len(tests)


def mark_rejected(store: SecretStore, offered: Offered, results: Iterable[SlotResult]) -> None:
    """Mark in the keyring what an HSM has rejected, so that no process offers it again.

    A secret that one slot of the same test was let in with is a good one, whatever another slot says.
    """
    rejected: dict[Key, str] = {}
    good: set[Key] = set()
    for result in results:
        for stage in result.stages:
            good |= _keys(result, accepted_by(stage))
            if stage.error is not None:
                code = f" {stage.error.hex}" if stage.error.hex else ""
                by = f"{result.hsm} ({stage.error.name}{code})"
                rejected |= dict.fromkeys(_keys(result, rejected_by(stage)), by)
    for key, by in rejected.items():
        if key in offered.secrets and key not in good:
            store.mark_rejected(offered.secrets[key], by)


def _keys(result: SlotResult, kinds: Iterable[SecretKind]) -> set[Key]:
    """Whose secrets of these kinds a slot's test has offered."""
    owners = {kind: result.proxy if kind is SecretKind.PROXY else result.user for kind in kinds}
    return {(kind, name) for kind, name in owners.items() if name is not None}
