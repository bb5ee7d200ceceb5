"""The secrets of ``ppinui --test``: from .secrets.cfg, from the keyring, or typed."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator

from ppinui.cli.command_context import say_whose_keyring, say_without_keyring
from ppinui.cli.console import say
from ppinui.cli.secret_prompts import ask_pin
from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.probe.credentials import Credentials, PromptedCredentials, sources_in_words
from ppinui.probe.plan import Plan
from ppinui.probe.result import Report
from ppinui.probe.runner import ProbeOptions
from ppinui.provider.library import mentions_primus
from ppinui.services.context import Context
from ppinui.text import printable


@contextlib.contextmanager
def credentials_of(
    arguments: argparse.Namespace, context: Context, config: PrimusConfig, plan: Plan, options: ProbeOptions
) -> Iterator[Credentials]:
    """The test's secrets. What an HSM has rejected is marked by :func:`mark_rejected`, not here."""
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


def mark_rejected(credentials: Credentials, report: Report) -> None:
    """Mark in the keyring what an HSM has rejected of it, so that no process offers it again."""
    if not isinstance(credentials, PromptedCredentials):
        from ppinui.services.stored_credentials import StoredCredentials

        assert isinstance(credentials, StoredCredentials)
        credentials.mark_rejected(report.results)


def render_sources(report: Report) -> str:
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
