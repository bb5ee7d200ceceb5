"""The user's own editor, from the app in a real terminal: a file that does not parse, and one that does."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.rig.app_screen import open_app

BREAK = ('host = "a-api', 'host "a-api')
"""What makes the example one that does not parse, at line 23."""


@pytest.fixture
def editor(tmp_path: Path, app_environ: Mapping[str, str]) -> Callable[[str], Mapping[str, str]]:
    """`editor(script)`: the environment with an editor that is a shell script; ``$file`` is what it gets.

    Beside the test's file `seen` has what it was called with, and how its file and its folder lay there.
    """
    seen = tmp_path / "seen"

    def make(script: str) -> Mapping[str, str]:
        program = tmp_path / "nano"
        tell = f'{{ echo "$@"; stat -c %a "$file" "${{file%/*}}"; }} >>{seen}'
        program.write_text(f"#!/bin/sh\nfor file; do :; done\n{tell}\n{script}\n")
        program.chmod(0o755)
        return {**app_environ, "EDITOR": str(program), "VISUAL": ""}

    return make


@pytest.fixture
def broken(example: Path) -> Path:
    example.write_text(example.read_text().replace(*BREAK))
    return example


def test_a_broken_file_is_mended_in_the_editor_and_the_main_screen_opens(
    broken: Path, editor: Callable[[str], Mapping[str, str]]
) -> None:
    before = broken.read_text()
    broken.chmod(0o640)
    environ = editor("""sed -i 's/host "a-api/host = "a-api/' "$file"; touch "$file~" """)
    with open_app(broken, environ) as screen:
        screen.wait_until('▌   23          host "a-api.cloudshsm.com";')
        screen.wait_until("expected = or : behind 'host'")
        screen.press("e")
        screen.wait_until("Save this change?")
        screen.wait_until('+         host = "a-api.cloudshsm.com";')
        assert broken.read_text() == before
        screen.press("s")
        screen.wait_until("Problems:")
        screen.wait_until("hsm1 a-api.cloud")
        screen.press("q")
        assert screen.finish() == 0

    assert broken.read_text() == before.replace(*reversed(BREAK))
    assert stat.S_IMODE(broken.stat().st_mode) == 0o640
    assert broken.with_name("primus.cfg.bak").read_text() == before
    called, *modes = broken.with_name("seen").read_text().splitlines()
    line, copy = called.split()
    assert line == "+23"
    assert modes == ["600", "700"]
    assert Path(copy).name == "primus.cfg"
    assert not Path(copy).parent.exists()


def test_another_error_is_shown_and_the_edited_text_is_still_there(
    broken: Path, editor: Callable[[str], Mapping[str, str]]
) -> None:
    first = """sed -i 's/host "a-api/host = "a-api/; s/host = "b-api/host "b-api/' "$file" """
    second = """sed -i 's/host "b-api/host = "c-api/' "$file" """
    environ = editor(f'if grep -q \'host "a-api\' "$file"; then {first}; else {second}; fi')
    with open_app(broken, environ) as screen:
        screen.wait_until('▌   23          host "a-api.cloudshsm.com";')
        screen.press("e")
        screen.wait_until('▌   49          host "b-api.cloudshsm.com";')
        screen.wait_until("edited, NOT SAVED")
        screen.press("q")
        screen.wait_until("Quit, and discard what you edited?")
        screen.press("b")
        screen.wait_until("e Edit")
        screen.press("e")
        screen.wait_until("Save this change?")
        screen.press("s")
        screen.wait_until("hsm2 c-api.cloud")
        screen.press("q")
        assert screen.finish() == 0

    assert 'host = "c-api.cloudshsm.com"' in broken.read_text()


def test_an_editor_that_is_not_there_is_named(broken: Path, app_environ: Mapping[str, str]) -> None:
    with open_app(broken, {**app_environ, "VISUAL": "/nowhere/edit -w"}) as screen:
        screen.wait_until("cannot be read at line 23")
        screen.press("e")
        screen.wait_until("the editor cannot be started: /nowhere/edit -w")
        screen.press("o")
        screen.wait_until(lambda text: "cannot be started" not in text)
        screen.press("q")
        assert screen.finish() == 0


def test_the_text_of_the_main_screen_is_edited_with_what_is_not_saved_yet(
    example: Path, editor: Callable[[str], Mapping[str, str]]
) -> None:
    before = example.read_text()
    environ = editor("""grep -q 'wait_delay = 300' "$file" && sed -i 's/b-api/c-api/' "$file" """)
    with open_app(example, environ) as screen:
        screen.wait_until("Problems:")
        screen.press("Down", "Enter")
        screen.wait_until("wait_delay (int)")
        screen.press("C-a", "C-k")
        screen.write("300")
        screen.press("Enter")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("Escape")
        screen.wait_until("E Editor")
        screen.press("E")
        screen.wait_until("hsm2 c-api.cloud")
        screen.wait_until("UNSAVED: 2 edits")
        assert example.read_text() == before
        screen.press("F7")
        screen.wait_until("hsm2 b-api.cloud")
        screen.press("F8")
        screen.wait_until("hsm2 c-api.cloud")
        screen.press("F2")
        screen.wait_until("Save this change?")
        screen.press("s")
        screen.wait_until("[saved]")
        screen.press("q")
        assert screen.finish() == 0

    assert example.read_text() == before.replace("= 250", "= 300").replace("b-api", "c-api")


def test_a_text_that_does_not_parse_goes_back_to_the_editor(
    example: Path, editor: Callable[[str], Mapping[str, str]]
) -> None:
    spoil = """sed -i 's/host = "b-api/host "c-api/' "$file" """
    mend = """sed -i 's/host "c-api/host = "c-api/' "$file" """
    environ = editor(f'if grep -q \'host "c-api\' "$file"; then {mend}; else {spoil}; fi')
    with open_app(example, environ) as screen:
        screen.wait_until("E Editor")
        screen.press("E")
        screen.wait_until("expected = or : behind 'host'")
        screen.wait_until("(d) Discard it")
        screen.press("e")
        screen.wait_until("hsm2 c-api.cloud")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("q")
        screen.wait_until("has changes that are not saved")
        screen.press("d")
        assert screen.finish() == 0

    assert example.with_name("seen").read_text().splitlines()[3].startswith("+49 ")


def test_ctrl_c_is_the_editors(example: Path, editor: Callable[[str], Mapping[str, str]]) -> None:
    with open_app(example, editor("echo WAITING; exec sleep 60")) as screen:
        screen.wait_until("E Editor")
        screen.press("E")
        screen.wait_until("WAITING")
        screen.press("C-c")
        screen.wait_until("the editor ended with SIGINT")
        screen.press("o")
        screen.wait_until("E Editor")
        screen.press("q")
        assert screen.finish() == 0
