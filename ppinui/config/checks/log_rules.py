"""Rules on the log: who can tamper with it, and what gets into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from ppinui.config.checks.subject import Profile, Subject, problem, rule
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.text import quoted

_WINDOWS: Final = re.compile(r"[A-Za-z]:|%|\\\\")
_HIGHEST_LEVEL: Final = 4  # warning; the vendor's word for production
_INPUTS: Final = 1  # the bit of trace_mask that logs what goes into each PKCS#11 function


@rule
def log_file(subject: Subject) -> Iterator[Diagnostic]:
    """log-file-writable-by-all: any user can put a link there before the log is made (production profile).

    log-file-relative: each application would have a log of its own, where it was started.
    """
    log = subject.config.log
    file = log["file"]
    written = subject.document.get("primus.log.file")
    if not written and not (subject.complete and subject.document.get("primus")):
        return
    if not isinstance(file, str) or log["write_log_file"] is False:
        return
    path = PureWindowsPath(file) if _WINDOWS.match(file) else PurePosixPath(file)
    at = subject.where("primus.log.file", "primus.log", "primus")
    default = "" if written else " (the default)"
    if subject.writable_by_all(path.parent):
        yield problem(
            "log-file-writable-by-all",
            Severity.ERROR if subject.profile is Profile.PRODUCTION else Severity.NOTE,
            at,
            f"the log file is {file}{default}, in a folder that everybody can write",
            'set primus.log.file to a folder of the group primus, such as "/var/log/primus/primus.log"',
        )
    elif isinstance(path, PurePosixPath) and not path.is_absolute():
        yield problem(
            "log-file-relative",
            Severity.NOTE,
            at,
            f"the log file {quoted(file)} is relative to the folder that each application is started in",
            "write the whole path",
        )


@rule
def trace_mask(subject: Subject) -> Iterator[Diagnostic]:
    """trace-mask-not-zero: meant for hunting a fault; bit 1 logs inputs of functions (production profile)."""
    mask = subject.config.log["trace_mask"]
    if isinstance(mask, int) and mask != 0:
        inputs = (
            "the inputs of functions, PINs among them, may get" if mask & _INPUTS else "internal data get"
        )
        yield problem(
            "trace-mask-not-zero",
            Severity.ERROR if subject.profile is Profile.PRODUCTION else Severity.WARNING,
            subject.where("primus.log.trace_mask"),
            f"trace_mask is {mask}: {inputs} into the log",
            "write trace_mask = 0x00; when the fault is found",
        )


@rule
def production(subject: Subject) -> Iterator[Diagnostic]:
    """production-trace-level: production has no debug output in its log."""
    level = subject.config.log["trace_level"]
    if subject.profile is Profile.PRODUCTION and isinstance(level, int) and level > _HIGHEST_LEVEL:
        yield problem(
            "production-trace-level",
            Severity.ERROR,
            subject.where("primus.log.trace_level"),
            f"trace_level is {level}: production has at most {_HIGHEST_LEVEL}",
            f"set it: ppinui config set log.trace_level={_HIGHEST_LEVEL}",
        )
