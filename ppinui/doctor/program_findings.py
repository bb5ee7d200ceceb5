"""Programs: the vendor's module (never loaded) and ppin, core dumps, and versions of ppinui's parts."""

from __future__ import annotations

import platform
import re
import resource
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from ppinui import __version__
from ppinui.diagnostic import Diagnostic, Severity, error, from_exception, ok, warning
from ppinui.errors import PpinuiError
from ppinui.provider.library import examine, find_module, processes_using
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, find_ppin
from ppinui.services.context import Context
from ppinui.workers.hardening import is_hardened

_SECONDS: Final = 5.0
"""For ppin to say its version, without a network."""
PYTHON: Final = ">=3.11"
REQUIRED: Final = {
    "python-pkcs11": ">=0.10,<0.11",
    "keyring": ">=25",
    "cryptography": ">=44",
    "textual": ">=8,<9",
    "libconf": ">=2.0",
    "pexpect": ">=4.9",
    "tomlkit": ">=0.13",
}
"""As in pyproject.toml, which is not there once ppinui is installed; a test holds them together."""


def look_at_module(context: Context) -> Iterator[Diagnostic]:
    """The module that connection tests use, and the programs that use it now."""
    path: Path | None = None
    try:
        module = find_module(context.module, environ=context.environ, root=context.host.root)
        path = module.path
        examine(path)
        yield ok("module", f"{path} ({module.rule})")
    except PpinuiError as exception:
        yield from_exception("module", exception)
    # Applications may have the provider's library from elsewhere.
    users = processes_using(path, proc=context.host.proc)
    if users.processes:
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in users.processes)
        unseen = f", and {users.unseen} processes that this account may not look at" if users.unseen else ""
        what = "the module" if path is not None else "a provider's library of their own"
        yield ok("applications", f"using {what} now: {names}{unseen}")


def look_at_ppin(context: Context) -> Diagnostic:
    """The vendor's ppin; it is started to learn its version, once it is known to be trustworthy."""
    try:
        path = find_ppin(context.ppin, environ=context.environ)
        version = Ppin(path, environ=context.environ, timeout=_SECONDS).version()
    except PpinNotFound as exception:
        # Without it everything works but fetching.
        return from_exception("ppin", exception, Severity.ERROR if context.ppin else Severity.WARNING)
    except PpinuiError as exception:
        return from_exception("ppin", exception)
    return ok("ppin", f"{path} ({version.splitlines()[0] if version else 'it says no version'})")


def look_at_core_dumps(context: Context) -> Iterator[Diagnostic]:
    """Of this process, which should have hardened itself, and of programs that are started from here."""
    subject = "core dumps of ppinui"
    if is_hardened():
        yield ok(subject, "none: its limit is 0, and no other process may read its memory")
    else:
        yield error(
            subject, "this system would not forbid them", "see whether a security module forbids prctl"
        )
    yield _of_applications(context)


def _of_applications(context: Context) -> Diagnostic:
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


def look_at_versions(version_of: Callable[[str], str] = metadata.version) -> Iterator[Diagnostic]:
    """One finding for each; nothing is imported for it."""
    yield ok("version of ppinui", __version__)
    python = platform.python_version()
    yield _judged("python", python, PYTHON, "install a newer Python")
    for name, required in REQUIRED.items():
        remedy = f"pip install '{name}{required}' where ppinui is installed"
        try:
            found = version_of(name)
        except metadata.PackageNotFoundError:
            yield error(f"version of {name}", "it is not installed", remedy)
            continue
        yield _judged(name, found, required, remedy)


def _judged(name: str, version: str, required: str, remedy: str) -> Diagnostic:
    if all(_fits(version, bound) for bound in required.split(",")):
        return ok(f"version of {name}", version)
    return error(f"version of {name}", f"{version}, but ppinui needs {required}", remedy)


def _fits(version: str, bound: str) -> bool:
    """``bound``: ``>=8`` or ``<9``; release numbers alone are compared."""
    limit = _numbers(bound.lstrip("<>="))
    return _numbers(version) >= limit if bound.startswith(">=") else _numbers(version) < limit


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, release[0].split("."))) if release else ()
