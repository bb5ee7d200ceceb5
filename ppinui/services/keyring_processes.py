"""The keyrings that a command or a walkthrough uses: a process for each, started when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping

from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
from ppinui.secrets.prompt import Asker
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.vault.passphrase import PassphraseFinder


class KeyringProcesses:
    """One process for each keyring that is chosen; :meth:`close` ends them all."""

    def __init__(
        self,
        named: KeyringChoice,
        *,
        environ: Mapping[str, str],
        keyspace: str | None = None,
        passphrase_descriptor: int | None = None,
        person: Asker | None = None,
    ) -> None:
        """``named``: what the user says. ``person``: asked for the passphrase of a vault, where no descriptor
        and no systemd credential has it."""
        self.named = named
        self._environ = environ
        self._keyspace = keyspace
        self._passphrases = PassphraseFinder(descriptor=passphrase_descriptor, environ=environ, asker=person)
        self._opened: dict[str | None, tuple[KeyringProcess, SecretStore]] = {}

    def start(self) -> None:
        """Start the process of the keyring that was named, else of ppinui's own choice, without waiting for
        it."""
        self._open(None)[0].start()

    def store(self, name: str | None = None) -> SecretStore:
        """The store over the keyring of this name; None: the one that was named, else ppinui's own choice."""
        return self._open(name)[1]

    def _open(self, name: str | None) -> tuple[KeyringProcess, SecretStore]:
        if name not in self._opened:
            choice = self.named if name is None else KeyringChoice(name, "the set-up", self.named.deadline)
            process = KeyringProcess(choice, environ=self._environ, passphrases=self._passphrases)
            self._opened[name] = process, SecretStore(process, keyspace=self._keyspace)
        return self._opened[name]

    def vault_made(self, passphrase: Secret) -> None:
        """Unlock the vault with this passphrase from now on, without asking."""
        self._passphrases.remember(passphrase)
        process, _ = self._opened.pop("vault", (None, None))  # it has found no vault
        if process is not None:
            process.close()

    def close(self) -> None:
        """End the processes, and forget the passphrase."""
        for process, _ in self._opened.values():
            process.close()
        self._opened.clear()
        self._passphrases.wipe()
