"""Doing things without root's powers, whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from tests.rig.forked import in_child

NOBODY = 65534

Result = TypeVar("Result")


def as_ordinary_user(work: Callable[[], Result], *, groups: Sequence[int] = ()) -> Result:
    """What `work` returns in a forked child (see `in_child`), nobody's if we are root.

    `groups` are the further groups that root gives to the child.
    """

    def become_nobody_first() -> Result:
        if os.geteuid() == 0:
            os.setgroups(groups)
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        return work()

    return in_child(become_nobody_first)


@contextmanager
def folder_of_ordinary_user() -> Iterator[Path]:
    """A folder that the child of `as_ordinary_user` owns and can reach (those of pytest are root's alone)."""
    with tempfile.TemporaryDirectory(prefix="ppinui-test-") as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@cache
def python_for_everybody() -> str:
    """An interpreter that an ordinary user may run too; root's own may lie in root's home."""
    candidates = (
        sys.executable,
        "/usr/bin/python3",
        *(f"/usr/bin/python3.{minor}" for minor in range(11, 15)),
    )
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    for candidate in filter(os.path.exists, candidates):
        if as_ordinary_user(partial(_runs, candidate, new_enough)):
            return candidate
    raise FileNotFoundError(f"no Python 3.11 or newer that every user may run: looked at {candidates}")


def _runs(python: str, program: str) -> bool:
    try:
        return subprocess.run([python, "-I", "-c", program], check=False, capture_output=True).returncode == 0
    except OSError:
        return False
