"""Rules on strings: escapes that were meant as a path, and characters that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem
from ppinui.config.secret_detection import is_secret_name
from ppinui.config.validators import check_text
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting

# \a, \b and \v are two characters to libconfig 1.5 and one to newer versions; \x with two digits is one to
# all.
_ESCAPE: Final = re.compile(r"\\(?:\\|([abfnrtv]|[xX][0-9A-Fa-f]{2})|.)", re.DOTALL)
_PATH: Final = re.compile(r'"?\s*(?:[A-Za-z]:\\|%\w+%\\|\\\\|\.{1,2}\\)')
_JUDGED_ELSEWHERE: Final = frozenset(("host", "port"))


def escapes_in_paths(subject: Subject) -> Iterator[Diagnostic]:
    """escape-in-path: ``"C:\\temp"`` holds a tab."""
    for setting in subject.document.walk():
        if setting.kind is Kind.STRING and "\\" in setting.raw and not is_secret_name(setting.name or ""):
            escapes = [found[0] for found in _ESCAPE.finditer(setting.raw) if found[1]]
            if escapes and _is_path(setting):
                yield problem(
                    Severity.WARNING,
                    "escape-in-path",
                    setting,
                    f"{called(setting)} looks like a path, but {escapes[0]} in it is a control character, "
                    "not a backslash and a letter",
                    "Write each backslash of a path twice, or use / instead.",
                )


def _is_path(setting: Setting) -> bool:
    return setting.path == "primus.log.file" or bool(_PATH.match(setting.raw))


def control_characters(subject: Subject) -> Iterator[Diagnostic]:
    """control-character: a tab or a line break in a name is never seen, and never matches."""
    for level, group in subject.groups:
        for setting in group.children:
            name = setting.name or ""
            if name not in level.specs or name in _JUDGED_ELSEWHERE or is_secret_name(name):
                continue
            if setting.kind is not Kind.STRING or _is_path(setting):
                continue
            if flaw := check_text(called(setting), str(setting.value)):
                yield problem(Severity.ERROR, flaw.code, setting, flaw.message, flaw.remedy)
