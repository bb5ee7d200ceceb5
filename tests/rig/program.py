"""The program as a user has it: a command, its two outputs, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rig.patience import patient

CHECKOUT = Path(__file__).parents[2]
PPINUI: tuple[str, ...] = (sys.executable, "-m", "ppinui")
"""The command; works in a checkout that is not installed too, with `environment()`."""

_OURS = ("SECUROSYS_PKCS11_CONF", "SECUROSYS_SECRETS_CONF", "PPINUI_MODULE", "PRIMUS_P11_LIB", "PRIMUS_HOME")


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the tests without what leads to a configuration or module of the developer's."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "PYTHONPATH": str(CHECKOUT), **(changes or {})}


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> list[str]:
        """The lines of stderr."""
        return self.err.splitlines()


def ppinui(
    *arguments: str | Path,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    command: Sequence[str] = PPINUI,
    descriptors: Sequence[int] = (),
) -> Ran:
    """Run it without a terminal, to its end; `descriptors` are handed on."""
    done = subprocess.run(
        [*command, *map(str, arguments)],
        input=os.fsencode(stdin),
        capture_output=True,
        check=False,
        env=environment(environ),
        cwd=folder,
        timeout=patient(60),
        pass_fds=descriptors,
    )
    return Ran(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))
