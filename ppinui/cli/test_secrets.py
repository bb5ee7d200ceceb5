"""The secrets of ``ppinui --test``: from .secrets.cfg, from the keyring, from whoever sits there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppinui.cli.console import printable, say
from ppinui.cli.prompts import ask_pin
from ppinui.config.locate import secrets_location
from ppinui.errors import PpinuiError
from ppinui.probe.plan import Plan
from ppinui.probe.result import Report
from ppinui.probe.supply import AskedSupply, Supply
from ppinui.provider.library import mentions_primus

_WORDS = {
    "file": "from .secrets.cfg",
    "keyring": "from the keyring",
    "configuration": "in clear text in primus.cfg",
    "asked": "asked for",
    "missing": "missing",
}
_KINDS = {"permanent": "permanent secret", "proxy": "proxy password", "pin": "PIN"}


@contextmanager
def supply_of(arguments: argparse.Namespace, plan: Plan, module: Path | None) -> Iterator[Supply]:
    """Where the test's secrets come from. What an HSM has rejected is marked by :func:`mark`, not here."""
    login = arguments.login or arguments.crypto
    forced = arguments.secrets_from == "keyring"
    connects = module is not None and (forced or mentions_primus(module))
    if not connects and not login:
        yield AskedSupply(ask_pin)
        return
    # Only now: the keyring's side costs more to import than most tests take.
    from ppinui.cli.secret_session import SecretSession
    from ppinui.probe.stored_supply import Choice, StoredSupply
    from ppinui.secrets import secretsfile, transfer
    from ppinui.secrets.hardening import harden
    from ppinui.secrets.keyring_process import choice_of, may_exist
    from ppinui.secrets.store import SecretStore
    from ppinui.setup.users import known_users

    harden()
    sessions: list[SecretSession] = []

    def open_store() -> SecretStore | None:
        if not forced and not may_exist(choice_of(arguments.keyring, os.environ), os.environ):
            return None
        sessions.append(SecretSession(arguments))
        sessions[0].say_whose_keyring()
        return sessions[0].store

    def entries() -> tuple[secretsfile.FileEntry, ...]:
        location = secrets_location(arguments.secrets, must_exist=False)
        if not connects or forced or not location.exists:
            return ()
        known = known_users(plan.config)
        try:
            text = transfer.read_secrets_file(location.path)
            return secretsfile.read(
                text, str(location.path), partitions=known.partitions, proxies=known.proxies
            )
        except PpinuiError as error:
            # The library will say what it makes of the file.
            say(f"note: {printable(error.message)} ({printable(error.place)})")
            return ()

    supply: StoredSupply | None = None
    try:
        supply = StoredSupply(
            plan,
            entries(),
            choice=Choice(arguments.secrets_from),
            open_store=open_store,
            ask=ask_pin,
            with_pins=login,
            with_connection_secrets=connects,
            without_keyring=None if forced or arguments.keyring else _say_without_keyring,
        )
        yield supply
    finally:
        if supply is not None:
            supply.wipe()
        for session in sessions:
            session.close()


def _say_without_keyring(error: PpinuiError) -> None:
    say(f"note: the keyring is not used: {printable(error.message)} ({printable(error.place)})")


def mark(supply: Supply, report: Report) -> None:
    """Mark in the keyring what an HSM has rejected of it, so that no process offers it again."""
    taken = getattr(supply, "taken_from_keyring", None)
    if taken is not None:
        from ppinui.setup.proving import mark_rejected

        store, offered = taken
        mark_rejected(store, offered, report.results)


def render_sources(report: Report) -> str:
    """Where each slot's secrets came from; slots of which that is the same share a line.

    Nothing is said of slots for which there was just a PIN that somebody has typed.
    """
    slots_of: dict[str, list[str]] = {}
    for result in report.results:
        if set(result.secrets.values()) == {"asked"}:
            continue
        words = ", ".join(
            f"{_KINDS[kind]} {_WORDS[source]}" for kind, source in sorted(result.secrets.items())
        )
        if words:
            slots_of.setdefault(words, []).append(f"{result.hsm}.{result.slot}")
    return "\n".join(f"{printable(', '.join(slots))}: {words}" for words, slots in slots_of.items())
