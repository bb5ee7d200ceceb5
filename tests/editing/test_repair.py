"""A file that does not parse: what is wrong, what is made of it, and saving that."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused
from ppinui.editing.repair import BrokenFile
from ppinui.errors import PpinuiError
from tests.editing.conftest import TEXT

BROKEN = TEXT.replace('port = "2310";', 'port "2310";')
LINE = BROKEN.split("\n").index('      port "2310";') + 1


@pytest.fixture
def broken(config: Path) -> Path:
    config.write_text(BROKEN)
    return config


@pytest.fixture
def repair(broken: Path) -> BrokenFile:
    """Read already."""
    repair = BrokenFile(broken, tracer=lambda *_: None)
    assert repair.read() is None
    return repair


def test_the_error_has_its_line_and_the_text_is_there(repair: BrokenFile) -> None:
    assert repair.text == BROKEN
    assert repair.flaw_line == LINE
    assert repair.can_be_edited
    assert not repair.is_edited


def test_what_parses_is_saved_in_the_place_of_what_did_not(repair: BrokenFile, broken: Path) -> None:
    broken.chmod(0o600)
    repair.take(TEXT)
    assert repair.flaw is None
    assert not repair.overtaken()
    report = repair.save()

    assert broken.read_text() == TEXT
    assert broken.stat().st_mode & 0o777 == 0o600
    assert report.backup is not None
    assert report.backup.read_text() == BROKEN
    opened = repair.read()
    assert opened is not None
    assert opened.document.text == TEXT


def test_the_diff_shows_no_password(repair: BrokenFile) -> None:
    repair.take(TEXT.replace("CANARY-PIN-1", "CANARY-PIN-2"))

    assert '+      port = "2310";' in repair.diff()
    assert "CANARY" not in repair.diff()
    assert repair.is_password_lost


def test_an_edited_text_with_another_error_stays_in_hand(repair: BrokenFile, broken: Path) -> None:
    repair.take(TEXT + "}")

    assert repair.flaw is not None
    assert repair.is_edited
    assert repair.text == TEXT + "}"
    assert broken.read_text() == BROKEN


def test_names_that_are_there_twice_are_an_error_of_an_edited_text(repair: BrokenFile) -> None:
    repair.take(TEXT + 'version = "1.0";\n')

    assert repair.flaw is not None
    assert "version" in f"{repair.flaw.message} {repair.flaw.remedy}"


def test_a_file_with_names_that_are_there_twice_is_opened(config: Path) -> None:
    config.write_text(TEXT + 'version = "1.0";\n')

    assert BrokenFile(config).read() is not None


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(
    repair: BrokenFile, broken: Path
) -> None:
    repair.take(TEXT)
    broken.write_text(BROKEN + "# theirs\n")
    with pytest.raises(SaveRefused):
        repair.save()

    assert repair.overtaken()
    assert "-# theirs" in repair.diff()
    repair.save()
    assert broken.read_text() == TEXT


def test_a_file_that_is_gone_meanwhile_keeps_the_edited_text(repair: BrokenFile, broken: Path) -> None:
    repair.take(TEXT)
    broken.unlink()
    with pytest.raises(PpinuiError) as caught:
        repair.overtaken()

    assert "cannot be read" in caught.value.message
    assert repair.text == TEXT
    copy = broken.with_name("copy")
    repair.save_copy(copy)
    assert copy.read_text() == TEXT


def test_a_file_that_became_unreadable_says_so_and_has_no_text(repair: BrokenFile, broken: Path) -> None:
    broken.unlink()
    broken.mkdir()
    assert repair.read() is None

    assert repair.flaw is not None
    assert repair.flaw.place == str(broken)
    assert repair.text == ""
    assert not repair.can_be_edited


def test_an_error_in_an_included_file_is_not_ours_to_edit(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # from where the C library looks for what is included
    (tmp_path / "more.cfg").write_text("primus {")
    config.write_text('@include "more.cfg"\n')
    repair = BrokenFile(config)
    repair.read()

    assert repair.flaw is not None
    assert repair.flaw.place.startswith("more.cfg:1:")
    assert repair.flaw_line is None
    assert not repair.can_be_edited
