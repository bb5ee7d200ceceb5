"""The journal: unsaved edits, written down as they are made, to be put on again after a crash."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ppinui.config.paths import short_path
from ppinui.config.redaction import is_secret_path
from ppinui.editing.edits import Edit, Forgotten, SetValue, digest_of, edit_from_json, value_at
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document

_VERSION: Final = 1
_LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a journal that is read; more is not one of ours."""


@dataclass(frozen=True)
class UnsavedEdits:
    """What a session has left behind that ended without saving."""

    journal: Path
    digest: str
    """Of the file that the edits were made to (edits.digest_of)."""
    edits: tuple[Edit, ...]


class Journal:
    """The journal of one session; nobody else writes to it, and a lock shows that the session is alive.

    The file is there only while there is something in it. Whatever is written is with the operating
    system before a call returns, so that it outlives this process, however it ends.
    """

    def __init__(self, folder: Path, file: Path) -> None:
        """``folder`` is that of this user's state, ``file`` the configuration. Nothing is touched yet."""
        self._folder = folder / "edits"
        self._file = file
        self._descriptor: int | None = None
        self.path = self._folder / f"{_name_of(file)}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        self._text = ""
        self._edits: list[Edit] = []

    def begin(self, text: str, edits: Sequence[Edit] = ()) -> None:
        """Begin anew: the file has this text, and these edits have been made to it."""
        self._text, self._edits = text, list(edits)
        self._put_away()
        if edits:
            self._open()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What makes the state on the screen of the one on the disk."""
        return tuple(self._edits)

    def add(self, edit: Edit) -> None:
        """An edit was made. Raises OSError when it cannot be written down."""
        self._edits.append(edit)
        if self._descriptor is None:
            self._open()
        else:
            self._write({"do": edit.as_json()})

    def take_back(self) -> None:
        """The last edit was undone. Raises OSError as ``add`` does."""
        self._edits.pop()
        if not self._edits:
            self._put_away()
        elif self._descriptor is not None:
            self._write({"undo": True})

    def close(self) -> None:
        """The session is over in good order: nothing is left behind."""
        self._put_away()

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self.path, flags, 0o600)
        with suppress(OSError):  # a file system without locks: then a second session may offer these edits
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write(
            {"ppinui": _VERSION, "file": os.fsencode(self._file).hex(), "digest": digest_of(self._text)}
        )
        for edit in self._edits:
            self._write({"do": edit.as_json()})

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._descriptor is not None
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")

    def _put_away(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def find_unsaved(folder: Path, file: Path) -> tuple[UnsavedEdits, ...]:
    """What sessions on this file have left behind, the newest first; those that are alive are left alone.

    A journal that cannot be read counts as empty, and what is broken in one ends it: the last line may have
    been cut off.
    """
    found: list[tuple[int, UnsavedEdits]] = []
    with suppress(OSError):
        for journal in (folder / "edits").glob(f"{_name_of(file)}-*.jsonl"):
            with suppress(OSError):
                if (left := _read(journal, file)) is not None:
                    found.append((journal.stat().st_mtime_ns, left))
    return tuple(left for _, left in sorted(found, key=lambda one: -one[0]))


def forget(left: UnsavedEdits) -> None:
    """Put a journal away for good."""
    with suppress(OSError):
        left.journal.unlink()


def _read(journal: Path, file: Path) -> UnsavedEdits | None:
    descriptor = os.open(journal, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_size > _LARGEST:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(descriptor, "rb", closefd=False) as stream:
            lines = stream.read().split(b"\n")
    finally:
        os.close(descriptor)
    try:
        head = json.loads(lines[0])
        if head["ppinui"] != _VERSION or bytes.fromhex(head["file"]) != os.fsencode(file):
            return None
        digest = str(head["digest"])
    except (ValueError, KeyError, TypeError):
        return None
    edits = _edits_of(lines[1:])
    return UnsavedEdits(journal, digest, edits) if edits else None


def _edits_of(lines: Sequence[bytes]) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    for line in lines:
        try:
            entry = json.loads(line)
            if "do" in entry:
                edits.append(edit_from_json(entry["do"]))
            elif edits:
                edits.pop()
        except (ValueError, TypeError, AttributeError):
            if line:
                edits.append(Forgotten("", "an edit that this version cannot read"))
    return tuple(edits)


def _name_of(file: Path) -> str:
    return hashlib.sha256(os.fsencode(file)).hexdigest()[:24]


@dataclass(frozen=True)
class Merged:
    """The outcome: each state on the way with its edit, and a sentence for each thing to know."""

    document: Document = field(repr=False)
    steps: tuple[tuple[Edit, Document], ...] = field(repr=False)
    notes: tuple[str, ...]


def reapply(document: Document, edits: Sequence[Edit], *, base: Document | None = None) -> Merged:
    """Put edits on a document, in their order.

    An edit that does not go is left out, with all later ones at or below its path, since these were meant for
    something else. ``base`` is the state that they were made to: where somebody else has given a setting
    another value meanwhile, ours goes and is noted.
    """
    steps: list[tuple[Edit, Document]] = []
    notes: list[str] = []
    lost: list[str] = []
    started = document
    for edit in edits:
        if any(_is_below(edit.path, path) for path in lost):
            notes.append(f"left out: {edit.words}: it follows one that was left out")
            continue
        try:
            new = edit.apply(document)
        except (PpinuiError, ValueError) as error:
            reason = error.message if isinstance(error, PpinuiError) else "it does not fit"
            notes.append(f"left out: {edit.words}: {reason}")
            if edit.path:
                lost.append(edit.path)
            continue
        if base is not None and isinstance(edit, SetValue) and _both_changed(edit, base, started):
            theirs = "" if is_secret_path(edit.where) else f" (theirs: {value_at(started, edit.where)})"
            notes.append(f"both changed {short_path(edit.where)}, ours stays{theirs}")
        document = new
        steps.append((edit, document))
    return Merged(document, tuple(steps), tuple(notes))


def _both_changed(edit: SetValue, base: Document, theirs: Document) -> bool:
    before, meanwhile = value_at(base, edit.where), value_at(theirs, edit.where)
    return meanwhile not in (before, edit.value)


def _is_below(path: str, of: str) -> bool:
    return path == of or path.startswith(f"{of}.")
