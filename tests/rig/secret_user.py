"""A user of the commands on secrets: a home, a vault that opens by itself, a Primus, and a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from tests.primus_sim.stand import Stand
from tests.rig.canary import draw
from tests.rig.program import CHECKOUT, PPINUI, Ran, ppinui
from tests.rig.terminal import Terminal

PASSPHRASE = draw("correct horse battery staple")


@dataclass(frozen=True)
class SecretUser:
    """Runs ppinui with the keyring that ``environ`` leads to."""

    stand: Stand
    home: Path
    environ: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """Without a terminal."""
        return ppinui(*arguments, stdin=stdin, environ=self.environ, folder=self.home)

    def terminal(self, *arguments: str | Path) -> Terminal:
        """On a terminal of its own."""
        changes = {**self.environ, "PYTHONPATH": str(CHECKOUT)}
        return Terminal([*PPINUI, *arguments], environ=changes, folder=self.home, columns=120, seconds=30)


def with_vault(stand: Stand, home: Path, passphrase: str = PASSPHRASE) -> SecretUser:
    """A server's user: no desktop, a vault, unlocked by a systemd credential."""
    credentials = home / "credentials"
    credentials.mkdir(parents=True, mode=0o700)
    (credentials / "ppinui-vault").write_text(passphrase)
    path = home / "vault"
    vault.create(path, Secret(passphrase), make_folder=False, cost=KdfCost(64, 1, 1))
    return SecretUser(
        stand,
        home,
        {
            **stand.environ,
            "HOME": str(home),
            "PPINUI_KEYRING": "vault",
            "PPINUI_VAULT": str(path),
            "CREDENTIALS_DIRECTORY": str(credentials),
            "DBUS_SESSION_BUS_ADDRESS": "",
            "PPINUI_MODULE": str(stand.module),
            "PATH": os.environ["PATH"],
        },
    )
