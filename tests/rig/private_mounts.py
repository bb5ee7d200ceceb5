"""Mounting things that nobody else sees, where the machine lets us: as root, or in a user namespace."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from tests.rig.forked import in_child

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY = 1
_MS_REMOUNT = 32
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18

Result = TypeVar("Result")


def in_private_mounts(work: Callable[[], Result]) -> Result:
    """What `work` returns in a forked child (see `in_child`) with mounts of its own, where it may mount."""

    def separate_first() -> Result:
        separate_mounts()
        return work()

    return in_child(separate_first)


@cache
def mounting_is_possible() -> bool:
    """Whether `in_private_mounts` works here: many containers forbid it."""
    try:
        in_child(_try_mounting)
    except AssertionError:
        return False
    return True


def mount_disk(place: Path, size: int) -> None:
    """An empty file system of so many bytes."""
    _mount("tmpfs", place, "tmpfs", 0, f"size={size},mode=0755")


def bind(source: Path, place: Path) -> None:
    """The file or folder `source` appears at `place` too."""
    _mount(str(source), place, "none", _MS_BIND | _MS_REC, "")


def make_read_only(place: Path) -> None:
    """Nothing can be written to what is mounted at `place` any more."""
    _mount("none", place, "none", _MS_REMOUNT | _MS_BIND | _MS_RDONLY, "")


def _try_mounting() -> None:
    separate_mounts()
    mount_disk(Path("/tmp"), 65536)


def separate_mounts() -> None:
    """Mounts of this process are its own from now on. OSError where that is forbidden."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS | (0 if uid == 0 else _CLONE_NEWUSER)) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    _mount("none", Path("/"), "none", _MS_REC | _MS_PRIVATE, "")


def _mount(source: str, place: Path, kind: str, flags: int, options: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [os.fsencode(word) for word in (source, place, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {place}")
