"""The process that talks to the keyring, so that a call which never returns can be killed.

A keyring may ask its user on another screen, for ever. A thread in that state cannot be ended: it would go on
holding the question open, and could still store after its caller was told that it failed. A process can be
killed: the connection to the keyring closes, the question goes away, and what was reported is what happened.
Importing keyring here also overlaps with what the main process does meanwhile, and keeps backends, which may
come from anywhere, out of the process that holds everything else.

Run by :class:`ppinui.secrets.keyring_client.KeyringProcess`; ends when its standard input does.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, BinaryIO

from ppinui.errors import PpinuiError
from ppinui.secrets import keyring_wire
from ppinui.secrets.keyring_wire import Header
from ppinui.secrets.secret import Secret
from ppinui.workers.hardening import harden

if TYPE_CHECKING:
    from ppinui.secrets.vault.vault import Vault

Frame = tuple[Header, bytearray]


def main() -> None:
    """Answer one request after another, until standard input ends."""
    harden()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # nothing that a backend prints gets into the replies or onto the screen
        os.dup2(nowhere, standard)
    waiting: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    desk = _Desk()
    while True:
        header, body = waiting.get()
        reply, answer = desk.serve(header, body)
        keyring_wire.wipe(body)
        frame = keyring_wire.pack(reply, answer)
        view = memoryview(frame)
        while view:
            view = view[os.write(replies, view) :]
        keyring_wire.wipe(frame)


def _receive(requests: BinaryIO, waiting: queue.SimpleQueue[Frame]) -> None:
    """Read requests; when nobody is there to send any, end the process, whatever it is waiting for."""
    while len(prefix := requests.read(keyring_wire.PREFIX_SIZE)) == keyring_wire.PREFIX_SIZE:
        header_size, body_size = keyring_wire.sizes(prefix)
        header = keyring_wire.header_of(requests.read(header_size))
        body = bytearray(body_size)
        requests.readinto(body)  # type: ignore[attr-defined]
        waiting.put((header, body))
    os._exit(0)


class _Desk:
    """Takes requests: ``open`` first, then ``unlock``, ``get``, ``set``, ``delete``."""

    def serve(self, header: Header, body: bytearray) -> tuple[Header, bytes]:
        """Reply and its body. An error of any kind becomes a reply: name, message, place, remedy."""
        try:
            operation = {
                "open": self._open,
                "unlock": self._unlock,
                "get": self._get,
                "set": self._set,
                "delete": self._delete,
            }[header["do"]]
            return operation(header, body)
        except Exception as error:  # noqa: BLE001 - a backend may raise anything; the caller hears of all
            ours = error.__cause__ if isinstance(error.__cause__, PpinuiError) else error
            if isinstance(ours, PpinuiError):
                return _failed(type(ours).__name__, ours.message, ours.place, ours.remedy), b""
            return self._backend_failed(error, header), b""

    def _open(self, header: Header, _: bytearray) -> tuple[Header, bytes]:
        from ppinui.secrets.backends import select

        selection = select(header["named"], header["named_by"], os.environ)
        self._backend = selection.backend
        self._name = selection.name
        reply: Header = {"ok": True, "name": selection.name, "why": selection.why, "locked": False}
        kind = type(selection.backend)
        reply["class"] = f"{kind.__module__}.{kind.__qualname__}"
        if selection.name == "vault":
            vault = self._vault()
            reply["place"] = str(vault.path)
            reply["locked"] = vault.locked
        return reply, b""

    def _unlock(self, _: Header, body: bytearray) -> tuple[Header, bytes]:
        passphrase = Secret(body)
        try:
            self._vault().unlock(passphrase)
        finally:
            passphrase.wipe()
        return {"ok": True}, b""

    def _vault(self) -> Vault:
        from ppinui.secrets.vault_keyring import VaultKeyring

        if not isinstance(self._backend, VaultKeyring):
            raise TypeError("only a vault has a passphrase that is given here")
        return self._backend.vault

    def _get(self, header: Header, _: bytearray) -> tuple[Header, bytes]:
        backend = self._backend
        if header["quietly"]:
            from ppinui.secrets.non_interactive import quiet

            backend = quiet(backend)
        password = backend.get_password(header["service"], header["username"])
        if password is None:
            return {"ok": True, "found": False}, b""
        return {"ok": True, "found": True}, password.encode("utf-8", "surrogatepass")

    def _set(self, header: Header, body: bytearray) -> tuple[Header, bytes]:
        self._backend.set_password(
            header["service"], header["username"], body.decode("utf-8", "surrogatepass")
        )
        return {"ok": True}, b""

    def _delete(self, header: Header, _: bytearray) -> tuple[Header, bytes]:
        """keyring's backends tell a missing entry from a failure by no common sign: so look first."""
        if self._backend.get_password(header["service"], header["username"]) is None:
            return {"ok": True, "found": False}, b""
        self._backend.delete_password(header["service"], header["username"])
        return {"ok": True, "found": True}, b""

    def _backend_failed(self, error: Exception, header: Header) -> Header:
        """What the backend said, unless it was handed a secret, which its words might repeat."""
        from keyring.errors import InitError, KeyringLocked

        said = type(error).__name__ if header["do"] == "set" else f"{type(error).__name__}: {error}"
        name = getattr(self, "_name", header.get("named") or "keyring")
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


def _failed(error: str, message: str, place: str, remedy: str) -> Header:
    return {"ok": False, "error": error, "message": message, "place": place, "remedy": remedy}
