"""Doing things without root's powers, whoever runs the tests.

Where root's checkout or Python lies in a folder that others cannot enter, a child sees that folder open: it
has mounts of its own, with nothing in that folder but what the tests need.
"""

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

import pytest

from tests.rig.forked import in_child
from tests.rig.open_way import closed_folders, open_closed_folders
from tests.rig.private_mounts import mounting_is_possible

NOBODY = 65534

Result = TypeVar("Result")


def as_ordinary_user(work: Callable[[], Result], *, groups: Sequence[int] = ()) -> Result:
    """What `work` returns in a forked child (see `in_child`), nobody's if we are root.

    `groups` are the further groups that root gives to the child. The test is skipped where nobody cannot
    reach what the tests need.
    """
    _skip_where_the_way_stays_closed()
    return _as_nobody(work, groups)


def on_open_ways(work: Callable[[], Result]) -> Result:
    """What `work` returns in a forked child (see `in_child`) whose programs may become nobody by themselves.

    They reach what the tests need, as with `as_ordinary_user`; the child is still root's.
    """
    _skip_where_the_way_stays_closed()

    def open_first() -> Result:
        if os.geteuid() == 0:
            open_closed_folders()
        return work()

    return in_child(open_first)


def _as_nobody(work: Callable[[], Result], groups: Sequence[int]) -> Result:
    def become_nobody_first() -> Result:
        if os.geteuid() == 0:
            if mounting_is_possible():
                open_closed_folders()
            os.setgroups(groups)
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        return work()

    mounting_is_possible()  # asked here once, not in each child
    return in_child(become_nobody_first)


def _skip_where_the_way_stays_closed() -> None:
    if os.geteuid() == 0 and not mounting_is_possible() and (closed := closed_folders()):
        folders = ", ".join(map(str, closed))
        pytest.skip(f"other users cannot enter {folders}, and nothing can be mounted here")


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
        if _as_nobody(partial(_runs, candidate, new_enough), ()):
            return candidate
    raise FileNotFoundError(f"no Python 3.11 or newer that every user may run: looked at {candidates}")


def _runs(python: str, program: str) -> bool:
    try:
        return subprocess.run([python, "-I", "-c", program], check=False, capture_output=True).returncode == 0
    except OSError:
        return False
