"""Replacing a file atomically under a lock on its folder: written beside it, then renamed."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ppinui.files.file_attributes import Attributes, give_attributes, read_attributes

_MARK: Final = "ppinui"
_MOUNTS: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class Identity:
    """Which file on the disk a document was read from: where links led, and the file found there.

    The time of its last change (ns) is part of it, since an inode number is soon used again.
    """

    target: Path
    device: int
    inode: int
    changed_at: int


def identify(path: Path) -> Identity | None:
    """The file that a path leads to now, None if there is none: ask before reading it, for ``save``."""
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
    except OSError:
        return None
    return Identity(target, status.st_dev, status.st_ino, status.st_mtime_ns)


class Stamp(NamedTuple):
    """What tells one state of one file from all others; times in ns."""

    device: int
    inode: int
    size: int
    changed_at: int
    attributes_changed_at: int


class FolderBusyError(Exception):
    """Another process holds the folder's lock."""


class NotAFileError(Exception):
    """A folder, a device or a pipe stands there."""


class OvertakenError(Exception):
    """Somebody else changed the file while its replacement was written."""


@dataclass(frozen=True)
class Current:
    """A file as it was found."""

    content: bytes = field(repr=False)
    """Never shown: there may be passwords in it."""
    attributes: Attributes
    stamp: Stamp
    links: int
    """How many names the file has."""


def backup_name(name: str) -> str:
    """What the backup of a file is called."""
    return f"{name}.bak"


class Folder:
    """A folder held open, and locked against other savers, while files in it are replaced.

    Everything goes through its descriptor, so that the folder may be moved meanwhile. ``locked`` is False on
    file systems that cannot lock a folder.
    """

    def __init__(self, descriptor: int, locked: bool) -> None:
        self._descriptor = descriptor
        self.locked = locked

    def read(self, name: str) -> Current | None:
        """A regular file; None where there is nothing. Raises NotAFileError (for a link too), OSError."""
        try:
            descriptor = os.open(name, _flags("O_RDONLY", "O_NONBLOCK"), dir_fd=self._descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENXIO}:
                raise NotAFileError(name) from None
            raise
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NotAFileError(name)
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read()
            return Current(content, read_attributes(descriptor), _stamp(status), status.st_nlink)
        finally:
            os.close(descriptor)

    def replace(self, name: str, current: Current | None, content: bytes, attributes: Attributes) -> None:
        """Put ``content`` in the place of ``current`` (None: there is none), which becomes the backup.

        Raises OvertakenError when the file is not ``current`` any more, OSError, OwnerLostError and
        AttributeLostError; nothing is replaced then.
        """
        with ExitStack() as temporary_files:
            # Both are complete on the disk before either gets its place: a full disk costs nothing.
            new = temporary_files.enter_context(self._beside(name, content, attributes))
            if current is not None:
                backup = backup_name(name)
                old = temporary_files.enter_context(self._beside(backup, current.content, attributes))
            if self._stamp_of(name) != (current.stamp if current is not None else None):
                raise OvertakenError(name)
            if current is not None:
                self._put(old, backup)
            self._put(new, name)

    def sync(self) -> bool:
        """Have the disk keep the names too; False where it does not confirm that."""
        try:
            os.fsync(self._descriptor)
        except OSError:
            return False
        return True

    def sweep(self, name: str) -> None:
        """Remove what killed saves of this file left; without the lock nothing, as it may be in use."""
        if not self.locked:
            return
        words = f"{re.escape(name)}|{re.escape(backup_name(name))}"
        left = re.compile(rf"\.(?:{words})\.{_MARK}-[0-9a-f]{{16}}")
        for entry in os.listdir(self._descriptor):
            if left.fullmatch(entry):
                # Not ours to remove in a folder with the sticky bit: it stays, and harms nobody.
                with suppress(PermissionError, FileNotFoundError, IsADirectoryError):
                    os.unlink(entry, dir_fd=self._descriptor)

    def _stamp_of(self, name: str) -> Stamp | None:
        try:
            return _stamp(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))
        except FileNotFoundError:
            return None

    @contextmanager
    def _beside(self, name: str, content: bytes, attributes: Attributes) -> Iterator[str]:
        """A temporary file for ``name``, complete and on the disk; removed at the end if it is still there.

        Only its maker can read it until it has its attributes. Raises OSError, OwnerLostError and
        AttributeLostError.
        """
        temporary = f".{name}.{_MARK}-{os.urandom(8).hex()}"
        descriptor = os.open(temporary, _flags("O_RDWR", "O_CREAT", "O_EXCL"), 0o600, dir_fd=self._descriptor)
        try:
            try:
                _write(descriptor, content)
                give_attributes(descriptor, attributes)
                os.fsync(descriptor)
                _compare(descriptor, content)
            finally:
                os.close(descriptor)
            yield temporary
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self._descriptor)

    def _put(self, temporary: str, name: str) -> None:
        """Give the temporary file its place, over what stands there, in one step."""
        os.rename(temporary, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)


@contextmanager
def locked_folder(path: Path) -> Iterator[Folder]:
    """The folder, open and locked until the end, without a lock file. Raises FolderBusyError, OSError."""
    descriptor = os.open(path, _flags("O_RDONLY", "O_DIRECTORY"))
    try:
        yield Folder(descriptor, _lock(descriptor))
    finally:
        os.close(descriptor)


def _flags(*names: str) -> int:
    """For os.open: these, never through a link, not for child processes; what a system lacks is left out."""
    flags = 0
    for name in (*names, "O_NOFOLLOW", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    return flags


def _lock(descriptor: int) -> bool:
    """Take an open folder's lock at once or raise FolderBusyError; False where there are no such locks."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderBusyError from None
    except OSError:
        return False  # NFS wants a descriptor for writing, which a folder cannot have
    return True


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        written = os.write(descriptor, rest)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def _compare(descriptor: int, content: bytes) -> None:
    """OSError unless the file gives back what was written."""
    found = b""
    while chunk := os.pread(descriptor, len(content) + 1, len(found)):
        found += chunk
    if found != content:
        raise OSError(errno.EIO, "the disk gives back something else than was written")


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class _Mount(NamedTuple):
    source: Path
    """What is mounted: a path on its own file system."""
    point: Path


def mounted_from(file: Path, *, mountinfo: Path = _MOUNTS) -> Path | None:
    """Where a file that is a bind mount comes from: its path on its own file system; None if it is none.

    Elsewhere than on Linux, and where /proc is hidden, it is None, and the attempt to replace the file shows
    it (EBUSY).
    """
    return next((mount.source for mount in _mounts(mountinfo) if mount.point == file), None)


def mount_point_of(path: Path, *, mountinfo: Path = _MOUNTS) -> Path:
    """Where the file system of a path is mounted; the root where that cannot be told."""
    above = (mount.point for mount in _mounts(mountinfo) if path.is_relative_to(mount.point))
    return max(above, key=lambda point: len(point.parts), default=Path("/"))


def _mounts(mountinfo: Path) -> Iterator[_Mount]:
    """The mounts that are to be seen, the latest first. Linux only: elsewhere there are none."""
    try:
        lines = mountinfo.read_bytes().splitlines()
    except OSError:
        return
    for line in reversed(lines):
        # number parent major:minor root mountpoint … (proc(5)); blanks in paths are written as \040.
        fields = line.split()
        if len(fields) > 4:
            yield _Mount(_path(fields[3]), _path(fields[4]))


def _path(field: bytes) -> Path:
    return Path(os.fsdecode(_OCTAL.sub(lambda code: bytes([int(code[1], 8)]), field)))
