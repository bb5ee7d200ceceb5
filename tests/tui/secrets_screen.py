"""What a user does on the secrets screen, and what is in the vault afterwards."""

from __future__ import annotations

from pathlib import Path

from textual.events import Paste

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.vault import Vault
from tests.tui.conftest import Driver


def kept(vault_file: Path, username: str) -> str | None:
    opened = Vault(vault_file)
    opened.unlock(Secret("open"))
    return opened.get("ppinui", username)


async def unlock(app: Driver, *, asked: bool = True) -> None:
    """Open the secrets screen, and the vault, which asks for its passphrase if it was not open yet."""
    await app.press("f4")
    if asked:
        await app.until("Passphrase of the vault")
        await app.write("open")
        await app.press("enter")
    await app.until("Keyring: vault (")


async def go_to(app: Driver, kind: str, name: str) -> None:
    rows = app.rows("#secrets-table")
    at = next(index for index, row in enumerate(rows) if row.startswith(kind) and name in row)
    await app.press("home", *["down"] * at)


async def write_instead(app: Driver, text: str) -> None:
    """Paste a text in the place of what a form has filled in, and take it."""
    await app.press("end", "ctrl+u")
    assert app.app.screen.focused is not None
    app.app.screen.focused.post_message(Paste(text))
    await app.press("enter")


def secret_of(app: Driver, name: str) -> str:
    """The word of the tree for the first slot of a partition."""
    tree = app.main.outline
    rows = ("".join(text for text, _ in tree.row(index, 60)) for index in range(tree.count))
    return next(row for row in rows if name in row).split(name)[1].split()[1]
