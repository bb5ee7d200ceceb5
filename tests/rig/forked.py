"""Doing something in a forked child, which begins warm: all that was imported is there."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def in_child(work: Callable[[], Result]) -> Result:
    """What `work` returns in the child, something that can be pickled.

    An exception of `work` is raised here as an AssertionError with its traceback as text.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(writer, work)
    os.close(writer)
    with open(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    failure, result = pickle.loads(answer)  # noqa: S301 - our own child's
    if failure:
        raise AssertionError(failure)
    return result  # type: ignore[no-any-return]


def _answer(writer: int, work: Callable[[], object]) -> None:
    try:
        try:
            answer = pickle.dumps((None, work()))
        except BaseException:  # noqa: BLE001 - the parent raises it
            answer = pickle.dumps((traceback.format_exc(), None))
        with open(writer, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)
