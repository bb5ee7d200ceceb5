"""The secrets of ``ppinui --test``: from .secrets.cfg, from the keyring, from whoever sits there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppinui.cli.console import printable, say
from ppinui.cli.secret_prompts import ask_pin
from ppinui.config.locate import secrets_location
from ppinui.config.primus import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.probe.credentials import Credentials, PromptedCredentials, sources_in_words
from ppinui.probe.plan import Plan
from ppinui.probe.result import Report
from ppinui.provider.library import mentions_primus


@contextmanager
def supply_of(
    arguments: argparse.Namespace, config: PrimusConfig, plan: Plan, module: Path | None
) -> Iterator[Credentials]:
    """Where the test's secrets come from. What an HSM has rejected is marked by :func:`mark`, not here."""
    login = arguments.login or arguments.crypto
    forced = arguments.secrets_from == "keyring"
    connects = module is not None and (forced or mentions_primus(module))
    if not connects and not login:
        yield PromptedCredentials(ask_pin)
        return
    # Only now: the keyring's side costs more to import than most tests take.
    from ppinui.cli.secret.secret_session import SecretSession
    from ppinui.secrets.keyring_client import choice_of, may_exist
    from ppinui.secrets.store import SecretStore
    from ppinui.services.keyring_credentials import stored_supply
    from ppinui.services.stored_credentials import Choice, StoredSupply
    from ppinui.workers.hardening import harden

    harden()
    sessions: list[SecretSession] = []

    def open_store() -> SecretStore | None:
        if not forced and not may_exist(choice_of(arguments.keyring, os.environ), os.environ):
            return None
        sessions.append(SecretSession(arguments))
        sessions[0].say_whose_keyring()
        return sessions[0].store

    location = secrets_location(arguments.secrets, must_exist=False) if connects and not forced else None
    supply: StoredSupply | None = None
    try:
        supply = stored_supply(
            config,
            plan,
            secrets_file=location.path if location is not None and location.exists else None,
            choice=Choice(arguments.secrets_from),
            open_store=open_store,
            ask=ask_pin,
            login=login,
            connects=connects,
            without_file=_say_without_file,
            without_keyring=None if forced or arguments.keyring else _say_without_keyring,
        )
        yield supply
    finally:
        if supply is not None:
            supply.wipe()
        for session in sessions:
            session.close()


def _say_without_file(error: PpinuiError) -> None:
    say(f"note: {printable(error.message)} ({printable(error.place)})")


def _say_without_keyring(error: PpinuiError) -> None:
    say(f"note: the keyring is not used: {printable(error.message)} ({printable(error.place)})")


def mark(supply: Credentials, report: Report) -> None:
    """Mark in the keyring what an HSM has rejected of it, so that no process offers it again."""
    if not isinstance(supply, PromptedCredentials):
        from ppinui.services.keyring_credentials import mark_rejected_of

        mark_rejected_of(supply, report.results)


def render_sources(report: Report) -> str:
    """Where each slot's secrets came from; slots of which that is the same share a line.

    Nothing is said of slots for which there was just a PIN that somebody has typed.
    """
    slots_of: dict[str, list[str]] = {}
    for result in report.results:
        if set(result.secrets.values()) == {"asked"}:
            continue
        if words := sources_in_words(result.secrets):
            slots_of.setdefault(words, []).append(f"{result.hsm}.{result.slot}")
    return "\n".join(f"{printable(', '.join(slots))}: {words}" for words, slots in slots_of.items())
