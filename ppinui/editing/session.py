"""A session: one configuration being edited, from the file to undo and redo, the journal, and the save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ppinui.audit import trace
from ppinui.config.config_save import Identity, SaveReport, identify, save
from ppinui.config.redaction import masked_diff
from ppinui.editing.edits import Addition, Edit, digest_of, patch_between
from ppinui.editing.file_watch import OnDisk
from ppinui.editing.journal import Journal, Merged, UnsavedEdits, find_unsaved, forget, reapply
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, load


@dataclass(frozen=True)
class Opened:
    """A configuration as it was read. Names that are there twice are let pass: people come to mend that."""

    path: Path
    """As the user named it."""
    document: Document = field(repr=False)
    identity: Identity | None


def open_file(path: Path) -> Opened:
    """Read a configuration. Raises PpinuiError where it cannot be read, ConfigSyntaxError in what it says."""
    identity = identify(path)  # before it is read: a file that comes later into its place is told apart
    return Opened(path, load(path, allow_duplicates=True), identity)


@dataclass(frozen=True)
class State:
    """A state of the document: what led to it, and the setting or group that it was about."""

    document: Document = field(repr=False)
    words: str
    path: str
    edit: Edit | None = None
    """None where it came from elsewhere: the disk."""


@dataclass(frozen=True)
class DiskState:
    """The file as it is now; ``document`` where it can be read."""

    state: OnDisk
    document: Document | None = field(default=None, repr=False)
    identity: Identity | None = None
    flaw: PpinuiError | None = None
    """Why the changed file cannot be read."""


class Session:
    """One configuration being edited.

    ``base`` is what the disk had when it was last read or saved. The methods that touch the disk say so; all
    others are for the screen's own thread.
    """

    def __init__(self, opened: Opened, *, state: Path, tracer: Callable[[str, Path], None] = trace) -> None:
        """``state`` is the folder of this user's state, ``tracer`` as for ``save``."""
        self.path = opened.path
        self._tracer = tracer
        self._identity = opened.identity
        self.base = opened.document
        self._states = [State(self.base, "", "")]
        self._now = 0
        """Which of them is on the screen; documents share what is equal, so all are kept."""
        self._state = state
        self._journal = Journal(state, self.path.resolve())
        self._journal.begin(self.base.text)
        self.journal_flaw: str | None = None
        """Why edits are not kept against a crash; None where they are."""
        self.revision = 0
        """Counts every change of the document."""

    # -- looking -------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        """The document as it is on the screen."""
        return self._states[self._now].document

    @property
    def unsaved(self) -> bool:
        """Whether the screen has something that the disk has not."""
        return self.document is not self.base and self.document.text != self.base.text

    @property
    def undoable(self) -> str | None:
        """What undo would take back, in words; None at the beginning."""
        return self._states[self._now].words if self._now else None

    @property
    def redoable(self) -> str | None:
        """What redo would do again, in words; None at the end."""
        return self._states[self._now + 1].words if self._now + 1 < len(self._states) else None

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits since the file was read or saved."""
        return self._journal.edits

    def diff(self) -> str:
        """From the disk's state to the screen's, without secrets; empty where nothing was changed."""
        return masked_diff(self.base.text, self.document.text, self.base.origin)

    # -- editing -------------------------------------------------------------------------------------------

    def apply(self, edit: Edit) -> str:
        """Make an edit, and give the path that it was about. Raises PpinuiError where it cannot be made."""
        new = edit.apply(self.document)
        if new.text == self.document.text:
            return edit.path
        edit = _with_name(edit, self.document, new)
        self._go_to(State(new, edit.words, edit.path, edit))
        self._note(edit)
        return edit.path

    def undo(self) -> State | None:
        """Take the last edit back; gives what was taken back, None where there is nothing."""
        if not self._now:
            return None
        left = self._states[self._now]
        self._now -= 1
        self.revision += 1
        edits = self._journal.edits
        if edits and edits[-1] is left.edit:
            self._keep(self._journal.take_back)
        else:
            self._note(patch_between(left.document.text, self.document.text, f"undo: {left.words}"))
        return left

    def redo(self) -> State | None:
        """Do again what was undone; gives it, None where there is nothing."""
        if self._now + 1 == len(self._states):
            return None
        before = self.document
        self._now += 1
        state = self._states[self._now]
        self.revision += 1
        self._note(state.edit or patch_between(before.text, state.document.text, state.words))
        return state

    # -- what a session left behind ------------------------------------------------------------------------

    def find_unsaved(self) -> tuple[UnsavedEdits, ...]:
        """Edits of sessions on this file that ended without saving. Reads the disk."""
        return find_unsaved(self._state, self.path.resolve())

    def restore(self, left: UnsavedEdits) -> tuple[str, ...]:
        """Put such edits on the file again, as steps that can be undone; sentences on what did not go."""
        merged = reapply(self.document, left.edits)
        self._take(merged)
        forget(left)
        notes = merged.notes
        if left.digest != digest_of(self.base.text):
            notes = ("The file has been changed since these edits were made.", *notes)
        return notes

    def discard(self, left: UnsavedEdits) -> None:
        """Forget such edits for good."""
        forget(left)

    # -- the disk ------------------------------------------------------------------------------------------

    def look_at_disk(self) -> DiskState:
        """What the file says now. Reads the disk."""
        identity = identify(self.path)
        if identity is None:
            return DiskState(OnDisk.GONE)
        try:
            document = load(self.path, allow_duplicates=True)
        except PpinuiError as flaw:
            return DiskState(OnDisk.UNREADABLE, identity=identity, flaw=flaw)
        if document.text == self.base.text:
            self._identity = identity
            return DiskState(OnDisk.SAME, document, identity)
        return DiskState(OnDisk.CHANGED, document, identity)

    def take_theirs(self, disk: DiskState) -> None:
        """Go on with what the disk has; ours can be had back by undo."""
        assert disk.document is not None
        self._rebase(disk, disk.document, ())
        self._go_to(State(disk.document, "take the file as it is on the disk", ""))

    def keep_ours(self, disk: DiskState) -> tuple[str, ...]:
        """Put our edits on what the disk has; sentences on what did not go, and where both had changed."""
        assert disk.document is not None
        merged = reapply(disk.document, self._journal.edits, base=self.base)
        self._rebase(disk, disk.document, tuple(edit for edit, _ in merged.steps))
        self._go_to(State(merged.document, "put our edits on the file on the disk", ""))
        return merged.notes

    def save(self, document: Document, *, anew: bool = False) -> SaveReport:
        """Write a document of this session in the place of the file; ``anew``: where none is any more.

        Raises SaveRefused. Writes the disk.

        For a thread of its own; ``saved`` has to be called on the screen's thread when it is done.
        """
        if anew:
            return save(self.path, None, document, tracer=self._tracer)
        return save(self.path, self.base, document, read_from=self._identity, tracer=self._tracer)

    def saved(self, document: Document, report: SaveReport) -> None:
        """This document is on the disk now."""
        self._identity = report.identity
        self.base = document
        left = (
            ()
            if document is self.document
            else (patch_between(document.text, self.document.text, "what was edited during the save"),)
        )
        self._keep(lambda: self._journal.begin(document.text, left))

    def save_copy(self, document: Document, path: Path) -> SaveReport:
        """Write a document to a new file. Raises SaveRefused, where there is one too. Writes the disk."""
        return save(path, None, document, tracer=self._tracer)

    def close(self) -> None:
        """The end, in good order: what is not saved is given up."""
        self._journal.close()

    # -- inside --------------------------------------------------------------------------------------------

    def _go_to(self, state: State) -> None:
        """Go to a new state; what was undone is forgotten."""
        del self._states[self._now + 1 :]
        self._states.append(state)
        self._now += 1
        self.revision += 1

    def _take(self, merged: Merged) -> None:
        for edit, document in merged.steps:
            self._go_to(State(document, edit.words, edit.path, edit))
            self._note(edit)

    def _rebase(self, disk: DiskState, base: Document, edits: tuple[Edit, ...]) -> None:
        self.base, self._identity = base, disk.identity
        self._keep(lambda: self._journal.begin(base.text, edits))

    def _note(self, edit: Edit) -> None:
        self._keep(lambda: self._journal.add(edit))

    def _keep(self, write: Callable[[], None]) -> None:
        """A journal that cannot be written is said once, and is no reason to stop editing."""
        try:
            write()
        except OSError as error:
            self.journal_flaw = error.strerror or type(error).__name__


def _with_name(edit: Edit, old: Document, new: Document) -> Edit:
    """An addition with the name that it got, so that it gets the same one again or none."""
    if isinstance(edit, Addition) and not edit.made:
        return replace(edit, made=_new_group(old, new, edit.parent))
    return edit


def _new_group(old: Document, new: Document, parent: str) -> str:
    before, after = old.get(parent), new.get(parent)
    known = {child.name for child in before.children} if before is not None else set()
    names = [child.name for child in after.children] if after is not None else []
    return next(f"{parent}.{name}" for name in names if name not in known)
