"""A file that others change, delete, replace and lock while it is on the screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from textual.events import AppFocus

from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.tui.conftest import TEXT, Driver, Run
from tests.tui.test_save_flow import edit

THEIRS = "file.write_text(file.read_text().replace('wait_delay = 250', 'wait_delay = 300'))"


def somebody_else(code: str, config: Path) -> None:
    """Another process does something to `file`."""
    begin = "import pathlib, sys; file = pathlib.Path(sys.argv[1])\n"
    subprocess.run([sys.executable, "-I", "-c", begin + code, config], check=True)


async def look(app: Driver) -> None:
    """The look that is due every two seconds."""
    await app.context.disk_watch.look()
    await app.pilot.pause()


def head(app: Driver) -> str:
    return app.static("#head")


def test_an_untouched_file_has_no_mark_and_no_key_for_it(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await look(app)
        assert head(app).startswith(" [saved] ")
        assert "Changed on disk" not in app.text
        await app.press("c")
        assert app.app.screen is app.main

    run(steps)


def test_a_change_is_marked_and_what_they_changed_can_be_taken(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await look(app)
        somebody_else(THEIRS, config)
        await look(app)
        assert head(app).startswith(" [saved, CHANGED ON DISK] ")
        await app.until("c Changed on disk")
        await app.press("c")
        await app.until("+  wait_delay = 300")
        assert "Keep ours" not in app.text  # there is nothing of ours
        await app.press("t")
        await app.until(lambda: head(app).startswith(" [saved] "))
        assert app.context.config.globals["wait_delay"] == 300
        await app.until(lambda: "Changed on disk" not in app.text)

    run(steps)


def test_ours_are_kept_on_top_of_theirs_and_not_saved_yet(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        somebody_else(THEIRS, config)
        await look(app)
        assert head(app).startswith(" [UNSAVED: 1 edit, CHANGED ON DISK] ")
        app.main.outline.focus()
        await app.press("c")
        await app.until("Keep ours, on top of theirs")
        await app.press("k")
        await app.until(lambda: head(app).startswith(" [UNSAVED: 1 edit] "))
        assert app.session.document.text == TEXT.replace("10.1.2.3", "10.9.9.9").replace("250", "300")

    run(steps)
    assert config.read_text() == TEXT.replace("250", "300")


def test_what_is_being_typed_is_not_lost_when_theirs_are_taken(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        app.entry("host").focus()
        await app.press("end", "ctrl+u")
        await app.write("10.8.8.8")
        somebody_else(THEIRS, config)
        await look(app)
        await app.main.run_action("settle")
        await app.until("Keep ours, on top of theirs")
        await app.press("t")
        await app.until(lambda: "[saved]" in head(app))
        await app.press("escape", "f7")
        await app.until("UNSAVED")
        assert "10.8.8.8" in app.session.document.text

    run(steps)


def test_escape_leaves_all_as_it_is_and_the_mark_stays(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        somebody_else(THEIRS, config)
        await look(app)
        app.main.outline.focus()
        await app.press("c")
        await app.until("Keep ours, on top of theirs")
        await app.press("escape")
        await look(app)
        assert head(app).startswith(" [UNSAVED: 1 edit, CHANGED ON DISK] ")

    run(steps)


def test_a_change_that_is_taken_back_takes_the_mark_away(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        somebody_else(THEIRS, config)
        await look(app)
        assert "CHANGED" in head(app)
        somebody_else("file.write_text(file.read_text().replace('300', '250'))", config)
        await look(app)
        assert head(app).startswith(" [saved] ")

    run(steps)


def test_a_deleted_file_is_marked_and_put_there_again(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        somebody_else("file.unlink()", config)
        await look(app)
        assert "GONE FROM DISK" in head(app)
        app.main.outline.focus()
        await app.press("c")
        await app.until("is gone")
        await app.press("p")
        await app.until(lambda: head(app).startswith(" [saved] "))

    run(steps)
    assert config.read_text() == TEXT.replace("10.1.2.3", "10.9.9.9")


def test_a_deleted_file_is_not_called_saved_although_nothing_was_edited(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        somebody_else("file.unlink()", config)
        await app.press("f2")
        await app.until("is gone")
        await app.press("p")
        await app.until("Saved")

    run(steps)
    assert config.read_text() == TEXT


def test_a_file_that_was_replaced_by_one_that_does_not_parse_keeps_the_screen(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        somebody_else("new = file.with_name('n'); new.write_text('primus {'); new.replace(file)", config)
        await look(app)
        assert "CHANGED ON DISK" in head(app)
        await app.press("c")
        await app.until("cannot be read any more")
        assert "expected = or :" in app.text
        await app.press("b")
        assert app.session.document.text == TEXT

    run(steps)


def test_a_file_that_became_unreadable_is_marked_and_nothing_is_lost(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        app.session.path.chmod(0)
        await look(app)
        assert "UNREADABLE ON DISK" in head(app)
        app.main.outline.focus()
        await app.press("c")
        await app.until("Permission denied")
        await app.press("b")
        assert app.session.unsaved

    with folder_of_ordinary_user() as folder:

        def as_nobody() -> None:
            config = folder / "primus.cfg"
            config.write_text(TEXT)
            run(steps, configuration=config, state=folder / "state")

        as_ordinary_user(as_nobody)


def test_the_look_comes_with_the_focus_too(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await look(app)
        somebody_else(THEIRS, config)
        app.app.post_message(AppFocus())
        await app.until(lambda: "CHANGED ON DISK" in head(app))

    run(steps)


def test_the_look_comes_by_itself(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        somebody_else(THEIRS, config)
        await app.until(lambda: "CHANGED ON DISK" in head(app))

    run(steps, look_every=0.05)


def test_our_own_save_is_no_change(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await look(app)
        await edit(app)
        await app.press("f2")
        await app.until("Save this change?")
        await app.press("s")
        await app.until("[saved]")
        await look(app)
        assert head(app).startswith(" [saved] ")

    run(steps)
