"""The screen for a primus.cfg that does not parse, without its editor, which needs a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import TEXT, Driver, Run

BROKEN = TEXT.replace('port = "2310";', 'port "2310";').replace('color = "blue"', 'pin = "CANARY-1"')


@pytest.fixture
def config(config: Path) -> Path:
    config.write_text(BROKEN)
    return config


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_the_text_is_shown_with_the_error_marked_and_all_ways_out(run: Run, size: tuple[int, int]) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read at line 10")
        await app.until('▌   10       port "2310";')
        await app.until("fix: ")  # the room for it comes with another layout
        lines = app.text.split("\n")
        marked = next(number for number, line in enumerate(lines) if line.startswith("▌"))
        assert lines[marked + 1].index("^") == lines[marked].index('"2310"')
        assert "found text in quotes" in lines[marked + 1]
        assert lines[marked + 2].split()[0] == "11"
        for words in ("where:", "fix: ", "e Edit", "F5 Read the file again", "F10 Quit"):
            assert words in app.text

    run(steps, size=size)


def test_no_password_is_seen(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until('pin = "••••"')
        assert "CANARY" not in app.text

    run(steps)


def test_a_file_that_was_mended_elsewhere_opens_the_main_screen(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read at line 10")
        config.write_text(TEXT)
        await app.press("r")
        await app.until("Problems:")
        await app.select("primus.hsms.hsm0")
        await app.type_into("host", "10.9.9.9")
        await app.until("UNSAVED: 1 edit")
        await app.press("f2")
        await app.until("Save this change?")
        await app.press("s")
        await app.until("[saved]")

    run(steps)
    assert config.read_text() == TEXT.replace("10.1.2.3", "10.9.9.9")


def test_a_file_that_is_gone_by_then_says_so_and_comes_back(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read at line 10")
        config.unlink()
        await app.press("r")
        await app.until("No such file")
        assert "e Edit" not in app.text
        config.write_text(TEXT)
        await app.press("r")
        await app.until("Problems:")

    run(steps)


def test_quitting_leaves_the_file_and_asks_nothing(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read")
        await app.press("q")
        await app.until(lambda: app.app._exit)

    assert run(steps).return_code == 0
    assert config.read_text() == BROKEN


def test_help_and_the_palette_do_not_need_the_main_screen(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read")
        await app.press("f1")
        await app.until("Open the text in your editor")
        await app.press("escape", "f9")
        await app.until("Read the file again (r)")
        await app.write("hsm0")
        await app.press("escape", "escape")

    run(steps)


def test_an_error_in_an_included_file_is_named_and_not_offered_to_be_edited(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)  # from where the C library looks for what is included
    config.with_name("more.cfg").write_text("primus {")
    config.write_text('@include "more.cfg"\n')

    async def steps(app: Driver) -> None:
        await app.until("where: more.cfg:1:")
        assert "e Edit" not in app.text
        assert "F10 Quit" in app.text

    run(steps)


def test_an_edited_text_is_not_given_up_by_a_slip(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.until("cannot be read at line 10")
        screen = app.app.screen
        screen.mending.take(TEXT)  # type: ignore[attr-defined]
        screen.show()  # type: ignore[attr-defined]
        await app.until("edited, NOT SAVED – can be read now")
        for key, words in (("q", "Quit, and discard"), ("r", "Read the file, and discard")):
            await app.press(key)
            await app.until(words)
            await app.press("escape")
            await app.until("edited, NOT SAVED")
        await app.press("s")
        await app.until("Save this change?")
        assert '+      port = "2310";' in app.text
        await app.press("c")
        await app.until("to the file")
        await app.press("end", "ctrl+u")
        await app.write(str(config.with_name("copy.cfg")))
        await app.press("enter")
        await app.until("Saved a copy")
        await app.press("o", "s")
        await app.until("Save this change?")
        await app.press("s")
        await app.until("Problems:")

    run(steps)
    assert config.read_text() == TEXT
    assert config.with_name("copy.cfg").read_text() == TEXT


def test_an_error_far_to_the_right_is_in_sight(run: Run, config: Path) -> None:
    far = f'host = "10.1.2.3"; /* {"x" * 150} */ port "2310";'
    config.write_text(TEXT.replace('host = "10.1.2.3";', far).replace('port = "2310";', ""))

    async def steps(app: Driver) -> None:
        await app.until('port "2310";')
        lines = app.text.split("\n")
        marked = next(number for number, line in enumerate(lines) if line.startswith("▌"))
        assert lines[marked + 1].index("^") == lines[marked].index('"2310"')

    run(steps)
