"""What a file has besides its content: mode, owner, group, extended attributes with access lists."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_OF_CONTENT: Final = frozenset(("security.ima", "security.evm"))
"""Signatures of the content, which the kernel renews: the old ones would be wrong for a new content."""

_UNSUPPORTED: Final = frozenset((errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS))
_NOT_ALLOWED: Final = frozenset((errno.EPERM, errno.EACCES, errno.ENODATA, *_UNSUPPORTED))


class OwnerLostError(Exception):
    """The file cannot be given to this owner and group, which the text names."""


class AttributeLostError(Exception):
    """The extended attribute that the text names cannot be set."""


@dataclass(frozen=True)
class Attributes:
    """``mode`` is the permission bits; ``extended`` holds POSIX access lists and security labels too.

    None leaves what the system gives to a new file: this account and its group, or the folder's.
    """

    mode: int
    uid: int | None
    gid: int | None
    extended: Mapping[str, bytes] | None


def read_attributes(descriptor: int) -> Attributes:
    """Of an open file; OSError where they cannot be read."""
    status = os.fstat(descriptor)
    return Attributes(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, _read_extended(descriptor))


def give_attributes(descriptor: int, wanted: Attributes) -> None:
    """Make the open, just created file's attributes the wanted ones, all of them.

    Raises OwnerLostError or AttributeLostError where this account may not; OSError for a full disk and such.
    """
    status = os.fstat(descriptor)
    uid = status.st_uid if wanted.uid is None else wanted.uid
    gid = status.st_gid if wanted.gid is None else wanted.gid
    if (uid, gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, uid, gid)
        except OSError as error:
            # EINVAL: an owner that this user namespace (a container's) has no number for.
            if error.errno not in {errno.EPERM, errno.EACCES, errno.EINVAL}:
                raise
            raise OwnerLostError(f"{_user(uid)}:{_group(gid)}") from None
    if wanted.extended is not None:
        _give_extended(descriptor, wanted.extended)
    # Last, since a new owner takes the set-id bits away, and an access list is another view of the group's.
    os.fchmod(descriptor, wanted.mode)


def of_new_file(mode: int, group: str | None) -> tuple[Attributes, bool]:
    """For a file that was not there before, of this group if it exists; False: we may not give it away."""
    gid = _group_number(group) if group is not None else None
    allowed = gid is None or os.geteuid() == 0 or gid in {os.getegid(), *os.getgroups()}
    return Attributes(mode, None, gid if allowed else None, None), allowed


def _read_extended(descriptor: int) -> dict[str, bytes]:
    """Linux only; elsewhere, and on file systems without them, there are none."""
    if not hasattr(os, "listxattr"):
        return {}
    found: dict[str, bytes] = {}
    try:
        for name in os.listxattr(descriptor):
            if name not in _OF_CONTENT:
                found[name] = os.getxattr(descriptor, name)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    return found


def _give_extended(descriptor: int, wanted: Mapping[str, bytes]) -> None:
    there = _read_extended(descriptor)
    # A folder with a default access list gives every new file one that the old file need not have had.
    surplus = [name for name in there if name not in wanted and not name.startswith("security.")]
    missing = [name for name, value in wanted.items() if there.get(name) != value]
    for name in (*surplus, *missing):
        try:
            if name in wanted:
                os.setxattr(descriptor, name, wanted[name])
            else:
                os.removexattr(descriptor, name)
        except OSError as error:
            if error.errno in _NOT_ALLOWED:
                raise AttributeLostError(name) from None
            raise


def _group_number(name: str) -> int | None:
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
