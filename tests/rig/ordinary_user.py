"""Doing things without root's powers, whoever runs the tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
