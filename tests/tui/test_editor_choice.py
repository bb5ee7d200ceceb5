"""Which editor it is: the user's word, else what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.tui.text_editor import editor_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of programs."""
    for name in ("mine", "nano", "vi"):
        (tmp_path / name).touch(mode=0o755)
    return tmp_path


def test_visual_comes_before_editor_and_its_options_are_kept(folder: Path) -> None:
    environ = {"PATH": str(folder), "VISUAL": "mine -w 'a b'", "EDITOR": "nano"}

    assert editor_of(environ) == ["mine", "-w", "a b"]
    assert editor_of({**environ, "VISUAL": " "}) == ["nano"]


def test_without_a_word_it_is_the_first_usual_one(folder: Path) -> None:
    assert editor_of({"PATH": str(folder)}) == ["nano"]
    (folder / "nano").unlink()
    assert editor_of({"PATH": str(folder)}) == ["vi"]


@pytest.mark.parametrize("said", ["not-there", "mine 'unfinished"])
def test_a_word_that_leads_nowhere_is_named_and_not_passed_over(said: str, folder: Path) -> None:
    with pytest.raises(PpinuiError) as caught:
        editor_of({"PATH": str(folder), "VISUAL": said, "EDITOR": "nano"})

    assert said in caught.value.message
    assert caught.value.place == "$VISUAL"


def test_where_there_is_none_it_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError) as caught:
        editor_of({"PATH": str(tmp_path)})

    assert "EDITOR" in caught.value.remedy
