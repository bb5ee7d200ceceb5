"""The keyring: which backend and why, whose it is, whether it answers, and the bus that it is reached by."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from ppinui.diagnostic import Diagnostic, Severity, error, from_exception, ok, warning
from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_client import Backend
from ppinui.secrets.keyring_errors import NoBackendError
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind
from ppinui.secrets.vault.vault import Vault
from ppinui.secrets.vault.vault_file import VaultError, vault_path
from ppinui.services.context import Context, user_name

_BUS: Final = "DBUS_SESSION_BUS_ADDRESS"
_ON_THE_BUS: Final = frozenset({"secretservice", "kwallet", "libsecret"})
_BUS_SECONDS: Final = 2.0


@dataclass(frozen=True)
class KeyringSeen:
    """``backend`` None: no keyring answers."""

    finding: Diagnostic
    backend: Backend | None = None


def look_at_keyring(store: SecretStore, *, named: bool) -> KeyringSeen:
    """Choose, unlock and ask it for something, each within the keyring's deadline.

    ``named``: the user has said which keyring it should be, so one that does not work is wrong.
    """
    try:
        backend = store.backend()
        store.has(SecretKind.PIN, "")  # a name that nobody has: does it answer?
    except NoBackendError as exception:
        return KeyringSeen(
            from_exception("keyring", exception, Severity.ERROR if named else Severity.WARNING)
        )
    except PpinuiError as exception:
        return KeyringSeen(from_exception("keyring", exception))
    place = f", {backend.place}" if backend.place else ""
    words = f"{backend.name} ({backend.why}{place}), service {store.service}"
    return KeyringSeen(ok("keyring", words), backend)


def look_at_owner(context: Context) -> Iterator[Diagnostic]:
    """Whose keyring it is: under sudo, or for a service account, another one's than people may expect."""
    subject = "keyring's owner"
    account = context.host.account
    who = context.environ.get("SUDO_USER")
    if account.uid == 0 and who and who != account.name:
        yield warning(
            subject,
            f"{account.name}, because of sudo: {who} has another keyring",
            f"leave out sudo for the keyring of {who}; with sudo it is root's every time",
        )
    elif account.is_service:
        yield ok(subject, f"{account.name}, a service account")
    else:
        yield ok(subject, account.name)
    home = context.environ.get("HOME")
    try:
        owner = os.stat(home).st_uid if home else account.uid
    except OSError:
        yield warning(
            subject,
            f"its home is not there (HOME is {home})",
            "make it, or let PPINUI_VAULT name a vault elsewhere",
        )
        return
    if owner != account.uid:
        yield warning(
            subject,
            f"HOME is {home}, which belongs to {user_name(owner)}",
            "let HOME name the home of this account: under sudo with the option -H",
        )


def look_at_bus(context: Context, keyring: str | None) -> Diagnostic:
    """The session bus, by which desktop keyrings are reached; without one of those, nobody needs it.

    ``keyring``: the name of the one that answers, or was asked for; None if there is neither.
    """
    subject = "D-Bus"
    needed = keyring is None or keyring in _ON_THE_BUS
    if not sys.platform.startswith("linux"):
        return ok(subject, "this system's keyring does without")
    address = context.environ.get(_BUS)
    if not address:
        usual = context.host.root / f"run/user/{context.host.account.uid}/bus"
        if needed and usual.exists():
            return warning(
                subject,
                f"{_BUS} is not set, though there is a session bus",
                f"export {_BUS}=unix:path={usual}",
            )
        if needed:
            return warning(
                subject,
                f"{_BUS} is not set: no desktop session, so no Secret Service",
                _instead_of_a_desktop(context),
            )
        return ok(subject, f"no session bus, and the keyring {keyring} needs none")
    reason = _unreachable(address)
    if reason is None:
        return ok(subject, f"{address} answers")
    words = f"{address} does not answer: {reason}"
    remedy = f"start from the desktop session, or unset {_BUS} and use a vault: --keyring vault"
    return (error if needed else warning)(subject, words, remedy)


def _instead_of_a_desktop(context: Context) -> str:
    """How a vault is come by: the one that is there, if it can be used."""
    path = vault_path(context.environ)
    if not os.path.exists(path):
        return "use a vault: 'ppinui vault create', then --keyring vault"
    try:
        Vault(path).check()
    except VaultError as exception:
        fault = f"{exception.message}; {exception.remedy}"
        return f"repair the vault {path}, then use it with --keyring vault: {fault}"
    return f"use the vault {path}: --keyring vault, or PPINUI_KEYRING=vault"


def _unreachable(address: str) -> str | None:
    """Why no unix socket of a D-Bus address can be connected to; None if one can.

    Addresses of other sorts are not tried: the keyring itself will show.
    """
    reasons = []
    for one in address.split(";"):
        transport, _, values = one.partition(":")
        options = dict(pair.partition("=")[::2] for pair in values.split(","))
        path = unquote(options["path"]) if "path" in options else None
        abstract = f"\0{unquote(options['abstract'])}" if "abstract" in options else None
        if transport != "unix" or (target := path or abstract) is None:
            return None
        try:
            with socket.socket(socket.AF_UNIX) as bus:
                bus.settimeout(_BUS_SECONDS)
                bus.connect(target)
            return None
        except OSError as exception:
            reasons.append(exception.strerror or str(exception))
    return "; ".join(reasons)
