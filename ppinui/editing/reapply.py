"""Edits that were made to one state of a file, put on another state of it: what went, and what did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ppinui.config.paths import short_path
from ppinui.editing.edits import Edit, SetValue, is_secret, value_at
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document


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
            theirs = "" if is_secret(edit.where) else f" (theirs: {value_at(started, edit.where)})"
            notes.append(f"both changed {short_path(edit.where)}, ours stays{theirs}")
        document = new
        steps.append((edit, document))
    return Merged(document, tuple(steps), tuple(notes))


def _both_changed(edit: SetValue, base: Document, theirs: Document) -> bool:
    before, meanwhile = value_at(base, edit.where), value_at(theirs, edit.where)
    return meanwhile not in (before, edit.value)


def _is_below(path: str, of: str) -> bool:
    return path == of or path.startswith(f"{of}.")
