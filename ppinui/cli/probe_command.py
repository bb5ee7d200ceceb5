"""``ppinui --test``: the connection test of the slots that the arguments choose."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace

from ppinui.cli.command_context import context_of, say_whose_keyring, say_without_keyring
from ppinui.cli.console import say
from ppinui.cli.report_output import run_with_progress, show_report
from ppinui.cli.secret_prompts import ask_pin
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.errors import PpinuiError
from ppinui.kms.kms_locate import is_kms_file
from ppinui.libconfig.document import load
from ppinui.probe.credentials import Credentials, PromptedCredentials, sources_in_words
from ppinui.probe.plan import Plan, SlotSelection, make_plan
from ppinui.probe.result import Report
from ppinui.probe.runner import ProbeOptions
from ppinui.provider.library import mentions_primus
from ppinui.services.context import Context
from ppinui.text import printable


def run(arguments: argparse.Namespace) -> int:
    """Test what the arguments choose and report it; the result is the exit code."""
    context = context_of(arguments)
    configuration = context.location().path
    if is_kms_file(configuration):
        from ppinui.cli.kms import kms_probe_command

        return kms_probe_command.run(arguments, configuration)
    secrets_file = context.secrets_location(must_exist=True).path if arguments.secrets else None
    selection = SlotSelection(arguments.user, arguments.hsm, arguments.slot, arguments.slotid)
    options = replace(
        context.probe_options(login=arguments.login or arguments.crypto),
        crypto=arguments.crypto,
        jobs=arguments.jobs,
        lanes=arguments.lanes,
        spend_final_try=arguments.spend_final_try,
        secrets_file=secrets_file,
    )
    config = read(load(configuration))
    plan = make_plan(config, selection)
    with _credentials(arguments, context, config, plan, options) as credentials:
        report = run_with_progress(plan, options, credentials=credentials)
        _mark_rejected(credentials, report)
    if sources := _sources(report):
        say(sources)
    return show_report(report, arguments.format)


@contextlib.contextmanager
def _credentials(
    arguments: argparse.Namespace, context: Context, config: PrimusConfig, plan: Plan, options: ProbeOptions
) -> Iterator[Credentials]:
    """The test's secrets. What an HSM has rejected is marked by the caller, not here."""
    forced = arguments.secrets_from == "keyring"
    connects = options.module is not None and (forced or mentions_primus(options.module))
    if not connects and not options.login:
        yield PromptedCredentials(ask_pin)
        return
    # Only now: the keyring's side costs more to import than most tests take.
    from ppinui.secrets.store import SecretStore
    from ppinui.services.stored_credentials import SecretsChoice, StoredCredentials
    from ppinui.workers.hardening import harden

    harden()

    def open_store() -> SecretStore | None:
        if not forced and not context.may_have_keyring():
            return None
        say_whose_keyring(context)
        return context.keyrings.store()

    location = context.secrets_location() if connects and not forced else None
    with contextlib.closing(context):
        credentials = StoredCredentials(
            config,
            plan,
            secrets_file=location.path if location is not None and location.exists else None,
            choice=SecretsChoice(arguments.secrets_from),
            open_store=open_store,
            ask=ask_pin,
            login=options.login,
            connects=connects,
            without_file=_say_without_file,
            without_keyring=None if forced or arguments.keyring else say_without_keyring,
        )
        try:
            yield credentials
        finally:
            credentials.wipe()


def _say_without_file(error: PpinuiError) -> None:
    say(f"note: {printable(error.message)} ({printable(error.place)})")


def _mark_rejected(credentials: Credentials, report: Report) -> None:
    """Mark in the keyring what an HSM has rejected of it, so that no process offers it again."""
    if not isinstance(credentials, PromptedCredentials):
        from ppinui.services.stored_credentials import StoredCredentials

        assert isinstance(credentials, StoredCredentials)
        credentials.mark_rejected(report.results)


def _sources(report: Report) -> str:
    """Where each slot's secrets came from; slots with the same sources share a line.

    Slots that had just a PIN that was typed are left out.
    """
    slots_of: dict[str, list[str]] = {}
    for result in report.results:
        if set(result.secrets.values()) == {"asked"}:
            continue
        if words := sources_in_words(result.secrets):
            slots_of.setdefault(words, []).append(f"{result.hsm}.{result.slot}")
    return "\n".join(f"{printable(', '.join(slots))}: {words}" for words, slots in slots_of.items())
