"""The folder in memory: nobody else's, and gone whatever ends its owner."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.files.private_folder import PrivateFolder, memory_backed, memory_place
from tests.rig.processes import all_processes, wait_for_end

OWNER = """
import sys
from pathlib import Path
from ppinui.files.private_folder import PrivateFolder
folder = PrivateFolder(Path("/dev/shm"))
folder.write("secret", b"x")
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_it_is_in_memory_for_its_owner_alone_and_gone_afterwards() -> None:
    with PrivateFolder(memory_place(os.environ)) as folder:
        assert memory_backed(folder.path)
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        path = folder.write("secret", b"content")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes() == b"content"
        (folder.path / "sub").mkdir()
    assert not folder.path.exists()


def test_a_disk_is_not_memory() -> None:
    assert memory_backed(Path("/dev/shm"))
    assert not memory_backed(Path("/proc"))
    assert not memory_backed(Path("/nowhere"))


def test_the_users_own_folder_is_preferred_if_it_is_in_memory() -> None:
    runtime = Path("/dev/shm") / f"runtime-{os.getpid()}"
    runtime.mkdir()
    try:
        assert memory_place({"XDG_RUNTIME_DIR": str(runtime)}) == runtime
    finally:
        runtime.rmdir()
    assert memory_place({"XDG_RUNTIME_DIR": "/proc"}) != Path("/proc")


def test_a_place_where_nothing_can_be_made_is_an_error() -> None:
    with pytest.raises(PpinuiError, match="cannot make a private folder"):
        PrivateFolder(Path("/proc"))


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_it_goes_with_its_owner(sent: signal.Signals | None) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.stdout is not None
    assert owner.stdin is not None
    path = Path(owner.stdout.readline().decode().strip())
    assert (path / "secret").exists()
    (watcher,) = (process for process in all_processes() if str(path) in process.command_line)
    os.kill(watcher.pid, signal.SIGTERM)  # it does not mind
    if sent is None:
        owner.stdin.close()
    else:
        owner.send_signal(sent)
    owner.wait()
    assert wait_for_end(watcher.pid, 5)
    assert not path.exists()
    for pipe in (owner.stdin, owner.stdout):
        pipe.close()
