"""AES keys on a SoftHSM2 token, as many as wanted, made in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.rig.softhsm import SoftHsm


def fill(hsm: SoftHsm, label: str, count: int) -> None:
    """Make so many keys on the token with this label: key-0, key-1, …"""
    subprocess.run(
        [sys.executable, __file__],
        input=f"{hsm.module}\n{label}\n{hsm.token(label).pin}\n{count}",
        env={**os.environ, **hsm.environ},
        text=True,
        check=True,
    )


def _make_keys() -> None:
    """Module, label, PIN and number of keys come on stdin, a line each."""
    import pkcs11

    module, label, pin, count = sys.stdin.read().split("\n")
    token = pkcs11.lib(module).get_token(token_label=label)
    with token.open(rw=True, user_pin=pin) as session:
        for number in range(int(count)):
            session.generate_key(
                pkcs11.KeyType.AES, 128, label=f"key-{number}", id=bytes([number % 256]), store=True
            )


if __name__ == "__main__":
    _make_keys()
