"""Which backend of ``keyring`` is used, why this one, and which ones are refused.

Runs in the process that talks to the keyring (:mod:`ppinui.secrets.keyring_server`): finding out whether a
backend works may already block on D-Bus.
"""

from __future__ import annotations

import configparser
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keyring.backend import KeyringBackend

from ppinui.secrets.keyring_errors import BackendRefusedError, NoBackendError
from ppinui.secrets.vault import vault_file
from ppinui.secrets.vault.vault import Vault

ACCEPTED: Final[dict[str, str]] = {
    "secretservice": "keyring.backends.SecretService.Keyring",
    "libsecret": "keyring.backends.libsecret.Keyring",
    "kwallet": "keyring.backends.kwallet.DBusKeyring",
    "macos": "keyring.backends.macOS.Keyring",
    "vault": "ppinui.secrets.vault_keyring.VaultKeyring",
}
"""The backends that secrets are entrusted to without the user's naming a class: short name to class."""

_REFUSED: Final[dict[str, str]] = {
    "keyring.backends.null.Keyring": "it drops what is stored",
    "keyring.backends.fail.Keyring": "it stores nothing",
    "keyring.backends.chainer.ChainerBackend": "it hands secrets to any backend, to plain-text ones too",
    "keyrings.alt.pyfs.BasicKeyring": "it stores plain text",
}
_NAMES: Final = ", ".join(ACCEPTED)


@dataclass(frozen=True)
class Selection:
    """A backend ready for use, its short name (a class path where it has none) and why it was taken."""

    backend: KeyringBackend
    name: str
    why: str


def select(named: str | None, named_by: str, environ: Mapping[str, str]) -> Selection:
    """The backend to use.

    ``named``: what the user asked for, a short name of :data:`ACCEPTED` or a full class path, and
    ``named_by`` how ("--keyring"). Without it what keyring itself is set to use (``PYTHON_KEYRING_BACKEND``,
    keyringrc.cfg) if we accept that, else the first of this system's own keyrings that works; the vault only
    if it is named. Raises :class:`BackendRefusedError`, :class:`NoBackendError`.
    """
    if named:
        if named not in ACCEPTED and "." not in named:
            raise BackendRefusedError(
                f"there is no keyring backend called {named!r}", named_by, f"choose one of {_NAMES}"
            )
        return _load(named, named_by, environ)
    for class_path, where in _keyrings_own_choice(environ):
        name = next((short for short, path in ACCEPTED.items() if path == class_path), class_path)
        if name not in ACCEPTED and not _refusal(class_path):
            raise BackendRefusedError(
                f"keyring is set to use {class_path}, which ppinui does not know",
                where,
                f"if you trust it with secrets, name it: --keyring {class_path}; else choose one of {_NAMES}",
            )
        return _load(name, where, environ)
    return _first_that_works(environ)


def _first_that_works(environ: Mapping[str, str]) -> Selection:
    reasons = []
    for name in _own_keyrings(environ):
        backend_class = _import(ACCEPTED[name], "this system")
        if (reason := _why_unusable(backend_class)) is None:
            return Selection(backend_class(), name, "this system's own keyring")
        reasons.append(f"{name}: {reason}")
    vault = vault_file.vault_path(environ)
    remedy = (
        f"use the vault {vault}: --keyring vault, or PPINUI_KEYRING=vault"
        if vault.exists()
        else "log in to a desktop session, or make a vault: 'ppinui vault create', then use --keyring vault"
    )
    raise NoBackendError("no keyring is available here", "; ".join(reasons) or sys.platform, remedy)


def _own_keyrings(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What this system has, in keyring's own order of preference."""
    if sys.platform == "darwin":
        return ("macos",)
    if "KDE" in environ.get("XDG_CURRENT_DESKTOP", "").split(":"):
        return ("kwallet", "secretservice", "libsecret")
    return ("secretservice", "kwallet", "libsecret")


def _keyrings_own_choice(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """What keyring is set to use, and where: the variable before the file."""
    from keyring.util import platform_

    if chosen := environ.get("PYTHON_KEYRING_BACKEND"):
        return [(chosen, "PYTHON_KEYRING_BACKEND")]
    path = platform_.config_root() / "keyringrc.cfg"
    settings = configparser.RawConfigParser()
    try:
        settings.read(path, encoding="utf-8")
        chosen = settings.get("backend", "default-keyring", fallback="").strip()
    except (configparser.Error, UnicodeDecodeError):
        raise BackendRefusedError(
            "keyring's settings cannot be read", str(path), f"mend them, or name a keyring: one of {_NAMES}"
        ) from None
    return [(chosen, str(path))] if chosen else []


def _load(name: str, named_by: str, environ: Mapping[str, str]) -> Selection:
    class_path = ACCEPTED.get(name, name)
    if reason := _refusal(class_path):
        raise _refused(class_path, reason, named_by)
    backend_class = _import(class_path, named_by)
    for ancestor in backend_class.__mro__:
        if reason := _refusal(f"{ancestor.__module__}.{ancestor.__qualname__}"):
            raise _refused(class_path, reason, named_by)
    if name == "vault":
        Vault(vault_file.vault_path(environ)).check()  # says more than its priority could
    if reason := _why_unusable(backend_class):
        raise NoBackendError(
            f"the keyring {name} cannot be used: {reason}",
            named_by,
            "log in to a desktop session, or use a vault: --keyring vault",
        )
    return Selection(backend_class(), name, f"named by {named_by}")


def _refusal(class_path: str) -> str | None:
    """Why this class gets no secrets, or None."""
    if "plaintext" in class_path.lower():
        return "it stores plain text"
    return _REFUSED.get(class_path)


def _refused(class_path: str, reason: str, named_by: str) -> BackendRefusedError:
    return BackendRefusedError(
        f"the keyring backend {class_path} is refused: {reason}", named_by, f"choose one of {_NAMES}"
    )


def _import(class_path: str, named_by: str) -> type[KeyringBackend]:
    module, _, name = class_path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise BackendRefusedError(
            f"there is no keyring backend {class_path}: {error}", named_by, f"choose one of {_NAMES}"
        ) from None
    if not (isinstance(found, type) and issubclass(found, KeyringBackend)):
        raise BackendRefusedError(f"{class_path} is no keyring backend", named_by, f"choose one of {_NAMES}")
    return found


def _why_unusable(backend_class: type[KeyringBackend]) -> str | None:
    """Ask the backend itself: its priority is an error where it cannot work."""
    try:
        backend_class.priority  # noqa: B018 - a property with the effect of a question
    except RuntimeError as error:
        return str(error).strip() or type(error).__name__
    return None
