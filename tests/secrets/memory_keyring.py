"""A keyring in memory that fails when it is told to: for what a real one cannot be made to do on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ppinui.secrets.keyring_client import Backend
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret


@dataclass
class MemoryKeyring:
    """``fails(number)`` says whether the call of this number fails; ``late`` ones do their work first."""

    fails: Callable[[int], bool] = {}.__contains__
    late: bool = False
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    calls: int = 0

    def backend(self) -> Backend:
        return Backend("memory", "tests.MemoryKeyring", "a test", None)

    def get(self, service: str, username: str) -> Secret | None:
        self._count()
        clear = self.kept.get((service, username))
        return None if clear is None else Secret(clear)

    def set(self, service: str, username: str, password: Secret) -> None:
        if self.late:
            self.kept[service, username] = password.reveal_bytes()
        self._count()
        self.kept[service, username] = password.reveal_bytes()

    def delete(self, service: str, username: str) -> bool:
        self._count()
        return self.kept.pop((service, username), None) is not None

    def _count(self) -> None:
        self.calls += 1
        if self.fails(self.calls):
            raise KeyringError("the keyring failed", "memory", "try again")
