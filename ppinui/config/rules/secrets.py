"""Rules on passwords in clear text, in settings and in comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ppinui.config.masking import ClearSecret, Looks, find_secrets
from ppinui.config.paths import short_path
from ppinui.config.problem import Problem, Severity
from ppinui.config.rules.subject import Subject, called, problem
from ppinui.config.settings import SECRET_NAMES
from ppinui.config.sources import Source

_PIN = "Fetch the partition's permanent secret with it (ppin -a -e PARTITION), then remove it here."
_PROXY = "Put it into .secrets.cfg (ppin -p -e PROXY_USER), then remove it here."


def clear_secrets(subject: Subject) -> Iterator[Problem]:
    """clear-pin, clear-proxy-password, both also with -in-comment; included files count too."""
    document = subject.document
    settings = [setting for setting in document.walk() if (setting.name or "").lower() in SECRET_NAMES]
    paths = {setting.start: setting.path for setting in settings if not setting.read_only}
    yield from secrets_of_text(document.source, paths)
    for setting in settings:
        if setting.read_only:
            name = setting.name or ""
            what = f"{called(setting)} holds the {_meaning(name)} in clear text, in an included file"
            yield problem(Severity.WARNING, _check(name), setting, what, _remedy(name))


def secrets_of_text(source: Source, paths: Mapping[int, str]) -> Iterator[Problem]:
    """The same for a text alone, which need not parse; ``paths`` are those of settings by offset."""
    for secret in find_secrets(source.text):
        path = paths.get(secret.start)
        name = short_path(path) if path else secret.name
        severity, message = _judged(secret, f"a commented-out {name}" if secret.in_comment else name)
        if severity is not None:
            check = _check(secret.name) + ("-in-comment" if secret.in_comment else "")
            found = problem(severity, check, source.place(secret.start), message, _remedy(secret.name))
            yield replace(found, path=path)


def _judged(secret: ClearSecret, name: str) -> tuple[Severity | None, str]:
    match secret.looks:
        case Looks.REAL:
            return Severity.WARNING, f"{name} holds the {_meaning(secret.name)} in clear text"
        case Looks.PLACEHOLDER:
            return (
                Severity.NOTE,
                f"{name} holds a placeholder; a password in clear text there is discouraged",
            )
        case Looks.PROSE:
            return None, ""


def _check(name: str) -> str:
    return "clear-pin" if name.lower() == "pin" else "clear-proxy-password"


def _meaning(name: str) -> str:
    return "setup password" if name.lower() == "pin" else "password of the service proxy"


def _remedy(name: str) -> str:
    return _PIN if name.lower() == "pin" else _PROXY
