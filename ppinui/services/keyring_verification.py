"""A test with the secrets of the keyring alone, before the copies that applications use are removed."""

from __future__ import annotations

from collections.abc import Collection

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import ExitCode, PpinuiError
from ppinui.files.private_folder import PrivateFolder, memory_place
from ppinui.probe.plan import make_plan
from ppinui.probe.result import Outcome
from ppinui.probe.runner import ProbeOptions
from ppinui.probe.runner import run as run_test
from ppinui.secrets.lookup import offer_all
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind
from ppinui.services.context import Context
from ppinui.services.stored_credentials import mark_rejected


class NotProvenError(PpinuiError):
    """A test with the secrets of the keyring failed."""

    exit_code = ExitCode.NOT_FINE


def prove(
    config: PrimusConfig,
    store: SecretStore,
    partitions: Collection[str],
    context: Context,
) -> int:
    """Test every slot of these partitions with secrets from the keyring alone; returns the number of slots.

    Raises :class:`NotProvenError` if one of them fails, SecretUnavailable if the keyring offers no secret,
    ModuleNotFound.
    """
    module = context.find_module()
    plan = make_plan(config).only(partitions)
    tests = plan.tests
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
        with PrivateFolder(memory_place(context.environ)) as folder:
            secrets_file = folder.write(".secrets.cfg", offered.secrets_file())
            report = run_test(plan, ProbeOptions(module, secrets_file=secrets_file, environ=context.environ))
        mark_rejected(store, offered.secrets, report.results)
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
