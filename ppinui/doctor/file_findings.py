"""primus.cfg and .secrets.cfg: which ones, why, what is in them, and who may read and write them."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ppinui.config.checks.registry import check_file
from ppinui.config.locate import GROUP, SECRETS_VARIABLE, search_places
from ppinui.config.primus_config import PrimusConfig, SecretOwners, read
from ppinui.diagnostic import Diagnostic, Severity, count_severities, error, from_exception, ok, warning
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import load
from ppinui.secrets.secrets_file import Key, read_entries
from ppinui.secrets.stored_secret import OpaqueEntry
from ppinui.services.context import Context, group_name, user_name
from ppinui.text import plural

CONFIG: Final = "primus.cfg"
SECRETS: Final = ".secrets.cfg"
_ABOUT_ACCESS: Final = frozenset(
    {
        "file-readable-by-all",
        "file-writable-by-all",
        "file-not-of-group-primus",
        "folder-writable-by-all",
        "provider-folder",
        "package-version-beside",
    }
)
"""Codes of config.checks.access_rules: on the file itself, not on its text."""
_CLEAR: Final = frozenset({"clear-pin", "clear-proxy-password"})


@dataclass(frozen=True)
class ConfigSeen:
    """The primus.cfg in use. ``config`` None: there is none that can be read."""

    findings: tuple[Diagnostic, ...]
    path: Path | None = None
    config: PrimusConfig | None = None


@dataclass(frozen=True)
class SecretsFileSeen:
    """The .secrets.cfg in use.

    ``path`` None: there is none. ``entries`` None: nobody can say what is in it; an absent file has none.
    """

    findings: tuple[Diagnostic, ...]
    path: Path | None = None
    entries: Mapping[Key, OpaqueEntry] | None = field(default=None, repr=False)


def look_at_config(context: Context) -> ConfigSeen:
    """The primus.cfg in use."""
    try:
        location = context.location()
    except PpinuiError as exception:
        return ConfigSeen((from_exception(CONFIG, exception),))
    found = ok(CONFIG, f"{location.path} ({location.rule})")
    try:
        number = context.host.group.number if context.host.group else None
        problems = check_file(location.path, root=context.host.root, find_group=lambda _: number)
        access = tuple(_access(problems, location.path))
        text = tuple(_contents(problems, location.path))
    except PpinuiError as exception:
        return ConfigSeen((found, from_exception(f"{CONFIG}, access", exception)), location.path)
    except FileNotFoundError:  # a sealed memory file of 'ppinui run' has a descriptor, and no name of its own
        access = (ok(f"{CONFIG}, access", "it lies in memory, for this program alone"),)
        text = ()
    try:
        config = read(load(location.path))
    except PpinuiError:  # the check has said where and why
        config = None
    return ConfigSeen((found, *access, *text), location.path, config)


def _access(problems: Collection[Diagnostic], path: Path) -> Iterator[Diagnostic]:
    subject = f"{CONFIG}, access"
    found = [problem for problem in problems if problem.code in _ABOUT_ACCESS]
    for problem in found:
        severity = Severity.OK if problem.severity is Severity.NOTE else problem.severity
        yield replace(problem, severity=severity, subject=subject)
    if not found:
        yield ok(subject, _mode(path))


def _contents(problems: Collection[Diagnostic], path: Path) -> Iterator[Diagnostic]:
    clear = sum(problem.code in _CLEAR and problem.severity is Severity.WARNING for problem in problems)
    rest = [
        problem
        for problem in problems
        if problem.code not in _ABOUT_ACCESS | _CLEAR and problem.severity is not Severity.NOTE
    ]
    subject = f"{CONFIG}, contents"
    if rest:
        is_broken = any(problem.severity is Severity.ERROR for problem in rest)
        report = error if is_broken else warning
        yield report(subject, count_severities(rest), f"see them: ppinui -c {path} config check")
    else:
        yield ok(subject, "nothing is wrong with it")
    if clear:
        words = f"{plural(clear, 'password')} in clear text"
        yield warning(subject, words, f"move them into the keyring: ppinui -c {path} secret adopt")


def look_at_secrets(context: Context, users: SecretOwners | None = None) -> SecretsFileSeen:
    """The .secrets.cfg in use; ``users``: those of primus.cfg, if it can be read."""
    try:
        location = context.secrets_location(must_exist=bool(context.secrets))
    except PpinuiError as exception:
        return SecretsFileSeen((from_exception(SECRETS, exception),))
    if not location.exists:
        return SecretsFileSeen((_no_secrets(context),), entries={})
    found = ok(SECRETS, f"{location.path} ({location.rule})")
    access = tuple(_secrets_access(location.path, context))
    try:
        entries = read_entries(location.path, users)
    except PpinuiError as exception:
        return SecretsFileSeen(
            (found, *access, from_exception(f"{SECRETS}, contents", exception)), location.path
        )
    by_user = {(entry.kind, entry.name): entry.opaque for entry in entries}
    return SecretsFileSeen((found, *access), location.path, by_user)


def _no_secrets(context: Context) -> Diagnostic:
    places = search_places(environ=context.environ, root=context.host.root, secrets=True)
    looked_at = ", ".join(str(place.path) for place in places)
    if context.environ.get(SECRETS_VARIABLE):
        return warning(
            SECRETS,
            f"{SECRETS_VARIABLE} names a file that is not there ({looked_at})",
            f"correct or unset it, or make the file: ppinui secret export {looked_at}",
        )
    return ok(SECRETS, f"there is none, so applications have no secrets from a file ({looked_at})")


def _secrets_access(path: Path, context: Context) -> Iterator[Diagnostic]:
    """Readable by the group primus and by no one else: mode 0640, as the vendor documents it."""
    subject = f"{SECRETS}, access"
    status = path.stat()
    open_to = [
        word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "change")) if status.st_mode & bit
    ]
    if open_to:
        yield error(subject, f"everybody can {' and '.join(open_to)} it: {_mode(path)}", f"chmod 0640 {path}")
    elif context.host.group is not None and status.st_gid != context.host.group.number:
        yield warning(
            subject,
            f"its group is not {GROUP}, which the users of the library are in: {_mode(path)}",
            f"chgrp {GROUP} {path} && chmod 0640 {path}",
        )
    else:
        yield ok(subject, _mode(path))


def _mode(path: Path) -> str:
    status = os.stat(path)
    owner, group = user_name(status.st_uid), group_name(status.st_gid)
    return f"mode {stat.S_IMODE(status.st_mode):04o}, {owner}:{group}"


def look_at_group(context: Context, *, config_readable: bool) -> Diagnostic:
    """Whether this account is in the group that the provider's files are open to.

    ``config_readable``: it can read the primus.cfg in use all the same.
    """
    subject = f"group {GROUP}"
    account, group = context.host.account, context.host.group
    if group is None:
        return warning(
            subject,
            "this machine has no such group, which the provider's packages make",
            f"install the provider, or make it: sudo groupadd --system {GROUP}",
        )
    if account.uid == 0:
        return ok(subject, "root reads the provider's files without it")
    if group.number in account.groups:
        return ok(subject, f"{account.name} is in it")
    report = warning if config_readable else error
    if account.name in group.members:
        words = f"{account.name} is in it, but this session is older than that"
        return report(subject, words, f"log in again, or: newgrp {GROUP}")
    remedy = f"sudo usermod -aG {GROUP} {account.name}, then newgrp {GROUP}"
    return report(subject, f"{account.name} is not in it", remedy)
