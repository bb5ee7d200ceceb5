"""The process that talks to the keyring, so that a call which never returns can be killed.

A keyring may ask its user on another screen, without end. A thread that waits for that cannot be ended: the
question would stay open, and the thread could still store a secret after its caller was told that this
failed. A process can be killed: the connection to the keyring closes, the question goes away, and what was
reported is what happened. keyring is imported here while the main process does something else, and its
backends, which may come from anywhere, stay out of the process that holds everything else.

Run by :class:`ppinui.secrets.keyring_client.KeyringProcess`; ends when its standard input does.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING

from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.workers.channel import Channel, Message, wipe
from ppinui.workers.hardening import harden

if TYPE_CHECKING:
    from ppinui.secrets.vault.vault import Vault

Request = tuple[Message, list[bytearray]]


def main() -> None:
    """Answer one request after another, until standard input ends."""
    harden()
    channel = Channel(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what a backend prints reaches neither the replies nor the screen
        os.dup2(null, standard)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(channel, requests), daemon=True).start()
    server = _Server()
    while True:
        request, secrets = requests.get()
        reply, *passwords = server.answer(request, *secrets)
        channel.send(reply, *passwords)
        for secret in (*secrets, *passwords):
            wipe(secret)


def _receive(channel: Channel, requests: queue.SimpleQueue[Request]) -> None:
    """Read requests; when the parent is gone, end the process, whatever it is waiting for."""
    try:
        while True:
            requests.put(channel.receive())
    except (EOFError, ConnectionResetError):
        os._exit(0)


Reply = tuple[Message] | tuple[Message, bytearray]
"""A reply, and the password that was asked for."""


class _Server:
    """Answers requests: ``open`` first, then ``unlock``, ``get``, ``set``, ``delete``."""

    def answer(self, request: Message, *secrets: bytearray) -> Reply:
        """The reply. An error of any kind becomes one too: name, message, place, remedy."""
        try:
            match request["do"]:
                case "open":
                    return self._open(request)
                case "unlock":
                    return self._unlock(*secrets)
                case "get":
                    return self._get(request)
                case "set":
                    return self._set(request, *secrets)
                case _:
                    return self._delete(request)
        except Exception as error:  # noqa: BLE001 - a backend may raise anything, and the caller gets it all
            ours = error.__cause__ if isinstance(error.__cause__, PpinuiError) else error
            if isinstance(ours, PpinuiError):
                return (_failed(type(ours).__name__, ours.message, ours.place, ours.remedy),)
            return (self._backend_failed(error, request),)

    def _open(self, request: Message) -> Reply:
        from ppinui.secrets.backends import select

        selection = select(request["named"], request["named_by"], os.environ)
        self._backend = selection.backend
        self._name = selection.name
        reply: Message = {"ok": True, "name": selection.name, "why": selection.why, "locked": False}
        kind = type(selection.backend)
        reply["class"] = f"{kind.__module__}.{kind.__qualname__}"
        if selection.name == "vault":
            vault = self._vault()
            reply["place"] = str(vault.path)
            reply["locked"] = vault.locked
        return (reply,)

    def _unlock(self, clear: bytearray) -> Reply:
        passphrase = Secret(clear)
        try:
            self._vault().unlock(passphrase)
        finally:
            passphrase.wipe()
        return ({"ok": True},)

    def _vault(self) -> Vault:
        from ppinui.secrets.vault_keyring import VaultKeyring

        if not isinstance(self._backend, VaultKeyring):
            raise TypeError("only a vault has a passphrase that is given here")
        return self._backend.vault

    def _get(self, request: Message) -> Reply:
        backend = self._backend
        if request["quietly"]:
            from ppinui.secrets.non_interactive import quiet

            backend = quiet(backend)
        password = backend.get_password(request["service"], request["username"])
        if password is None:
            return ({"ok": True},)
        return {"ok": True}, bytearray(password.encode("utf-8", "surrogatepass"))

    def _set(self, request: Message, password: bytearray) -> Reply:
        clear = password.decode("utf-8", "surrogatepass")
        self._backend.set_password(request["service"], request["username"], clear)
        return ({"ok": True},)

    def _delete(self, request: Message) -> Reply:
        """keyring's backends have no common sign for a missing entry, as against a failure: so look first."""
        if self._backend.get_password(request["service"], request["username"]) is None:
            return ({"ok": True, "found": False},)
        self._backend.delete_password(request["service"], request["username"])
        return ({"ok": True, "found": True},)

    def _backend_failed(self, error: Exception, request: Message) -> Message:
        """What the backend said, unless it was handed a secret, which its words might repeat."""
        from keyring.errors import InitError, KeyringLocked

        said = type(error).__name__ if request["do"] == "set" else f"{type(error).__name__}: {error}"
        name = getattr(self, "_name", request.get("named") or "keyring")
        if isinstance(error, (InitError, KeyringLocked)):
            return _failed(
                "KeyringLockedError",
                f"the keyring is locked ({said})",
                name,
                "unlock it, in the desktop session that it belongs to, and try again",
            )
        if isinstance(error, TimeoutError):  # D-Bus gives up by itself, maybe before we do
            return _failed(
                "KeyringTimeoutError",
                f"the keyring did not answer ({said})",
                name,
                "unlock it (it may be asking on another screen), or choose another one with --keyring",
            )
        return _failed(
            "KeyringError",
            f"the keyring failed ({said})",
            name,
            "see whether the 'keyring' command can use it, or choose another with --keyring",
        )


def _failed(error: str, message: str, place: str, remedy: str) -> Message:
    return {"ok": False, "error": error, "message": message, "place": place, "remedy": remedy}
