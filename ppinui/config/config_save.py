"""Saving a configuration: the old file or the new one, never anything else, and nothing lost on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ppinui.audit import trace
from ppinui.config.locate import GROUP
from ppinui.config.save_errors import Refusals, SaveRefused
from ppinui.config.verification import MisreadError, confirm
from ppinui.files.file_attributes import AttributeLostError, OwnerLostError, of_new_file
from ppinui.files.replacement import (
    Current,
    FolderBusyError,
    Identity,
    NotAFileError,
    OvertakenError,
    backup_name,
    identify,
    locked_folder,
    mounted_from,
)
from ppinui.libconfig.document import Document, encode

__all__ = [
    "Identity",
    "Refusals",
    "SaveRefused",
    "SaveReport",
    "Unparsed",
    "identify",
    "put_in_place",
    "save",
]

NEW_FILE_MODE: Final = 0o640


@dataclass(frozen=True)
class Unparsed:
    """What was read of a file that does not parse, to be replaced by something that does."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class SaveReport:
    """What a save did."""

    path: Path
    """The real file, behind all links."""
    backup: Path | None
    """The copy of what was there before; None for a new file, and where nothing had changed."""
    changed: bool
    """False where the file held this text already: then nothing was written."""
    notes: tuple[str, ...]
    """What the user should know besides, a sentence each."""
    identity: Identity | None
    """For the next save."""


def save(
    path: Path,
    old: Document | Unparsed | None,
    new: Document,
    *,
    read_from: Identity | None = None,
    edit: Sequence[str] = (),
    group: str = GROUP,
    tracer: Callable[[str, Path], None] = trace,
) -> SaveReport:
    """Put ``new`` in the place of ``old``, which is what was read from ``path`` (None: there was no file).

    A link stays, and its target is replaced. Mode, owner, group and extended attributes are kept; a new file
    gets mode 0640 and ``group`` where there is one. What was there before is kept as FILE.bak, with the same
    attributes. ``read_from`` (from ``identify``) tells another file of the same content apart. ``edit`` is
    the edit as words of the command line behind ``ppinui -c FILE``, without secrets: for the command that a
    refusal names. ``tracer`` gets the action and the file once it is done.

    Raises SaveRefused, with the file left as it was: somebody else changed it or is saving, the owner or an
    attribute cannot be kept, folder or disk or mount do not allow it, or the result would be misread.
    """
    refusals = Refusals(path, Path(os.path.realpath(path)), tuple(edit), new, group)
    try:
        raw, notes = confirm(None if isinstance(old, Unparsed) else old, new)
    except MisreadError as error:
        raise refusals.misread(str(error)) from None
    before = encode(old.text) if old is not None else None
    report = put_in_place(refusals, before, raw, read_from=read_from, mode=NEW_FILE_MODE, tracer=tracer)
    return replace(report, notes=report.notes if not report.changed else (*notes, *report.notes))


def put_in_place(
    refusals: Refusals,
    before: bytes | None,
    raw: bytes,
    *,
    read_from: Identity | None = None,
    mode: int,
    tracer: Callable[[str, Path], None] = trace,
) -> SaveReport:
    """Put the bytes of any configuration in the place of those that were read, as :func:`save` does.

    ``refusals`` know the file, and the group of a new one; ``mode`` is a new one's too. Raises SaveRefused.
    """
    target, group = refusals.target, refusals.group
    with _refusing(refusals), locked_folder(target.parent) as folder:
        current = folder.read(target.name)
        _check_unchanged(current, before, read_from, target, refusals)
        if current is not None and current.content == raw:
            return _report(target, None, changed=False, notes=("Nothing has changed.",))
        if (source := mounted_from(target)) is not None:
            raise refusals.bind_mount(source)
        folder.sweep(target.name)
        if current is not None:
            attributes, group_given = current.attributes, True
        else:
            attributes, group_given = of_new_file(mode, group)
        folder.replace(target.name, current, raw, attributes)
        synced = folder.sync()
    tracer("save", target)
    remarks = {
        "The disk did not confirm the new names: check it, and the file after the next start.": not synced,
        "This file system cannot lock a folder: make sure that nobody else saves there.": not folder.locked,
        f"This account may not give the file to the group: sudo chgrp {group} {target}": not group_given,
        "The file has other names (hard links), which keep the old content.": current and current.links > 1,
    }
    notes = tuple(remark for remark, holds in remarks.items() if holds)
    backup = target.with_name(backup_name(target.name)) if current else None
    return _report(target, backup, changed=True, notes=notes)


def _check_unchanged(
    current: Current | None,
    before: bytes | None,
    read_from: Identity | None,
    target: Path,
    refusals: Refusals,
) -> None:
    if current is None and before is not None:
        raise refusals.changed("was removed")
    if current is not None and before is None:
        raise refusals.changed("was created by somebody else")
    if current is not None:
        if current.content != before:
            raise refusals.changed("was changed")
        found = Identity(target, current.stamp.device, current.stamp.inode, current.stamp.changed_at)
        if read_from is not None and read_from != found:
            raise refusals.changed("was replaced by another one")


@contextmanager
def _refusing(refusals: Refusals) -> Iterator[None]:
    """Turn what stands against replacing the file into a SaveRefused."""
    try:
        yield
    except FolderBusyError:
        raise refusals.busy() from None
    except NotAFileError:
        raise refusals.not_a_file() from None
    except OvertakenError:
        raise refusals.changed("was changed") from None
    except OwnerLostError as error:
        raise refusals.owner_lost(str(error)) from None
    except AttributeLostError as error:
        raise refusals.attribute_lost(str(error)) from None
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not refusals.target.parent.exists():
            raise refusals.no_folder() from None
        raise refusals.failed(error) from None


def _report(target: Path, backup: Path | None, *, changed: bool, notes: tuple[str, ...]) -> SaveReport:
    return SaveReport(target, backup, changed, notes, identify(target))
