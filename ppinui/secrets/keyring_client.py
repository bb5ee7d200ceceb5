"""The keyring, through a process that can be killed: every call has a deadline.

The process is a program of its own, not forked from the warm process of the workers: keyring backends come
from anywhere, and the processes that load PKCS#11 modules do not import them.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from ppinui.secrets import keyring_errors
from ppinui.secrets.keyring_errors import KeyringError, KeyringTimeoutError, VaultPassphraseError
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.passphrase import Passphrases
from ppinui.workers.channel import Channel, Message, wipe

DEADLINE: Final = 20.0
"""Seconds for a call, where nothing else is said: also for the user to unlock the keyring."""
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
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._channel = Channel(self._process.stdout.fileno(), self._process.stdin.fileno())
            self._send({"do": "open", "named": self._choice.named, "named_by": self._choice.named_by})

    def backend(self) -> Backend:
        """The backend in use, unlocked."""
        with self._turn:
            if self._backend is None:
                with self._closing_on_error():
                    self.start()
                    self._deadline = time.monotonic() + self._choice.deadline
                    reply, _ = self._receive()
                    backend = Backend(reply["name"], reply["class"], reply["why"], reply.get("place"))
                    if reply["locked"]:
                        self._unlock(str(backend.place))
                self._backend = backend
            return self._backend

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """Within this context passwords are read without a question to the user.

        A keyring that has to be unlocked raises KeyringLockedError, one that may ask its user all the same
        KeyringMayAskError.
        """
        with self._turn:
            self._quiet = True
            try:
                yield
            finally:
                self._quiet = False

    def get(self, service: str, username: str) -> Secret | None:
        """The password (UTF-8), or None."""
        request = {"do": "get", "service": service, "username": username, "quietly": self._quiet}
        _, passwords = self._call(request)
        found = [Secret(password) for password in passwords]
        for password in passwords:
            wipe(password)
        return found[0] if found else None

    def set(self, service: str, username: str, password: Secret) -> None:
        """Store a password. After an error it may be stored or not: :meth:`get` tells."""
        self._call({"do": "set", "service": service, "username": username}, password.reveal_bytes())

    def delete(self, service: str, username: str) -> bool:
        """Delete a password; False if there was none."""
        reply, _ = self._call({"do": "delete", "service": service, "username": username})
        return bool(reply["found"])

    def abandon(self) -> None:
        """Kill the process without waiting; a call that is under way fails. For the end of a program."""
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

    def _call(self, request: Message, *secrets: bytes) -> tuple[Message, list[bytearray]]:
        with self._turn:
            self.backend()
            try:
                self._send(request, *secrets)
                return self._receive()
            except KeyringError:
                raise
            except BaseException:
                self.close()
                raise

    @contextlib.contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        """End the process when a request is not answered in full: the next one starts anew."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _unlock(self, vault: str) -> None:
        refusal: KeyringError | None = None
        for passphrase in self._passphrases.candidates(vault, asking=not self._quiet):
            try:
                self._send({"do": "unlock"}, passphrase.reveal_bytes())
                self._receive()
                return
            except VaultPassphraseError as error:
                refusal = error
            finally:
                passphrase.wipe()
        raise refusal or KeyringError("the vault is locked", vault, "give its passphrase")

    def _send(self, request: Message, *secrets: bytes) -> None:
        self._deadline = time.monotonic() + self._choice.deadline
        with self._channel_errors():
            self._channel.send(request, *secrets, deadline=self._deadline)

    def _receive(self) -> tuple[Message, list[bytearray]]:
        """The reply to the last request, before its deadline. An error in it is raised."""
        with self._channel_errors():
            reply, secrets = self._channel.receive(self._deadline)
        if not reply["ok"]:
            raise keyring_errors.named(reply["error"])(reply["message"], reply["place"], reply["remedy"])
        return reply, secrets

    @contextlib.contextmanager
    def _channel_errors(self) -> Iterator[None]:
        """End the process when the channel fails, and raise a KeyringError that says why."""
        place = self._place()
        try:
            yield
        except TimeoutError:
            self.close()
            raise KeyringTimeoutError(
                f"the keyring did not answer within {self._choice.deadline:g} s",
                place,
                "unlock it (it may be asking on another screen), or choose another one with --keyring",
            ) from None
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.close()
            raise KeyringError(
                "the process that talks to the keyring has ended",
                place,
                "see whether the 'keyring' command can use it, or choose another one with --keyring",
            ) from None

    def _place(self) -> str:
        if self._backend is not None:
            return self._backend.place or self._backend.name
        return self._choice.named or "this system's own keyring"
