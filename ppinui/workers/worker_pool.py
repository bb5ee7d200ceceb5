"""PKCS#11 modules in processes of their own: started warm, watched, and killed when they misbehave."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import signal
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ppinui.errors import PpinuiError
from ppinui.workers.hardening import end_with_parent, harden
from ppinui.workers.ignored_signals import take_no_notice

Message = dict[str, Any]
"""What travels between the processes, as JSON: nothing that a library could make us unpickle."""


class Channel:
    """One end of the pipe between a worker and its parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: Message, *attachments: bytes) -> None:
        """Send a message, and bytes that JSON should not hold (configurations, secrets) behind it."""
        self.connection.send_bytes(json.dumps(message | {"attachments": len(attachments)}).encode())
        for attachment in attachments:
            self.connection.send_bytes(attachment)

    def receive(self) -> tuple[Message, list[bytes]]:
        """Wait for the next message and its attachments. Raises EOFError when the other end is gone."""
        message: Message = json.loads(self.connection.recv_bytes())
        return message, [self.connection.recv_bytes() for _ in range(message["attachments"])]


_LINKER_GAVE_UP = 127
"""What the dynamic linker ends a process with when a symbol is missing as it is needed."""

Work = str
"""A worker's work by name, ``module:function``, as importing it here would cost what the warm process saves.

The function takes the worker's end of the :class:`Channel`, and returns when its parent is gone.
"""


def _let_go_of_the_server() -> None:
    """Close the pipe end that would keep the fork server, and so this process, alive without its user."""
    server: Any = multiprocessing.forkserver._forkserver
    descriptor = getattr(server, "_forkserver_alive_fd", None)
    if descriptor is not None:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        server._forkserver_alive_fd = None


def _silence() -> None:
    """Send what a module prints nowhere: stdout is for data of ours, and the screen may belong to an app."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _run(work: Work, connection: Connection, environ: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to handle: it ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _let_go_of_the_server()
    end_with_parent()
    harden()
    _silence()
    os.environ.clear()
    os.environ.update(environ)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        module, _, function = work.partition(":")
        getattr(importlib.import_module(module), function)(Channel(connection))
    # A module's own clean-up at exit may hang or crash; all that was found has been sent.
    os._exit(0)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Let Ctrl+C and the like wait: half-way through a start they would leave a child that cannot begin.

    A process that is started meanwhile inherits that they wait. The mask alone would not do: another thread
    may take the signal, and its handler runs in the main thread all the same.
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


def _check_working_folder() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise PpinuiError(
            "the working folder does not exist any more", "the current folder", "go to another one: cd /"
        ) from None


@contextlib.contextmanager
def _importing_from_here_alone() -> Iterator[None]:
    """Let the warm process find modules where this program does, and never in the working folder.

    It is started with ``-c``, for which Python looks into the working folder before anywhere else: a file
    ``pkcs11.py`` there would be run, with the rights of whoever tests.
    """
    home = str(Path(__file__).parents[2])
    changes = {"PYTHONSAFEPATH": "1"}
    if home not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
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
def _named_by_path_length() -> Iterator[None]:
    """The warm process listens on a socket in the folder for temporary files; its path has to be short."""
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
    """Let the warm process and Python's resource tracker end before this one, which is to reap them."""
    for number in _ENDING:  # the program is at its end anyway
        signal.signal(number, take_no_notice)
    for helper in (
        multiprocessing.forkserver._forkserver,
        multiprocessing.resource_tracker._resource_tracker,
    ):
        stop = getattr(helper, "_stop", None)
        if stop is not None:
            stop()


@cache
def _wait_for_helpers_at_exit() -> None:
    """Have it done once, however many workers there were."""
    atexit.register(_wait_for_helpers)


@dataclass
class Worker:
    """A process that does some work for its parent, and can be ended at any moment."""

    process: multiprocessing.process.BaseProcess
    channel: Channel = field(repr=False)

    @property
    def connection(self) -> Connection:
        """What becomes readable when the worker has sent something or has died."""
        return self.channel.connection

    def try_send(self, message: Message, *attachments: bytes) -> None:
        """Send to the worker; one that has died shows that on its :attr:`connection`, not here."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.channel.send(message, *attachments)

    def end(self) -> None:
        """Kill the worker, whatever it is doing, and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def dismiss(self, seconds: float) -> None:
        """Let the worker end at its next word, which nobody hears any more; kill it if that takes longer.

        For a worker that may be writing: SoftHSM2 loses a token whose file it is killed over.
        """
        self.connection.close()
        self.process.join(seconds)
        self.end()

    def epitaph(self) -> str:
        """How a worker died whose end of the pipe is closed, such as ``crashed (SIGSEGV)``."""
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
        if code == _LINKER_GAVE_UP:
            return f"ended the process by itself (code {code}: ldd -r shows whether it lacks a symbol)"
        return f"ended the process by itself (code {code})"


_PRELOADED: list[str] = []


class Workshop:
    """Starts workers, each forked from a warm process in which the slow imports are done.

    All workshops of a program share that process. What one of them names after it was started is imported by
    each of its workers instead.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        """``preload``: names of the modules that every worker needs. Nothing is started yet."""
        self._context = multiprocessing.get_context("forkserver")
        _PRELOADED.extend(preload)
        self._context.set_forkserver_preload(list(_PRELOADED))

    def warm_up(self) -> None:
        """Start the warm process now, so that it imports while the caller does something else.

        Raises PpinuiError where the working folder or the folder for temporary files does not allow it.
        """
        _check_working_folder()
        with _importing_from_here_alone(), _named_by_path_length():
            # Python's resource tracker lets signals through again as it starts: it goes first.
            multiprocessing.resource_tracker.ensure_running()
            # The warm process inherits that signals wait: Ctrl+C does not catch it while it imports.
            with _signals_held():
                multiprocessing.forkserver.ensure_running()
        _wait_for_helpers_at_exit()

    def start(self, work: Work, environ: Mapping[str, str]) -> Worker:
        """A new worker that does ``work`` with just this environment."""
        self.warm_up()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_run, args=(work, theirs, dict(environ)), daemon=True)
        with _signals_held():
            process.start()
        theirs.close()
        return Worker(process, Channel(ours))
