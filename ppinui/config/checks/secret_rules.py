"""Rules on passwords in clear text, in settings and in comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ppinui.config.checks.subject import Subject, called, problem
from ppinui.config.paths import short_path
from ppinui.config.redaction import SHAPE, ClearSecret, Looks, find_secrets
from ppinui.config.secret_detection import is_of_proxy, is_of_setup, is_secret_name
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Document
from ppinui.libconfig.includes import Source

_PIN = "fetch the partition's permanent secret with it (ppin -a -e PARTITION), then remove it here"
_PROXY = "put it into .secrets.cfg (ppin -p -e PROXY_USER), then remove it here"
_OTHER = "remove it: the library reads no setting of this name"


def clear_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """clear-pin, clear-proxy-password, clear-password, also with -in-comment; included files count too."""
    document = subject.document
    if len(document.flat.segments) == 1:
        yield from secrets_of_text(document.source, lambda start: _path_at(document, start))
        return
    settings = [setting for setting in document.walk() if is_secret_name(setting.name or "")]
    paths = {setting.start: setting.path for setting in settings if not setting.read_only}
    yield from secrets_of_text(document.source, paths.get)
    for setting in settings:
        if setting.read_only:
            name = setting.name or ""
            what = f"{called(setting)} holds {_meaning(name)} in clear text, in an included file"
            yield problem(_check(name), Severity.WARNING, setting, what, _remedy(name))


def _path_at(document: Document, start: int) -> str | None:
    """The path of the setting whose name begins at an offset, if it is one for a password."""
    setting = document.setting_at(start)
    is_it = setting.flat_start == start and is_secret_name(setting.name or "")
    return setting.path if is_it else None


def secrets_of_text(source: Source, path_at: Callable[[int], str | None]) -> Iterator[Diagnostic]:
    """The same for a text alone, which need not parse; ``path_at``: the path of a setting by its offset."""
    for secret in find_secrets(source.text):
        path = path_at(secret.start)
        called_so = short_path(path) if path else secret.name
        if secret.name == SHAPE:
            called_so = "a comment" if secret.in_comment else "a value"
        elif secret.in_comment:
            called_so = f"a commented-out {called_so}"
        severity, message = _judged(secret, called_so)
        if severity is not None:
            check = _check(secret.name) + ("-in-comment" if secret.in_comment else "")
            found = problem(check, severity, source.place(secret.start), message, _remedy(secret.name))
            yield replace(found, subject=path or "")


def _judged(secret: ClearSecret, name: str) -> tuple[Severity | None, str]:
    match secret.looks:
        case Looks.REAL if secret.name == SHAPE:
            return Severity.WARNING, f"{name} holds what looks like a setup password in clear text"
        case Looks.REAL:
            return Severity.WARNING, f"{name} holds {_meaning(secret.name)} in clear text"
        case Looks.PLACEHOLDER if secret.name != SHAPE:
            return (
                Severity.NOTE,
                f"{name} holds a placeholder; a password in clear text there is discouraged",
            )
        case _:
            return None, ""


def _check(name: str) -> str:
    return (
        "clear-proxy-password"
        if is_of_proxy(name)
        else "clear-pin"
        if is_of_setup(name)
        else "clear-password"
    )


def _meaning(name: str) -> str:
    if is_of_proxy(name):
        return "the password of the service proxy"
    return "the setup password" if is_of_setup(name) else "a password"


def _remedy(name: str) -> str:
    return _PROXY if is_of_proxy(name) else _PIN if is_of_setup(name) else _OTHER
