"""Files in memory: a C program can read them, and no disk or other user can."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from ppinui.files.memory_file import MemoryFile

CANARY = b"canary-51c2"


def test_the_file_can_be_opened_by_its_path_more_than_once() -> None:
    with MemoryFile("configuration", CANARY) as file:
        for _ in range(2):
            with open(file.path, "rb") as opened:
                assert opened.read() == CANARY


def test_nobody_else_may_open_it() -> None:
    with MemoryFile("configuration", CANARY) as file:
        assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o400
    with MemoryFile("log", writable=True) as file:
        assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600


def test_it_has_no_name_on_a_disk() -> None:
    with MemoryFile("configuration", CANARY) as file:
        assert os.readlink(file.path).startswith("/memfd:configuration")
        assert os.stat(file.path).st_nlink == 0


def test_a_program_that_is_started_does_not_inherit_it() -> None:
    with MemoryFile("configuration", CANARY):
        seen = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, check=True, close_fds=False)
        assert b"memfd" not in seen.stdout


def test_what_a_library_appends_is_read_back() -> None:
    with MemoryFile("log", writable=True) as file:
        for line in ("one\n", "two\n"):
            with open(file.path, "a") as log:
                log.write(line)
        assert file.read() == b"one\ntwo\n"
        file.wipe()
        assert file.read() == b""


def test_replacing_leaves_nothing_of_a_longer_content() -> None:
    with MemoryFile("configuration", CANARY * 100) as file:
        file.replace(b"short")
        assert file.read() == b"short"


def test_a_closed_file_is_gone() -> None:
    file = MemoryFile("configuration", CANARY)
    path = file.path
    file.close()
    file.close()
    with pytest.raises(FileNotFoundError):
        os.stat(path)
