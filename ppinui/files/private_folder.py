"""A folder in memory for programs that insist on files: private, and gone whatever ends its owner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ppinui.errors import PpinuiError
from ppinui.files.memory_file import Owner, give_away

_MEMORY: Final = frozenset({"tmpfs", "ramfs"})

_WATCHER: Final = """
import os, select, shutil, signal, sys, time
for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
owner, folder, detached = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "detached"
if detached and os.fork():
    os._exit(0)
os.write(1, b".")
os.close(1)
select.select([owner], [], [])
pause = time.sleep
for _ in range(100):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.lexists(folder):
        break
    pause(0.05)
"""
"""Waits for the end of a process (a pidfd), then removes the folder, again while others still write there."""


def memory_backed(path: Path) -> bool:
    """Whether a folder lies in memory (tmpfs), as the kernel's list of mounts says."""
    try:
        device = path.stat().st_dev
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0] in _MEMORY
    return False


def memory_place(environ: Mapping[str, str], *, for_everybody: bool = False) -> Path:
    """A folder in memory in which this user may make another one.

    ``XDG_RUNTIME_DIR``, ``/run/user/UID`` (both end with the session), then ``/dev/shm`` and ``/run``; just
    these two if it is ``for_everybody``: the others let nobody else pass. Raises PpinuiError where there is
    none.
    """
    candidates = ["/dev/shm", "/run"]  # noqa: S108 - the folder made there is 0700
    if not for_everybody:
        candidates.insert(0, f"/run/user/{os.geteuid()}")
        if runtime := environ.get("XDG_RUNTIME_DIR"):
            candidates.insert(0, runtime)
    for candidate in map(Path, candidates):
        if memory_backed(candidate) and os.access(candidate, os.W_OK | os.X_OK):
            return candidate
    raise PpinuiError(
        "there is no folder in memory for files with secrets",
        ", ".join(candidates),
        "mount a tmpfs and let XDG_RUNTIME_DIR name it",
    )


def _not_made(place: Path, reason: str) -> PpinuiError:
    return PpinuiError(
        f"cannot make a private folder: {reason}", str(place), "make room there, and try again"
    )


class PrivateFolder:
    """A new folder (0700) in memory. It goes with :meth:`remove`, or when this process ends, even if killed.

    A watcher, a small process of its own, waits for the end of this one. What this process becomes by
    ``exec`` is still the same process for it. (What is in memory may be swapped out: encrypt the swap.)
    """

    def __init__(self, place: Path, *, detached: bool = False) -> None:
        """``place``: as :func:`memory_place` finds it. Raises PpinuiError when nothing can be made there.

        ``detached``: the watcher is not a child of this process: a program that this one becomes by ``exec``
        may wait for all children that it has.
        """
        self.path = place / f"ppinui-{os.urandom(8).hex()}"
        how = "detached" if detached else "child"
        owner = os.pidfd_open(os.getpid())
        try:
            # The watcher first: a folder without one could be left behind.
            self._watcher = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _WATCHER, str(owner), str(self.path), how],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                pass_fds=[owner],
                start_new_session=True,
            )
        finally:
            os.close(owner)
        assert self._watcher.stdout is not None
        with self._watcher.stdout as ready:
            watched = ready.read(1) == b"."
        if detached:
            self._watcher.wait()  # it has left its work to a child of its own
        try:
            if watched:
                self.path.mkdir(mode=0o700)
        except OSError as error:
            self.remove()
            raise _not_made(place, str(error.strerror)) from None
        if not watched:
            raise _not_made(place, "nothing would remove it after a crash")

    def write(self, name: str, content: bytes, mode: int = 0o600) -> Path:
        """A new file in the folder."""
        path = self.path / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return path

    def give_to(self, owner: Owner) -> None:
        """Give the folder and its files to a user. Raises PpinuiError where only root may."""
        for path in (*self.path.iterdir(), self.path):
            give_away(path, owner)

    def remove(self) -> None:
        """Remove the folder and all that is in it. (A detached watcher goes with this process.)"""
        shutil.rmtree(self.path, ignore_errors=True)
        if not self.path.exists():
            self._watcher.kill()
            self._watcher.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
