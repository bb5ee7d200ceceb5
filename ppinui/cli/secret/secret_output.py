"""``ppinui secret status``: where each secret is, since when, from where, and whether it was rejected."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from typing import Any

from ppinui.cli.command_context import say_whose_keyring
from ppinui.cli.console import as_json, emit
from ppinui.cli.secret.secret_session import SecretSession
from ppinui.errors import ExitCode
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.text import printable


def status(session: SecretSession, output_format: str) -> int:
    """Print it; NOT_FINE where a secret is missing, rejected or unreadable."""
    say_whose_keyring(session.context)
    backend = session.store.backend()
    owner = _account()
    rows = list(_rows(session))
    if output_format == "json":
        keyring = {"name": backend.name, "class": backend.class_path, "why": backend.why, "owner": owner}
        emit(
            as_json(
                {
                    "config": session.config.document.origin,
                    "keyring": {**keyring, "place": backend.place, "service": session.store.service},
                    "secrets": rows,
                }
            )
        )
    else:
        place = f", {backend.place}" if backend.place else ""
        lines = [
            f"keyring: {backend.name} of {owner} ({backend.why}{place}), service {session.store.service}"
        ]
        lines += [_line(row) for row in rows]
        emit("\n".join(printable(line) for line in lines) + "\n")
    needed = [row for row in rows if row["kind"] != SecretKind.PIN.value]
    there = all(row["keyring"] or row["file"] or row["config"] for row in needed)
    fine = there and not any(row["problem"] for row in rows)
    return ExitCode.FINE if fine else ExitCode.NOT_FINE


def _account() -> str:
    """The account whose keyring it is: under sudo, or for a service, another one than expected."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _rows(session: SecretSession) -> Iterator[dict[str, Any]]:
    in_file = session.in_file()
    keys: list[Key] = [(SecretKind.PERMANENT, name) for name in session.users.partitions]
    keys += [(SecretKind.PROXY, name) for name in session.users.proxies]
    keys += [key for key in in_file if key not in keys]
    for name in session.users.partitions:
        if session.store.has(SecretKind.PIN, name):
            keys.append((SecretKind.PIN, name))
    clear = session.users.clear_proxies
    for kind, name in keys:
        row: dict[str, Any] = {
            "kind": kind.value,
            "name": name,
            "keyring": False,
            "file": (kind, name) in in_file,
            "config": kind is SecretKind.PROXY and name in clear,
            "added": None,
            "source": None,
            "validated": None,
            "rejected": None,
            "problem": None,
        }
        yield row | _stored(session, kind, name)


def _stored(session: SecretSession, kind: SecretKind, name: str) -> dict[str, Any]:
    try:
        secret = session.store.get(kind, name)
        return _facts(session, secret) if secret is not None else {}
    except KeyringError as error:
        return {"keyring": True, "problem": f"{error.message}; {error.remedy}"}


def _facts(session: SecretSession, secret: StoredSecret) -> dict[str, Any]:
    rejection = session.store.rejection_of(secret)
    secret.wipe()
    facts: dict[str, Any] = {
        "keyring": True,
        "added": secret.added.isoformat() if secret.added else None,
        "source": secret.source,
        "validated": secret.validated,
    }
    if rejection is not None:
        facts["rejected"] = {"when": rejection.when.isoformat(), "by": rejection.by}
        facts["problem"] = f"rejected by {rejection.by}; replace it"
    return facts


def _line(row: dict[str, Any]) -> str:
    places = [
        word
        for word, there in (
            ("keyring", row["keyring"]),
            ("secrets file", row["file"]),
            ("primus.cfg", row["config"]),
        )
        if there
    ]
    text = f"{row['kind']} '{row['name']}': {', '.join(places) or 'MISSING'}"
    if row["keyring"] and row["source"]:
        since = f" at {row['added'][:16].replace('T', ' ')} UTC" if row["added"] else ""
        text += f" ({row['source']}{since}{'' if row['validated'] else ', not validated'})"
    return f"{text}; {row['problem']}" if row["problem"] else text
