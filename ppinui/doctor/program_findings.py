"""The vendor's parts: the PKCS#11 module, who uses it, and ppin. The module is looked at, never loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ppinui.config.library_users import processes_using
from ppinui.doctor.finding import Finding, State, of_error, ok
from ppinui.doctor.host import Surroundings
from ppinui.errors import PpinuiError
from ppinui.provider.library import examine, find_module
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, find_ppin

_SECONDS: Final = 5.0
"""For ppin to say its version, without a network."""


def look_at_module(explicit: str | None, around: Surroundings) -> Iterator[Finding]:
    """``explicit``: what ``--module`` names."""
    path: Path | None = None
    try:
        module = find_module(explicit, environ=around.environ, root=around.root)
        path = module.path
        examine(path)
        yield ok("module", f"{path} ({module.rule})")
    except PpinuiError as error:
        yield of_error("module", error)
    # Applications may have the provider's library from elsewhere.
    users = processes_using(path, proc=around.proc)
    if users.processes:
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in users.processes)
        unseen = f", and {users.unseen} processes that this account may not look at" if users.unseen else ""
        what = "the module" if path is not None else "a provider's library of their own"
        yield ok("applications", f"using {what} now: {names}{unseen}")


def look_at_ppin(explicit: str | None, around: Surroundings) -> Finding:
    """``explicit``: what ``--ppin`` names. Asks it for its version, once it is known to be trustworthy."""
    try:
        path = find_ppin(explicit, environ=around.environ)
        version = Ppin(path, environ=around.environ, timeout=_SECONDS).version()
    except PpinNotFound as error:
        # Without it everything works but fetching.
        return of_error("ppin", error, State.WRONG if explicit else State.WARNING)
    except PpinuiError as error:
        return of_error("ppin", error)
    return ok("ppin", f"{path} ({version.splitlines()[0] if version else 'it says no version'})")
