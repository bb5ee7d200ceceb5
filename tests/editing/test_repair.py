"""A file that does not parse: what is wrong, what is made of it, and saving that."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused
from ppinui.editing.repair import Mending
from ppinui.errors import PpinuiError
from tests.editing.conftest import TEXT

BROKEN = TEXT.replace('port = "2310";', 'port "2310";')
LINE = BROKEN.split("\n").index('      port "2310";') + 1


@pytest.fixture
def broken(config: Path) -> Path:
    config.write_text(BROKEN)
    return config


@pytest.fixture
def mending(broken: Path) -> Mending:
    """Read already."""
    mending = Mending(broken, tracer=lambda *_: None)
    assert mending.read() is None
    return mending


def test_the_error_has_its_line_and_the_text_is_there(mending: Mending) -> None:
    assert mending.text == BROKEN
    assert mending.flaw_line == LINE
    assert mending.can_be_edited
    assert not mending.is_edited


def test_what_parses_is_saved_in_the_place_of_what_did_not(mending: Mending, broken: Path) -> None:
    broken.chmod(0o600)
    mending.take(TEXT)
    assert mending.flaw is None
    assert not mending.overtaken()
    report = mending.save()

    assert broken.read_text() == TEXT
    assert broken.stat().st_mode & 0o777 == 0o600
    assert report.backup is not None
    assert report.backup.read_text() == BROKEN
    opened = mending.read()
    assert opened is not None
    assert opened.document.text == TEXT


def test_the_diff_shows_no_password(mending: Mending) -> None:
    mending.take(TEXT.replace("CANARY-PIN-1", "CANARY-PIN-2"))

    assert '+      port = "2310";' in mending.diff()
    assert "CANARY" not in mending.diff()
    assert mending.is_password_lost


def test_an_edited_text_with_another_error_stays_in_hand(mending: Mending, broken: Path) -> None:
    mending.take(TEXT + "}")

    assert mending.flaw is not None
    assert mending.is_edited
    assert mending.text == TEXT + "}"
    assert broken.read_text() == BROKEN


def test_names_that_are_there_twice_are_an_error_of_an_edited_text(mending: Mending) -> None:
    mending.take(TEXT + 'version = "1.0";\n')

    assert mending.flaw is not None
    assert "version" in f"{mending.flaw.message} {mending.flaw.remedy}"


def test_a_file_with_names_that_are_there_twice_is_opened(config: Path) -> None:
    config.write_text(TEXT + 'version = "1.0";\n')

    assert Mending(config).read() is not None


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(mending: Mending, broken: Path) -> None:
    mending.take(TEXT)
    broken.write_text(BROKEN + "# theirs\n")
    with pytest.raises(SaveRefused):
        mending.save()

    assert mending.overtaken()
    assert "-# theirs" in mending.diff()
    mending.save()
    assert broken.read_text() == TEXT


def test_a_file_that_is_gone_meanwhile_keeps_the_edited_text(mending: Mending, broken: Path) -> None:
    mending.take(TEXT)
    broken.unlink()
    with pytest.raises(PpinuiError) as caught:
        mending.overtaken()

    assert "cannot be read" in caught.value.message
    assert mending.text == TEXT
    copy = broken.with_name("copy")
    mending.save_copy(copy)
    assert copy.read_text() == TEXT


def test_a_file_that_became_unreadable_says_so_and_has_no_text(mending: Mending, broken: Path) -> None:
    broken.unlink()
    broken.mkdir()
    assert mending.read() is None

    assert mending.flaw is not None
    assert mending.flaw.place == str(broken)
    assert mending.text == ""
    assert not mending.can_be_edited


def test_an_error_in_an_included_file_is_not_ours_to_edit(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # from where the C library looks for what is included
    (tmp_path / "more.cfg").write_text("primus {")
    config.write_text('@include "more.cfg"\n')
    mending = Mending(config)
    mending.read()

    assert mending.flaw is not None
    assert mending.flaw.place.startswith("more.cfg:1:")
    assert mending.flaw_line is None
    assert not mending.can_be_edited
