"""The cheap look at the disk: another process changes, deletes, replaces and locks the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.editing.file_watch import OnDisk, glance
from ppinui.libconfig.document import Document, load
from tests.editing.conftest import TEXT
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user


@pytest.fixture
def base(config: Path) -> Document:
    return load(config)


def other_process(code: str, file: Path) -> None:
    """Somebody else, who has the file's path as `file`."""
    begin = "import os, sys, pathlib; file = pathlib.Path(sys.argv[1])\n"
    subprocess.run([sys.executable, "-I", "-c", begin + code, file], check=True)


def test_a_file_that_nobody_touches_is_the_same_and_read_once(config: Path, base: Document) -> None:
    first = glance(config, base, None)

    assert first.state is OnDisk.SAME
    assert glance(config, base, first) is first


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("file.write_text(file.read_text().replace('250', '300'))", OnDisk.CHANGED),
        ("file.write_text('hsms: {')", OnDisk.CHANGED),
        ("file.write_text('')", OnDisk.CHANGED),
        ("file.unlink()", OnDisk.GONE),
        ("new = file.with_name('new'); new.write_text('x = 1;'); new.replace(file)", OnDisk.CHANGED),
        ("new = file.with_name('new'); new.write_text(file.read_text()); new.replace(file)", OnDisk.SAME),
        ("file.unlink(); file.mkdir()", OnDisk.UNREADABLE),
        ("file.unlink(); os.mkfifo(file)", OnDisk.UNREADABLE),
        ("os.utime(file)", OnDisk.SAME),
    ],
)
def test_what_another_process_does_to_it_is_noticed(
    code: str, state: OnDisk, config: Path, base: Document
) -> None:
    before = glance(config, base, None)

    other_process(code, config)

    assert glance(config, base, before).state is state


def test_a_change_of_the_same_size_with_the_old_time_is_noticed(config: Path, base: Document) -> None:
    before = glance(config, base, None)

    code = "was = os.stat(file); file.write_text(file.read_text().replace('250', '300'))\n"
    other_process(code + "os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))", config)

    assert glance(config, base, before).state is OnDisk.CHANGED


def test_a_change_that_is_taken_back_is_none(config: Path, base: Document) -> None:
    config.write_text("x = 1;")
    changed = glance(config, base, None)
    config.write_text(TEXT)

    assert glance(config, base, changed).state is OnDisk.SAME


def test_after_a_save_the_file_is_compared_with_what_was_saved(config: Path, base: Document) -> None:
    before = glance(config, base, None)
    config.write_text(base.text.replace("250", "300"))

    assert glance(config, load(config), before).state is OnDisk.SAME


def test_a_file_that_may_not_be_read_any_more_is_unreadable() -> None:
    with folder_of_ordinary_user() as folder:
        file = folder / "primus.cfg"

        def look() -> str:
            file.write_text(TEXT)
            base = load(file)
            before = glance(file, base, None)
            file.chmod(0)
            return glance(file, base, before).state.name

        assert as_ordinary_user(look) == "UNREADABLE"
