"""The edits of a document: each works on one stretch of text and reads only that stretch again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ppinui.config.grafting import Splice, graft, graft_element
from ppinui.config.nodes import EditRefused, Kind, Scalar
from ppinui.config.values import kind_of, write_scalar

if TYPE_CHECKING:
    from ppinui.config.document import Document, Setting


def set_value(document: Document, path: str, value: Scalar) -> Document:
    """See ``Document.set``."""
    setting = _editable(document, path)
    if not setting.kind.scalar:
        raise EditRefused(
            f"{path} is a {setting.kind.value}, not a single value",
            str(setting.place),
            "Set one of the settings inside it.",
        )
    raw = write_scalar(value, setting.kind, setting.raw)
    kind = kind_of(value, raw)
    old = setting.value
    if kind is setting.kind and (old, type(old)) == (value, type(value)):
        return document
    parent = setting.parent
    if (
        parent is not None
        and parent.kind is Kind.ARRAY
        and kind is not setting.kind
        and len(parent.children) > 1
    ):
        raise EditRefused(
            f"all elements of an array have one type, here {setting.kind.value}",
            str(setting.place),
            f"Give a value of type {setting.kind.value}.",
        )
    # A space more where the value would run into the word behind it.
    for written in (raw, f"{raw} "):
        edited = _with_value(document, setting, written, kind)
        if edited is not None and _holds(edited.get(path), kind, value):
            return edited
    raise _impossible(setting)


def insert(
    document: Document, parent_path: str, name: str, value: Scalar | Mapping[str, Any], after: str | None
) -> Document:
    """See ``Document.insert``."""
    raise NotImplementedError


def copy(document: Document, path: str, new_name: str, changes: Mapping[str, Scalar]) -> Document:
    """See ``Document.copy``."""
    raise NotImplementedError


def remove(document: Document, path: str) -> Document:
    """See ``Document.remove``."""
    raise NotImplementedError


def rename(document: Document, path: str, new_name: str) -> Document:
    """See ``Document.rename``."""
    raise NotImplementedError


def _with_value(document: Document, setting: Setting, raw: str, kind: Kind) -> Document | None:
    if setting.parent is None or setting.name is None:
        return graft_element(document, setting, raw, kind)
    start = setting.flat_start + setting.node.value
    splice = Splice(start, setting.flat_start + setting.node.stop, raw)
    return graft(document, setting.parent, setting.index, setting.index + 1, splice, [setting.name])


def _holds(setting: Setting | None, kind: Kind, value: Scalar) -> bool:
    return setting is not None and setting.kind is kind and repr(setting.value) == repr(value)


def _editable(document: Document, path: str) -> Setting:
    """The setting at a path; EditRefused when there is none or it is not in this file."""
    setting = document.get(path)
    if setting is None:
        raise EditRefused(
            f"there is no setting {path}",
            document.origin,
            "Check the path: ppinui config show lists all settings.",
        )
    if setting.read_only:
        raise EditRefused(
            f"{path or 'the file'} comes from a file that {document.origin} includes",
            str(setting.place),
            f"Edit {setting.place.file} instead.",
        )
    return setting


def _impossible(setting: Setting) -> EditRefused:
    return EditRefused(
        f"{setting.path} is written in a way that leaves no room for this change",
        str(setting.place),
        "Put the setting on a line of its own with an editor, then try again.",
    )
