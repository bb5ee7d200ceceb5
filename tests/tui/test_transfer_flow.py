"""Import and export of .secrets.cfg in the app, through to the file and the keyring."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.tui.conftest import Driver, Run
from tests.tui.secrets_screen import kept, unlock, write_instead

SAMPLE = b"""\
version = "1.0"; # of the format
primus: {
  users: {
\tuser0: { name = "PAYMENTS"; secret = "A1"; };\r
    user1 = { name = "SIGNING"; secret = "B2"; odd = (1, "x"); } /* as ppin wrote it */
    user2: { name = "SERVICE"; secret = "C3"; };
  };
};"""


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    file = tmp_path / "in.cfg"
    file.write_bytes(SAMPLE)
    return file


async def move(app: Driver, key: str, title: str, file: Path) -> None:
    await app.press(key)
    await app.until(title)
    await write_instead(app, str(file))


async def import_all(app: Driver, file: Path) -> None:
    await unlock(app)
    await move(app, "i", "Import secrets", file)
    await app.until("Imported 3, 0 were there")


def states(app: Driver) -> list[str]:
    return [row[33:44].strip() for row in app.rows("#secrets-table")]


def test_what_is_imported_is_in_the_keyring_and_comes_back_byte_for_byte(
    run_with_vault: Run, secrets_file: Path, vault_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.cfg"

    async def steps(app: Driver) -> None:
        await import_all(app, secrets_file)
        await app.until(lambda: states(app) == ["keyring"] * 3 + ["not kept"] * 2)
        await app.press("escape")
        assert "ring" in next(row for row in app.rows("#tree") if "SIGNING" in row)
        await unlock(app, asked=False)
        await move(app, "e", "Export secrets", out)
        await app.until("Exported 3")

    run_with_vault(steps)
    assert secrets_file.read_bytes() == SAMPLE
    assert out.read_bytes() == SAMPLE
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert "A1" in (kept(vault_file, "permanent:PAYMENTS") or "")


def test_a_file_that_is_there_is_replaced_only_by_the_users_word(
    run_with_vault: Run, secrets_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.cfg"
    out.write_text("mine")

    async def steps(app: Driver) -> None:
        await import_all(app, secrets_file)
        await move(app, "e", "Export secrets", out)
        await app.until("there is a file already")
        await app.press("b")
        await app.until(lambda: "there is a file already" not in app.text)
        assert out.read_text() == "mine"
        await move(app, "e", "Export secrets", out)
        await app.until("there is a file already")
        await app.press("r")
        await app.until("Exported 3")

    run_with_vault(steps)
    assert out.read_bytes() == SAMPLE


def test_other_secrets_of_the_keyring_are_replaced_only_by_the_users_word(
    run_with_vault: Run, secrets_file: Path, vault_file: Path
) -> None:
    async def steps(app: Driver) -> None:
        await import_all(app, secrets_file)
        secrets_file.write_bytes(SAMPLE.replace(b"A1", b"Z9"))
        await move(app, "i", "Import secrets", secrets_file)
        await app.until("the keyring has other secrets of PAYMENTS")
        await app.press("escape")
        await app.until(lambda: "other secrets" not in app.text)
        assert "A1" in (kept(vault_file, "permanent:PAYMENTS") or "")
        await move(app, "i", "Import secrets", secrets_file)
        await app.until("the keyring has other secrets of PAYMENTS")
        await app.press("r")
        await app.until("Imported 1, 2 were there")

    run_with_vault(steps)
    assert "Z9" in (kept(vault_file, "permanent:PAYMENTS") or "")


def test_a_file_that_cannot_be_read_changes_nothing(run_with_vault: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        await unlock(app)
        await move(app, "i", "Import secrets", tmp_path / "none.cfg")
        await app.until("there is no such secrets file")
        await app.press("o")
        assert "keyring" not in states(app)

    run_with_vault(steps)


def test_nothing_is_exported_where_nothing_is_kept(run_with_vault: Run, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        await unlock(app)
        await move(app, "e", "Export secrets", tmp_path / "out.cfg")
        await app.until("there is nothing to export")

    run_with_vault(steps)
    assert not (tmp_path / "out.cfg").exists()
