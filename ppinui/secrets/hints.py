"""Which command stores a secret: for messages that say what to do next."""

from __future__ import annotations

import shlex
from typing import Final

from ppinui.secrets.stored_secret import SecretKind

_STORING: Final = {
    SecretKind.PERMANENT: "ppinui -a -e",
    SecretKind.PROXY: "ppinui -p -e",
    SecretKind.PIN: "ppinui secret set-pin",
}
_REPLACING: Final = _STORING | {SecretKind.PERMANENT: "ppinui -u -e"}


def command_to_store(kind: SecretKind, name: str) -> str:
    """The command for a secret that is not there yet."""
    return f"{_STORING[kind]} {shlex.quote(name)}"


def command_to_replace(kind: SecretKind, name: str) -> str:
    """The command for a secret that is there, and has to be another."""
    return f"{_REPLACING[kind]} {shlex.quote(name)}"
