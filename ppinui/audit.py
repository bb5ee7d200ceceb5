"""The trace that changes leave: one line without secrets in the system's log."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ppinui.text import printable

_SPECIAL = re.compile(r'["\\]')


def trace(
    action: str,
    file: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    send: Callable[[str], None] | None = None,
) -> None:
    """Say in the system's log who did what to which file.

    ``action`` is a word or two of ours (``save``, ``export secrets``), never input. ``send`` gets the line
    instead of syslog. Nothing is raised when there is no system log, for a trace must not undo what was done.
    """
    (send or _to_syslog)(line_of(action, file, environ))


def line_of(action: str, file: Path, environ: Mapping[str, str]) -> str:
    """``user=alice uid=1000 by=bob action="save" file="/etc/primus/primus.cfg"``.

    ``by`` is there under sudo only: the one who ran it. No part of it can begin a line of its own.
    """
    words = [f"user={_user_name()}"]
    if hasattr(os, "getuid"):
        words.append(f"uid={os.getuid()}")
    if sudo_user := environ.get("SUDO_USER"):
        words.append(f'by="{_printable(sudo_user)}"')
    return " ".join([*words, f'action="{_printable(action)}"', f'file="{_printable(str(file))}"'])


def _user_name() -> str:
    """The account's name by its number; the number, where it has no name. The environment is not asked."""
    try:
        import pwd

        return _printable(pwd.getpwuid(os.getuid()).pw_name)
    except (ImportError, KeyError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _printable(text: str) -> str:
    """For inside of double quotes."""
    return printable(_SPECIAL.sub(r"\\\g<0>", text))


def _to_syslog(line: str) -> None:
    try:
        import syslog
    except ImportError:
        return  # Windows has none
    syslog.openlog("ppinui", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_NOTICE, line)
    syslog.closelog()
