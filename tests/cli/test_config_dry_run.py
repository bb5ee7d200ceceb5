"""``--dry-run``: the change as a diff, and nothing saved."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import SECRETS, TEXT
from tests.cli.edit_rig import Captured, edit


def test_a_dry_run_without_a_change_says_so(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=2310", "--dry-run") == 0

    assert capsys.readouterr() == ("", "nothing would change\n")


def test_a_dry_run_of_the_first_hsm_makes_no_file(tmp_path: Path, capsys: Captured) -> None:
    assert edit(tmp_path / "new.cfg", "add-hsm", "--host", "hsm.example.com", "--dry-run") == 0

    assert '+version = "1.0";\n' in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "hsm0.port=2311"],
        ["add-hsm", "--host", "x.example"],
        ["add-slot", "hsm0", "--user-name", "NEW", "--id", "3"],
        ["remove", "hsm1"],
    ],
)
def test_a_dry_run_prints_a_diff_that_patch_understands_and_saves_nothing(
    arguments: list[str], config: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert edit(config, *arguments, "--dry-run", "--reveal") == 0
    diff = capsys.readouterr().out

    assert config.read_text() == TEXT
    copy = tmp_path / "copy"
    copy.write_text(TEXT)
    subprocess.run(["patch", "--silent", copy], input=diff, text=True, check=True)
    assert edit(config, *arguments) == 0
    assert copy.read_text() == config.read_text()


def test_a_diff_masks_passwords(config: Path, capsys: Captured) -> None:
    assert edit(config, "remove", "hsm0", "--dry-run") == 0

    shown = capsys.readouterr().out
    assert "pin = " in shown
    assert "••••" in shown
    for secret in SECRETS:
        assert secret not in shown


def test_a_diff_shows_passwords_when_told_to(config: Path, capsys: Captured) -> None:
    assert edit(config, "remove", "hsm0", "--dry-run", "--reveal") == 0

    shown = capsys.readouterr().out
    for secret in SECRETS:
        assert secret in shown
