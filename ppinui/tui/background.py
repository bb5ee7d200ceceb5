"""Work that may wait for a disk, a network or a keyring, away from the screen's own thread."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from typing import Final, TypeVar

Result = TypeVar("Result")


async def run_in_thread(work: Callable[[], Result]) -> Result:
    """What ``work`` returns or raises; it is done in a thread of its own.

    The thread is a daemon: one that hangs does not keep the program from ending, as those of asyncio and
    Textual would.
    """
    return await _delivered(work, lambda run: threading.Thread(target=run, daemon=True).start())


def preload_workers() -> None:
    """Start the process from which those are forked that load a PKCS#11 library, before any of them is."""
    from ppinui.pkcs11.module_worker_pool import warm_up

    # multiprocessing hands stderr on to its helper, and Textual has put something else in its place.
    with _STDERR, redirect_stderr(sys.__stderr__):
        warm_up()


_STDERR: Final = threading.Lock()
"""Two threads that put it back in another order would leave the screen without its own."""


class ThreadQueue:
    """A thread that lives as long as the program and does one piece of work after another.

    For what is done in the order in which it was asked for, as are changes of a keyring.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: Callable[[], Result]) -> Result:
        """What ``work`` returns or raises, when its turn has come and it is done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._go, daemon=True)
            self._thread.start()
        return await _delivered(work, self._jobs.put)

    def _go(self) -> None:
        while True:
            self._jobs.get()()


async def _delivered(work: Callable[[], Result], start: Callable[[Callable[[], None]], None]) -> Result:
    """What ``work`` returns or raises in the thread in which ``start`` runs it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def deliver(result: Result | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            failure = error
        with suppress(RuntimeError):  # the app has ended meanwhile
            loop.call_soon_threadsafe(deliver, result, failure)

    start(run)
    return await done
