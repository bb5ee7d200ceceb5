"""Worker processes: forked from a warm one, watched, and killed when they misbehave.

A PKCS#11 module may hang, crash, print, or keep global state, so it is loaded in such a process only.

Private parts of multiprocessing are used, as Python 3.11 to 3.14 have them: ``forkserver._forkserver`` with
``_forkserver_alive_fd`` and ``_stop``, ``resource_tracker._resource_tracker`` with ``_stop``. Without them
helper processes would outlive this program (tests/workers/test_worker_pool.py).
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import signal
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ppinui.errors import PpinuiError
from ppinui.workers.channel import Channel, Message
from ppinui.workers.hardening import end_with_parent, harden, ignore_signal

_SYMBOL_MISSING = 127
"""The exit code with which the dynamic linker ends a process when a symbol that is needed is missing."""

Work = str
"""What a worker does, as ``module:function``: importing it here would cost what the warm process saves.

The function gets the worker's end of the :class:`Channel`, and returns when its parent is gone.
"""


def _disconnect_from_server() -> None:
    """Close the end of the pipe that keeps the fork server, and so this process, alive without its user."""
    server: Any = multiprocessing.forkserver._forkserver
    descriptor = getattr(server, "_forkserver_alive_fd", None)
    if descriptor is not None:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        server._forkserver_alive_fd = None


def _silence() -> None:
    """Discard what a module prints: stdout is for our own data, and the screen may belong to an app."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _run(work: Work, connection: Connection, environ: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to handle: it ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _disconnect_from_server()
    end_with_parent()
    harden()
    _silence()
    os.environ.clear()
    os.environ.update(environ)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        module, _, function = work.partition(":")
        getattr(importlib.import_module(module), function)(Channel(connection.fileno()))
    # A module's own clean-up at exit may hang or crash; every result has been sent.
    os._exit(0)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Delay Ctrl+C, SIGTERM and SIGHUP: in the middle of a start they would leave a child that cannot run.

    A process that is started meanwhile inherits the mask. The mask alone is not enough: another thread may
    receive the signal, and its handler runs in the main thread all the same.
    """
    seen: list[int] = []
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                handlers[number] = signal.signal(number, lambda number, _: seen.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for taken in dict.fromkeys(seen):
            os.kill(os.getpid(), taken)


_MAIN_LOCK: Final = threading.Lock()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the program's script while a worker starts, which would run it once more to import from it.

    The worker needs nothing of it, and its imports would cost each worker 10 to 20 ms.
    """
    with _MAIN_LOCK:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _check_working_folder() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise PpinuiError(
            "the working folder does not exist any more", "the current folder", "go to another one: cd /"
        ) from None


@cache
def _library_folders() -> frozenset[str]:
    return frozenset({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


@contextlib.contextmanager
def _safe_import_path() -> Iterator[None]:
    """Let the warm process import modules from where this program does, and never from the working folder.

    It is started with ``-c``, and Python then searches the working folder first: a file ``pkcs11.py`` there
    would be run with the rights of the user.
    """
    home = str(Path(__file__).parents[2])
    changes = {"PYTHONSAFEPATH": "1"}
    if home not in _library_folders():
        others = os.environ.get("PYTHONPATH")
        changes["PYTHONPATH"] = os.pathsep.join([home, *([others] if others else [])])
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _short_socket_path() -> Iterator[None]:
    """Report a folder for temporary files whose path is too long for the socket of the warm process."""
    try:
        yield
    except OSError as error:
        if "too long" not in str(error):
            raise
        raise PpinuiError(
            "the path of the folder for temporary files is too long for a socket",
            f"TMPDIR={tempfile.gettempdir()}",
            "choose a shorter one: TMPDIR=/tmp",
        ) from None


def _wait_for_helpers() -> None:
    """End the warm process and Python's resource tracker before this one, which has to reap them."""
    for number in _ENDING:  # the program is at its end anyway
        signal.signal(number, ignore_signal)
    for helper in (
        multiprocessing.forkserver._forkserver,
        multiprocessing.resource_tracker._resource_tracker,
    ):
        stop = getattr(helper, "_stop", None)
        if stop is not None:
            stop()


@cache
def _wait_for_helpers_at_exit() -> None:
    """Register it once, however many workers there were."""
    atexit.register(_wait_for_helpers)


@dataclass
class Worker:
    """A process that works for its parent, and can be ended at any moment."""

    process: multiprocessing.process.BaseProcess
    connection: Connection = field(repr=False)
    """Becomes readable when the worker has sent something or has died."""

    def __post_init__(self) -> None:
        self.channel = Channel(self.connection.fileno())

    def try_send(self, message: Message, *attachments: bytes) -> None:
        """Send to the worker; one that has died shows that on its :attr:`connection`, not here."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.channel.send(message, *attachments)

    def end(self) -> None:
        """Kill the worker, whatever it is doing, and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def stop(self, seconds: float) -> None:
        """Close the channel, wait until the worker ends by itself, and kill it after so many seconds.

        For a worker that may be writing: SoftHSM2 loses a token whose file it is killed over.
        """
        self.connection.close()
        self.process.join(seconds)
        self.end()

    def exit_description(self) -> str:
        """How a worker ended whose end of the pipe is closed, such as ``crashed (SIGSEGV)``."""
        self.process.join(5)
        code = self.process.exitcode
        if code is None:
            return "closed its connection to ppinui"
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"signal {-code}"
            return f"crashed ({name})"
        if code == _SYMBOL_MISSING:
            return f"ended the process by itself (code {code}: ldd -r shows whether it lacks a symbol)"
        return f"ended the process by itself (code {code})"


_PRELOADED = [__name__, "multiprocessing.popen_forkserver", "ctypes"]
"""What every worker needs to start at all, then what the pools name."""


class WorkerPool:
    """Starts workers, each forked from a warm process in which the slow imports are done.

    All pools of a program share that process. What a pool names after it was started is imported by each of
    its workers instead.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        """``preload``: names of the modules that every worker needs. No process is started yet."""
        self._context = multiprocessing.get_context("forkserver")
        _PRELOADED.extend(preload)
        self._context.set_forkserver_preload(list(_PRELOADED))

    def warm_up(self) -> None:
        """Start the warm process now, so that it imports while the caller does something else.

        Raises PpinuiError where the working folder or the folder for temporary files does not allow it.
        """
        _check_working_folder()
        with _safe_import_path(), _short_socket_path():
            # Python's resource tracker unblocks signals as it starts: it goes first.
            multiprocessing.resource_tracker.ensure_running()
            # The warm process inherits the mask: Ctrl+C does not stop it while it imports.
            with _signals_held():
                multiprocessing.forkserver.ensure_running()
        _wait_for_helpers_at_exit()

    def start(self, work: Work, environ: Mapping[str, str]) -> Worker:
        """Start a worker that does ``work`` with exactly this environment."""
        self.warm_up()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_run, args=(work, theirs, dict(environ)), daemon=True)
        with _signals_held(), _without_main():
            process.start()
        theirs.close()
        return Worker(process, ours)
