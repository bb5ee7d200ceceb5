"""Core dumps: whether the memory of ppinui, or of the applications, could end up on a disk."""

from __future__ import annotations

import resource
from collections.abc import Iterator

from ppinui.doctor.finding import Finding, ok, warning, wrong
from ppinui.services.context import Context
from ppinui.workers.hardening import is_hardened


def look_at_core_dumps(context: Context) -> Iterator[Finding]:
    """Of this process, which should have hardened itself, and of programs that are started from here."""
    subject = "core dumps of ppinui"
    if is_hardened():
        yield ok(subject, "none: its limit is 0, and no other process may read its memory")
    else:
        yield wrong(
            subject, "this system would not forbid them", "see whether a security module forbids prctl"
        )
    yield _of_applications(context)


def _of_applications(context: Context) -> Finding:
    """The limit counts: handlers that are programs look at it too (core(5), systemd-coredump(8))."""
    subject = "core dumps of applications"
    try:
        pattern = (context.host.proc / "sys/kernel/core_pattern").read_text(
            encoding="utf-8", errors="replace"
        )
    except OSError:
        pattern = ""
    goes_to = _destination(pattern.strip())
    if context.host.core_limit == 0:
        return ok(subject, f"off for those that are started from here (limit 0; else {goes_to})")
    unlimited = context.host.core_limit in {resource.RLIM_INFINITY, -1}
    limit = "no limit" if unlimited else f"limit {context.host.core_limit} bytes"
    return warning(
        subject,
        f"one that crashes may leave its secrets in a core dump ({limit}; {goes_to})",
        "ulimit -c 0 before it is started, or LimitCORE=0 in its systemd unit",
    )


def _destination(pattern: str) -> str:
    if pattern.startswith("|"):
        return f"they go to the program {pattern[1:].partition(' ')[0]}"
    if not pattern:
        return "where they go is not known"
    return f"they become files: {pattern}"
