"""Backends of keyring that misbehave, named by their class path as a user would name one."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import InitError, KeyringLocked, PasswordSetError


class Remembers(KeyringBackend):
    """Keeps what it is given for as long as it runs; the others misbehave in one way each."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class NeverAnswers(Remembers):
    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None


class NeverAnswersWhenSet(Remembers):
    """Leaves a file where KEYRING_PROPERTY_TRACE says if it ever goes on."""

    trace = ""

    def set_password(self, service: str, username: str, password: str) -> None:
        threading.Event().wait()
        Path(self.trace).touch()


class Forgets(Remembers):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Garbles(Remembers):
    def get_password(self, service: str, username: str) -> str | None:
        password = super().get_password(service, username)
        return None if password is None else password.upper()


class RepeatsTheSecret(Remembers):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"could not store {password}")


class IsLocked(Remembers):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise InitError("Failed to create the collection: Prompt dismissed..")


class Prints(Remembers):
    def get_password(self, service: str, username: str) -> str | None:
        print("a message of the backend")
        print("another one", file=sys.stderr, flush=True)
        os.write(1, b"and one past Python\n")
        return super().get_password(service, username)


class Dies(Remembers):
    def get_password(self, service: str, username: str) -> str | None:
        os._exit(3)


class PlaintextThing(Remembers):
    pass


class HarmlessName(PlaintextThing):
    pass


class DoesNotWorkHere(Remembers):
    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - a property of the class, as keyring has it
        raise RuntimeError("the machine has no such thing")


class NoBackend:
    pass
