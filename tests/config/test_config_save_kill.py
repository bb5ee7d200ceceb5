"""Killed at whatever moment, a save leaves the old file or the new one, and nothing that others may read."""

from __future__ import annotations

import os
import random
import select
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ppinui.config import config_save
from ppinui.config.config_save import save
from ppinui.files import file_attributes, replacement
from ppinui.libconfig.document import Document
from tests.rig.ordinary_user import NOBODY
from tests.rig.saved import TEMPORARY, edited, no_trace, put_config

SAVES = 200
ON_THE_DISK = {module.__file__ for module in (file_attributes, replacement, config_save)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = put_config(tmp_path)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(0o640)
    return path


def _look(path: Path, allowed: set[bytes]) -> bytes:
    """The content of the file, after everything about it and beside it was found to be right."""
    content = path.read_bytes()
    assert content in allowed
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    for name in os.listdir(path.parent):
        status = (path.parent / name).stat()
        if name in {"primus.cfg", "primus.cfg.bak"}:
            assert (path.parent / name).read_bytes() in allowed
            assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o640, owner)
        else:
            assert TEMPORARY.fullmatch(name)
            assert stat.S_IMODE(status.st_mode) & ~0o640 == 0
    return content


def _in_child(work: Callable[[], object]) -> tuple[int, int]:
    """A child that does the work: its number, and a descriptor that becomes readable when it has ended."""
    ended, held = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    os.close(held)
    return child, ended


def _wait(child: int, ended: int) -> int:
    os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _saver(path: Path, old: Document, new: Document) -> Callable[[], object]:
    return lambda: save(path, old, new, tracer=no_trace)


def test_killed_at_random_moments_of_200_saves_the_file_is_always_whole(path: Path) -> None:
    chance = random.Random(20)
    allowed = {path.read_bytes()}
    old, new = edited(path, 300)
    begun = time.perf_counter()
    assert _wait(*_in_child(_saver(path, old, new))) == 0
    usual = time.perf_counter() - begun
    endings: list[int] = []
    for delay in range(1000, 1000 + SAVES):
        old, new = edited(path, delay)
        before, after = old.text.encode(), new.text.encode()
        allowed |= {before, after}
        child, ended = _in_child(_saver(path, old, new))
        select.select([ended], [], [], chance.uniform(0, usual * 1.2))
        os.kill(child, signal.SIGKILL)
        endings.append(_wait(child, ended))
        assert _look(path, allowed) in {before, after}
        assert endings[-1] in {0, -signal.SIGKILL}
        if endings[-1] == 0:
            assert path.read_bytes() == after
    assert 0 < endings.count(-signal.SIGKILL) < SAVES
    assert _wait(*_in_child(_saver(path, *edited(path, 5)))) == 0
    assert sorted(os.listdir(path.parent)) == ["primus.cfg", "primus.cfg.bak"]


def _dying_at_line(number: int, work: Callable[[], object]) -> Callable[[], object]:
    """The work, which kills its own process before the line of this number of those that touch the disk."""
    left = number

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return count

    def follow(frame: FrameType, event: str, argument: Any) -> Any:
        return count if frame.f_code.co_filename in ON_THE_DISK else None

    def dying() -> None:
        sys.settrace(follow)
        work()

    return dying


def test_killed_before_each_line_that_touches_the_disk_the_file_is_always_whole(path: Path) -> None:
    endings: list[int] = []
    while not endings or endings[-1] != 0:
        old, new = edited(path, 1000 + len(endings))
        allowed = {old.text.encode(), new.text.encode()}
        backup = path.with_name("primus.cfg.bak")
        before = {backup.read_bytes()} if backup.exists() else set()
        endings.append(_wait(*_in_child(_dying_at_line(len(endings) + 1, _saver(path, old, new)))))
        assert endings[-1] in {0, -signal.SIGKILL}
        _look(path, allowed | before)
        assert path.read_bytes() in allowed
    assert len(endings) > 60
    assert path.read_bytes() == new.text.encode()
    assert sorted(os.listdir(path.parent)) == ["primus.cfg", "primus.cfg.bak"]


def test_interrupted_by_the_keyboard_nothing_temporary_stays(path: Path) -> None:
    old, new = edited(path)

    def interrupted(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_name == "give_attributes":
            raise KeyboardInterrupt
        return None

    before = sys.gettrace()
    sys.settrace(interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            save(path, old, new, tracer=no_trace)
    finally:
        sys.settrace(before)
    assert os.listdir(path.parent) == ["primus.cfg"]
    assert path.read_text() == old.text
