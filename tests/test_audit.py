"""The line that a change leaves in the system's log: who, what, which file."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import pytest

from ppinui.audit import line_of, trace
from tests.rig.forked import in_child
from tests.rig.private_mounts import in_private_mounts, mount_disk, mounting_is_possible

FILE = Path("/etc/primus/primus.cfg")


def _user() -> str:
    return f"user={pwd.getpwuid(os.getuid()).pw_name} uid={os.getuid()}"


def test_a_line_says_who_did_what_to_which_file() -> None:
    lines: list[str] = []
    trace("save", FILE, environ={}, send=lines.append)
    assert lines == [f'{_user()} action="save" file="/etc/primus/primus.cfg"']


def test_under_sudo_it_says_who_is_behind_root() -> None:
    assert line_of("save", FILE, {"SUDO_USER": "alice"}) == (
        f'{_user()} by="alice" action="save" file="/etc/primus/primus.cfg"'
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('a" action="reveal', r"a\" action=\"reveal"),
        ("line\nNov 21 root: all is well", r"line\nNov 21 root: all is well"),
        ("escape\x1b[2J", r"escape\x1b[2J"),
        ("not utf-8 \udcff", r"not utf-8 \xff"),
        ("back\\slash", r"back\\slash"),
        ("Zürich", "Zürich"),
        ("nul\0", r"nul\x00"),
    ],
)
def test_nothing_that_comes_from_outside_can_pretend_to_be_another_line(name: str, written: str) -> None:
    assert line_of("save", Path("/tmp") / name, {}).endswith(f'file="/tmp/{written}"')
    assert f'by="{written}"' in line_of("save", FILE, {"SUDO_USER": name})


def _logged() -> tuple[str, str]:
    """What a syslog daemon gets to read from this process, and who it is; the machine's own log is hidden."""
    mount_disk(Path("/dev"), 65536)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind("/dev/log")
        trace("save", FILE, environ={})
        return daemon.recv(4096).decode(), _user()


def test_the_line_reaches_the_systems_log_or_nothing_fails() -> None:
    if mounting_is_possible():
        line, user = in_private_mounts(_logged)
        # <facility * 8 + severity>: authentication messages are 4, a notice is 5.
        assert line.startswith("<37>")
        assert "ppinui[" in line
        assert line.endswith(f'{user} action="save" file="/etc/primus/primus.cfg"')
    else:
        in_child(lambda: trace("save", FILE, environ={}))


def test_where_there_is_no_system_log_nothing_fails() -> None:
    def without_a_daemon() -> None:
        if mounting_is_possible():
            mount_disk(Path("/dev"), 65536)
        trace("save", Path("/etc/\udcff\n\0"), environ={"SUDO_USER": "\0"})

    (in_private_mounts if mounting_is_possible() else in_child)(without_a_daemon)
