"""The vendor's parts: the PKCS#11 module, who uses it, and ppin. The module is looked at, never loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ppinui.config.library_users import processes_using
from ppinui.doctor.finding import Finding, State, of_error, ok
from ppinui.errors import PpinuiError
from ppinui.provider.library import examine, find_module
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, find_ppin
from ppinui.services.context import Context

_SECONDS: Final = 5.0
"""For ppin to say its version, without a network."""


def look_at_module(context: Context) -> Iterator[Finding]:
    """The module that connection tests use, and the programs that use it now."""
    path: Path | None = None
    try:
        module = find_module(context.module, environ=context.environ, root=context.host.root)
        path = module.path
        examine(path)
        yield ok("module", f"{path} ({module.rule})")
    except PpinuiError as error:
        yield of_error("module", error)
    # Applications may have the provider's library from elsewhere.
    users = processes_using(path, proc=context.host.proc)
    if users.processes:
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in users.processes)
        unseen = f", and {users.unseen} processes that this account may not look at" if users.unseen else ""
        what = "the module" if path is not None else "a provider's library of their own"
        yield ok("applications", f"using {what} now: {names}{unseen}")


def look_at_ppin(context: Context) -> Finding:
    """The vendor's ppin; it is started to learn its version, once it is known to be trustworthy."""
    try:
        path = find_ppin(context.ppin, environ=context.environ)
        version = Ppin(path, environ=context.environ, timeout=_SECONDS).version()
    except PpinNotFound as error:
        # Without it everything works but fetching.
        return of_error("ppin", error, State.WRONG if context.ppin else State.WARNING)
    except PpinuiError as error:
        return of_error("ppin", error)
    return ok("ppin", f"{path} ({version.splitlines()[0] if version else 'it says no version'})")
