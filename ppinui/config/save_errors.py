"""Why a save is refused: each reason with its next step and the command that an administrator would run."""

from __future__ import annotations

import errno
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.config.locate import GROUP
from ppinui.errors import PpinuiError
from ppinui.files.replacement import backup_name, mount_point_of

if TYPE_CHECKING:
    from ppinui.libconfig.document import Document

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_DENIED = frozenset((errno.EACCES, errno.EPERM))
_TAKEN = frozenset((errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST))
_MOUNTED = frozenset((errno.EBUSY, errno.EXDEV))


class SaveRefused(PpinuiError):
    """The file was not replaced; what is on the disk is what was there before."""

    def __init__(self, message: str, place: str, remedy: str, command: str, kept: Document | None) -> None:
        super().__init__(message, place, f"{remedy}: {command}")
        self.command = command
        """What an administrator would run instead, for a shell; it stands in ``remedy`` too."""
        self.kept = kept
        """The document that was to be saved; None for another configuration than a primus.cfg."""


@dataclass(frozen=True)
class Refusals:
    """Makes the refusals of one save.

    ``path`` is the file as the user named it, ``target`` the real one, ``edit`` the words of the command line
    behind ``ppinui -c FILE`` that make the edit (empty where it was made on the screen), ``kept`` the
    document that was to be saved, ``group`` whose a new file and its folder are to be (None: the account's).
    """

    path: Path
    target: Path
    edit: tuple[str, ...]
    kept: Document | None
    group: str | None = GROUP

    def changed(self, what: str) -> SaveRefused:
        """Somebody else has been at the file."""
        return self._refuse(
            f"the file {what} since it was read, and was left as it is now",
            "look at what it says now, then make the edit again",
            self._ppinui(self.edit or ("config", "show")),
        )

    def busy(self) -> SaveRefused:
        """Another save holds the folder's lock."""
        return self._refuse(
            "another ppinui is saving in this folder",
            "wait until it is done, then make the edit again; this shows who it is",
            shlex.join(["fuser", "-v", str(self.target.parent)]),
        )

    def no_folder(self) -> SaveRefused:
        """The folder does not exist."""
        group = ["-g", self.group] if self.group is not None else []
        install = ["sudo", "install", "-d", "-m", "0750", *group, str(self.target.parent)]
        return self._refuse("the folder does not exist", "create it first", shlex.join(install))

    def not_a_file(self) -> SaveRefused:
        """A device, a pipe, a folder."""
        return self._refuse(
            "this is not a regular file, so it cannot be replaced",
            "name the file that it stands for with -c FILE",
            shlex.join(["ls", "-ld", str(self.target)]),
        )

    def bind_mount(self, source: Path | None) -> SaveRefused:
        """The file itself is a mount point, as in containers; ``source`` is its path where it comes from."""
        comes_from = f" (of {source})" if source else ""
        return self._refuse(
            f"the file is a bind mount{comes_from}, which cannot be replaced from inside",
            "make the edit where the file comes from, outside of the container",
            self._as_root(source or self.target),
        )

    def owner_lost(self, owner: str) -> SaveRefused:
        """A new file of this account could not be given to the old one's owner and group."""
        return self._refuse(
            f"the file belongs to {owner}, and this account cannot keep it so",
            "make the edit as root",
            self._as_root(self.target),
        )

    def attribute_lost(self, name: str) -> SaveRefused:
        """An access list or a label cannot be carried over."""
        return self._refuse(
            f"the file's extended attribute {name} cannot be kept by this account",
            "make the edit as root",
            self._as_root(self.target),
        )

    def misread(self, reason: str) -> SaveRefused:
        """What would be written does not say what was meant."""
        return self._refuse(
            f"the result would not be read as it was meant: {reason}",
            "look at what stands in the file, and make the edit another way",
            self._ppinui(("config", "check")),
        )

    def failed(self, error: OSError) -> SaveRefused:
        """What the operating system has against it."""
        reason = error.strerror or type(error).__name__
        folder = self.target.parent
        if error.errno in _FULL:
            return self._refuse(
                f"there is no room for the new file: {reason}",
                "make room, then make the edit again; this shows where none is",
                shlex.join(["df", "-h", str(folder)]),
            )
        if error.errno == errno.EROFS:
            return self._refuse(
                "the file lies on a file system that is mounted read-only",
                "mount it for writing, then make the edit",
                self._then_again(["sudo", "mount", "-o", "remount,rw", str(mount_point_of(folder))]),
            )
        backup = self.target.with_name(backup_name(self.target.name))
        if error.errno in _TAKEN and backup.is_dir():
            return self._refuse(
                f"the backup cannot be written: {backup} is a folder",
                "give that another name, then make the edit again",
                self._then_again(["mv", "-T", str(backup), f"{backup}.old"]),
            )
        if error.errno in _MOUNTED:
            return self.bind_mount(None)
        if error.errno in _DENIED and os.geteuid() == 0:
            return self._refuse(
                f"not even root may replace the file: {reason}",
                "if it was made immutable, make it changeable again",
                shlex.join(["chattr", "-i", str(self.target), str(folder)]),
            )
        if error.errno in _DENIED:
            return self._refuse(
                "this account may not write to the folder, so the file cannot be replaced",
                "make the edit as root",
                self._as_root(self.target),
            )
        return self._refuse(
            f"the file cannot be replaced: {reason}",
            "look at the folder and the disk",
            shlex.join(["ls", "-la", str(folder)]),
        )

    def _refuse(self, message: str, remedy: str, command: str) -> SaveRefused:
        return SaveRefused(message, str(self.path), remedy, command, self.kept)

    def _ppinui(self, words: tuple[str, ...]) -> str:
        return shlex.join(["ppinui", "-c", str(self.path.absolute()), *words])

    def _then_again(self, first: list[str]) -> str:
        """A command that takes the obstacle away, and behind it the edit where it is known."""
        if not self.edit:
            return shlex.join(first)
        again = self._as_root(self.target) if first[0] == "sudo" else self._ppinui(self.edit)
        return f"{shlex.join(first)} && {again}"

    def _as_root(self, file: Path) -> str:
        # Named in full: sudo clears the variables and the working folder may be another one.
        if self.edit:
            return shlex.join(["sudo", "ppinui", "-c", str(file), *self.edit])
        return shlex.join(["sudoedit", str(file)])
