"""Saving: a file that somebody else changed, rights that are missing, copies, and leaving."""

from __future__ import annotations

from pathlib import Path

from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.tui.conftest import TEXT, Driver, Run

HSM0 = "primus.hsms.hsm0"


async def edit(app: Driver) -> None:
    await app.select(HSM0)
    await app.type_into("host", "10.9.9.9")
    await app.until("UNSAVED: 1 edit")


def change(config: Path) -> None:
    """Somebody else changes the file."""
    config.write_text(config.read_text().replace("wait_delay = 250", "wait_delay = 300"))


def test_nothing_to_save_says_so(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f2")
        await app.until("Nothing has changed")

    run(steps)


def test_what_is_still_being_typed_is_saved_too(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await app.select(HSM0)
        app.entry("host").focus()
        await app.press("end", "ctrl+u")
        await app.write("10.8.8.8")
        await app.press("f2")
        await app.until("Save this change?")
        await app.press("s")
        await app.until("[saved]")

    run(steps)
    assert 'host = "10.8.8.8"' in config.read_text()


def test_escape_in_the_question_saves_nothing(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        await app.press("f2")
        await app.until("Save this change?")
        await app.press("escape")
        assert app.session.unsaved

    run(steps)
    assert config.read_text() == TEXT


def test_ours_are_kept_on_top_of_theirs(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        change(config)
        await app.press("f2")
        await app.until("was changed by somebody else")
        assert "+  wait_delay = 300" in app.text
        await app.press("k")
        await app.until("Save this change?")
        assert "wait_delay" not in app.text.partition("Save this change?")[2]
        await app.press("s")
        await app.until("[saved]")

    run(steps)
    assert config.read_text() == TEXT.replace("10.1.2.3", "10.9.9.9").replace("250", "300")


def test_theirs_are_taken_and_ours_come_back_by_undo(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        change(config)
        await app.press("f2")
        await app.until("was changed by somebody else")
        await app.press("t")
        await app.until("[saved]")
        assert "wait_delay = 300" in app.session.document.text
        await app.press("f7")
        await app.until("UNSAVED")
        assert "10.9.9.9" in app.session.document.text

    run(steps)


def test_both_can_be_seen_before_choosing(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        change(config)
        await app.press("f2")
        await app.until("was changed by somebody else")
        await app.press("s")
        await app.until("From the disk (-) to the screen (+)")
        await app.press("o")
        await app.until("was changed by somebody else")

    run(steps)


def test_a_file_that_is_gone_loses_no_edit(run: Run, config: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        config.unlink()
        await app.press("f2")
        await app.until("is gone")
        await app.press("b")
        assert app.session.unsaved

    run(steps)


def test_a_copy_is_saved_with_the_command_that_puts_it_in_place(
    run: Run, config: Path, tmp_path: Path
) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        await app.press("f2")
        await app.until("Save this change?")
        await app.press("c")
        await app.until("to the file")
        await app.press("end", "ctrl+u")
        await app.write(str(tmp_path / "copy.cfg"))
        await app.press("enter")
        await app.until("Saved a copy")
        assert "sudo cp -- " in app.text
        await app.press("o")
        assert app.session.unsaved

    run(steps)
    assert (tmp_path / "copy.cfg").read_text() == TEXT.replace("10.1.2.3", "10.9.9.9")
    assert config.read_text() == TEXT


def test_without_the_rights_it_says_what_to_run_instead(run: Run) -> None:
    with folder_of_ordinary_user() as folder:
        config = folder / "primus.cfg"
        config.write_text(TEXT)
        config.chmod(0o644)

        async def steps(app: Driver) -> None:
            await edit(app)
            folder.chmod(0o555)
            await app.press("f2")
            await app.until("Save this change?")
            await app.press("s")
            await app.until("may not write")
            assert "sudoedit" in app.text
            await app.press("b")
            assert app.session.unsaved

        as_ordinary_user(lambda: run(steps, configuration=config, state=folder / "state") and None)
        folder.chmod(0o755)


def test_leaving_with_unsaved_changes_asks(run: Run, config: Path, tmp_path: Path) -> None:
    async def steps(app: Driver) -> None:
        await edit(app)
        await app.press("f10")
        await app.until("has changes that are not saved")
        await app.press("b")
        await app.until("UNSAVED")
        await app.press("f10")
        await app.until("has changes that are not saved")
        await app.press("s")
        await app.until("Save this change?")
        await app.press("s")
        await app.until(lambda: not app.app.is_running or app.app._exit)

    app = run(steps)
    assert app.return_code == 0
    assert "10.9.9.9" in config.read_text()
    assert list((tmp_path / "state").rglob("*.jsonl")) == []


def test_leaving_without_changes_asks_nothing(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("q")
        await app.until(lambda: app.app._exit)

    assert run(steps).return_code == 0
