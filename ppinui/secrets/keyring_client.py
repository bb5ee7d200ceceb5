"""The keyring, reached through a process that can be killed: every call has a deadline."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Final, NoReturn, Self

from ppinui.secrets import keyring_errors, keyring_wire
from ppinui.secrets.keyring_errors import KeyringError, KeyringTimeoutError, VaultPassphraseError
from ppinui.secrets.keyring_wire import Header
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.passphrase import Passphrases

DEADLINE: Final = 20.0
"""Seconds for a call, where nothing else is said: also for somebody to unlock the keyring."""
_BOOTSTRAP: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; from ppinui.secrets.keyring_server import main; main()"
)
"""The worker finds ppinui and keyring where this process does, whatever its working folder."""


@dataclass(frozen=True)
class KeyringChoice:
    """What the user says about the keyring.

    ``named``: a short name of :data:`ppinui.secrets.backends.ACCEPTED` or a class path, None to let ppinui
    choose; ``named_by``: how it was named ("--keyring", "PPINUI_KEYRING"); ``deadline``: seconds for each
    call, unlocking by the user included.
    """

    named: str | None = None
    named_by: str = "--keyring"
    deadline: float = DEADLINE


def choice_of(option: str | None, environ: Mapping[str, str], *, deadline: float = DEADLINE) -> KeyringChoice:
    """The option before ``PPINUI_KEYRING``."""
    if option:
        return KeyringChoice(option, "--keyring", deadline)
    return KeyringChoice(environ.get("PPINUI_KEYRING") or None, "PPINUI_KEYRING", deadline)


def may_exist(choice: KeyringChoice, environ: Mapping[str, str]) -> bool:
    """Whether it is worth starting a process to find a keyring: one is named, or this session has D-Bus.

    Quick, and wrong only where a keyring would have to be found by other ways than these.
    """
    if choice.named or environ.get("PYTHON_KEYRING_BACKEND") or not sys.platform.startswith("linux"):
        return True
    if "DBUS_SESSION_BUS_ADDRESS" in environ:
        return bool(environ["DBUS_SESSION_BUS_ADDRESS"])
    return os.path.exists(f"/run/user/{os.geteuid()}/bus")


@dataclass(frozen=True)
class Backend:
    """The backend in use.

    ``name``: short ("secretservice") or the class path; ``class_path``; ``why`` this one; ``place``: the
    vault's file, None for others.
    """

    name: str
    class_path: str
    why: str
    place: str | None


class KeyringProcess:
    """A keyring: passwords by service and user name.

    The process behind it is started by :meth:`start` or the first call, and again after it was killed. Calls
    may come from any thread, one is served at a time. All raise
    :class:`~ppinui.secrets.keyring_errors.KeyringError`, or another ``SecretUnavailable`` when a passphrase
    cannot be had.
    """

    def __init__(
        self, choice: KeyringChoice, *, environ: Mapping[str, str], passphrases: Passphrases
    ) -> None:
        """``passphrases``: asked when the backend turns out to be a locked vault."""
        self._choice = choice
        self._environ = dict(environ)
        self._passphrases = passphrases
        self._process: subprocess.Popen[bytes] | None = None
        self._backend: Backend | None = None
        self._turn = threading.RLock()
        self._quiet = False

    def start(self) -> None:
        """Start the process and let it choose the backend, without waiting for it."""
        with self._turn:
            if self._process is not None:
                return
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=self._environ,
                start_new_session=True,  # Ctrl+C is for this process, and there is no terminal to ask on
            )
            self._requests = _not_blocking(self._process.stdin)
            self._replies = _not_blocking(self._process.stdout)
            self._send({"do": "open", "named": self._choice.named, "named_by": self._choice.named_by})

    def backend(self) -> Backend:
        """The backend in use, unlocked."""
        with self._turn:
            if self._backend is None:
                with self._whole():
                    self.start()
                    self._set_deadline()
                    reply, _ = self._receive()
                    backend = Backend(reply["name"], reply["class"], reply["why"], reply.get("place"))
                    if reply["locked"]:
                        self._unlock(str(backend.place))
                self._backend = backend
            return self._backend

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """While this lasts passwords are got without anybody's being asked for anything.

        What somebody would have to unlock raises KeyringLockedError, a keyring that might ask its user all
        the same KeyringMayAskError.
        """
        with self._turn:
            self._quiet = True
            try:
                yield
            finally:
                self._quiet = False

    def get(self, service: str, username: str) -> Secret | None:
        """The password (UTF-8), or None."""
        reply, body = self._call(
            {"do": "get", "service": service, "username": username, "quietly": self._quiet}
        )
        try:
            return Secret(body) if reply["found"] else None
        finally:
            keyring_wire.wipe(body)

    def set(self, service: str, username: str, password: Secret) -> None:
        """Keep a password. After an error it may be stored or not: :meth:`get` tells."""
        self._call({"do": "set", "service": service, "username": username}, password.reveal_bytes())

    def delete(self, service: str, username: str) -> bool:
        """Forget a password; False if there was none."""
        reply, _ = self._call({"do": "delete", "service": service, "username": username})
        return bool(reply["found"])

    def abandon(self) -> None:
        """Kill the process without waiting, whoever is in a call: that fails. For the end of a program."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process; the next call starts another."""
        with self._turn:
            if self._process is None:
                return
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None
            self._backend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, header: Header, body: bytes = b"") -> tuple[Header, bytearray]:
        with self._turn:
            self.backend()
            try:
                self._send(header, body)
                return self._receive()
            except KeyringError:
                raise
            except BaseException:
                self.close()
                raise

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """Half a conversation is no use: end the process when it breaks off."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _unlock(self, vault: str) -> None:
        refusal = KeyringError("the vault is locked", vault, "give its passphrase")
        for passphrase in self._passphrases.candidates(vault, asking=not self._quiet):
            try:
                self._send({"do": "unlock"}, passphrase.reveal_bytes())
                self._receive()
                return
            except VaultPassphraseError as error:
                refusal = error
            finally:
                passphrase.wipe()
        raise refusal

    def _set_deadline(self) -> None:
        self._end = time.monotonic() + self._choice.deadline

    def _send(self, header: Header, body: bytes = b"") -> None:
        self._set_deadline()
        frame = keyring_wire.pack(header, body)
        try:
            view = memoryview(frame)
            while view:
                self._wait_until_ready(self._requests, select.POLLOUT)
                view = view[os.write(self._requests, view) :]
        except BrokenPipeError:
            self._died()
        finally:
            keyring_wire.wipe(frame)

    def _receive(self) -> tuple[Header, bytearray]:
        """The reply to what was sent last. An error in it is raised."""
        header_size, body_size = keyring_wire.sizes(self._read(keyring_wire.PREFIX_SIZE))
        reply = keyring_wire.header_of(self._read(header_size))
        body = self._read(body_size)
        if not reply["ok"]:
            raise keyring_errors.named(reply["error"])(reply["message"], reply["place"], reply["remedy"])
        return reply, body

    def _read(self, size: int) -> bytearray:
        """Exactly so many bytes, before the deadline."""
        found = bytearray(size)
        view = memoryview(found)
        while view:
            self._wait_until_ready(self._replies, select.POLLIN)
            count = os.readv(self._replies, [view])
            if not count:
                self._died()
            view = view[count:]
        return found

    def _wait_until_ready(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        remaining = self._end - time.monotonic()
        if remaining > 0 and poll.poll(remaining * 1000):
            return
        place = self._place()
        self.close()
        raise KeyringTimeoutError(
            f"the keyring did not answer within {self._choice.deadline:g} s",
            place,
            "unlock it (it may be asking on another screen), or choose another one with --keyring",
        )

    def _died(self) -> NoReturn:
        place = self._place()
        self.close()
        raise KeyringError(
            "the process that talks to the keyring has ended",
            place,
            "see whether the 'keyring' command can use it, or choose another one with --keyring",
        )

    def _place(self) -> str:
        if self._backend is not None:
            return self._backend.place or self._backend.name
        return self._choice.named or "this system's own keyring"


def _not_blocking(pipe: IO[bytes] | None) -> int:
    if pipe is None:  # pragma: no cover - both ends were asked for
        raise ValueError("no pipe")
    os.set_blocking(pipe.fileno(), False)
    return pipe.fileno()
