"""Sealed files in memory: another program reads them, and nobody changes them."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys

import pytest

from ppinui.errors import PpinuiError
from ppinui.files.memory_file import FIRST_PASSED_ON, Owner, SealedFile
from tests.rig.forked import in_child
from tests.rig.ordinary_user import NOBODY, as_ordinary_user

CANARY = b"canary-7e1d"
READ = "import os, sys; print(open(sys.argv[1]).read())"


def inherited_by(file: SealedFile) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", READ, file.path]
    return subprocess.run(command, capture_output=True, close_fds=False, check=False)


def test_a_program_inherits_the_file_once_it_is_passed_on() -> None:
    file = SealedFile("configuration", CANARY)
    assert inherited_by(file).returncode != 0
    file.pass_on()
    assert inherited_by(file).stdout == CANARY + b"\n"
    file.close()
    file.close()


def test_nobody_can_change_it() -> None:
    file = SealedFile("configuration", CANARY)
    descriptor = int(file.path.rpartition("/")[2])
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o400
    for change in (lambda: os.pwrite(descriptor, b"x", 0), lambda: os.ftruncate(descriptor, 0)):
        with pytest.raises(PermissionError):
            change()
    with open(file.path, "rb") as opened:
        assert opened.read() == CANARY
    file.close()


def test_its_number_is_out_of_the_way_where_there_are_so_many() -> None:
    file = SealedFile("configuration", CANARY)
    assert int(file.path.rpartition("/")[2]) >= FIRST_PASSED_ON
    file.close()

    def with_few_descriptors() -> bytes:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FIRST_PASSED_ON, FIRST_PASSED_ON))
        with open(SealedFile("configuration", CANARY).path, "rb") as opened:
            return opened.read()

    assert in_child(with_few_descriptors) == CANARY


def test_its_owner_may_read_it_and_no_other_user() -> None:
    owner = Owner(NOBODY, NOBODY) if os.geteuid() == 0 else Owner(os.getuid(), os.getgid())
    file = SealedFile("configuration", CANARY, owner=owner)

    def read() -> bytes:
        with open(file.path, "rb") as opened:
            return opened.read()

    assert as_ordinary_user(read) == CANARY
    file.close()
    if os.geteuid() == 0:
        file = SealedFile("configuration", CANARY)
        with pytest.raises(AssertionError, match="PermissionError"):
            as_ordinary_user(read)
        file.close()


def test_an_ordinary_user_cannot_give_it_away() -> None:
    def give() -> str:
        with pytest.raises(PpinuiError) as caught:
            SealedFile("configuration", CANARY, owner=Owner(0, 0))
        return caught.value.message

    assert as_ordinary_user(give) == "files cannot be given to user 0 and group 0: Operation not permitted"
