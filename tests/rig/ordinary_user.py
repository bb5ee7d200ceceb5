"""Doing things without root's powers, whoever runs the tests."""

from __future__ import annotations

import os
import pickle
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

NOBODY = 65534

Result = TypeVar("Result")


def as_ordinary_user(work: Callable[[], Result], *, groups: Sequence[int] = ()) -> Result:
    """What `work` returns (something that can be pickled) in a forked child, nobody's if we are root.

    `groups` are the further groups that root gives to the child. An exception of `work` is
    raised as an AssertionError with its traceback as text.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(writer, work, groups)
    os.close(writer)
    with open(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    failure, result = pickle.loads(answer)  # noqa: S301 - our own child's
    if failure:
        raise AssertionError(failure)
    return result  # type: ignore[no-any-return]


def _answer(writer: int, work: Callable[[], object], groups: Sequence[int]) -> None:
    status = 1
    try:
        try:
            if os.geteuid() == 0:
                os.setgroups(groups)
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            answer = pickle.dumps((None, work()))
        except BaseException:  # noqa: BLE001 - the parent raises it
            answer = pickle.dumps((traceback.format_exc(), None))
        with open(writer, "wb") as pipe:
            pipe.write(answer)
        status = 0
    finally:
        os._exit(status)


@contextmanager
def folder_of_ordinary_user() -> Iterator[Path]:
    """A folder that the child of `as_ordinary_user` owns and can reach (those of pytest are root's alone)."""
    with tempfile.TemporaryDirectory(prefix="ppinui-test-") as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)
