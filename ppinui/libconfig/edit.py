"""Changing what is in a document: each edit replaces one stretch of text, and only that is read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ppinui.libconfig import edit_checks
from ppinui.libconfig.comments import removals, tail_of
from ppinui.libconfig.includes import decode, encode
from ppinui.libconfig.nodes import EditRefused, Kind, Scalar
from ppinui.libconfig.scalars import check_name, kind_of, write_scalar
from ppinui.libconfig.splice import Among, Splice, graft, graft_element
from ppinui.libconfig.style import word

if TYPE_CHECKING:
    from ppinui.libconfig.document import Document, Setting

Content = Scalar | Mapping[str, Any]


def set_value(document: Document, path: str, value: Scalar) -> Document:
    """See ``Document.set``."""
    setting = edit_checks.editable(document, path)
    if not setting.kind.scalar:
        raise EditRefused(
            f"{path or 'the file'} is of type {setting.kind.value}, not a single value",
            str(setting.place),
            "Set one of the settings inside it.",
        )
    value = normalised_scalar(value)
    if holds(setting, value):
        return document
    raw = write_scalar(value, setting.kind, setting.raw)
    kind = kind_of(value, raw)
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
        if edited is not None and holds(edited.get(path), value):
            return edited
    raise edit_checks.no_room(setting)


def remove(document: Document, path: str) -> Document:
    """See ``Document.remove``."""
    setting = edit_checks.named(document, path)
    if setting.parent is not None:
        for splice in removals(document, setting):
            edited = graft(document, _alone(setting, setting.parent), splice, [])
            if edited is not None:
                return edited
    raise edit_checks.no_room(setting)


def rename(document: Document, path: str, new_name: str) -> Document:
    """See ``Document.rename``."""
    setting = edit_checks.named(document, path)
    check_name(new_name)
    name = str(setting.name)
    if new_name == name:
        return document
    edited = None
    if setting.parent is not None:
        edit_checks.free(setting.parent, new_name)
        splice = Splice(setting.flat_start, setting.flat_start + len(name), new_name)
        edited = graft(document, _alone(setting, setting.parent), splice, [new_name])
    if edited is None:
        raise edit_checks.no_room(setting)
    parent_path = setting.path.rpartition(".")[0]
    return _closing_renamed(edited, f"{parent_path}.{new_name}" if parent_path else new_name, name)


def _closing_renamed(document: Document, path: str, old_name: str) -> Document:
    """The document with the comment behind a renamed group's brace renamed too."""
    setting = document.get(path)
    if setting is None or setting.parent is None or setting.kind is not Kind.GROUP:
        return document
    end = setting.flat_start + setting.node.width
    tail = tail_of(document, setting).end
    comment = document.flat.text[end:tail]
    splice = Splice(end, tail, word(old_name).sub(str(setting.name), comment))
    if splice.text == comment:
        return document
    behind = Among(setting.parent, setting.index + 1, setting.index + 1)
    return graft(document, behind, splice, []) or document


def holds(setting: Setting | None, value: Content) -> bool:
    """Whether a setting has this value and type, a group exactly these settings."""
    if setting is None:
        return False
    if isinstance(value, Mapping):
        return (
            setting.kind is Kind.GROUP
            and len(setting.children) == len(value)
            and all(holds(setting.get(name), inner) for name, inner in value.items())
        )
    if not setting.kind.scalar:
        return False
    held = setting.value
    # By their text, so that 1, 1.0 and True differ, and 0.0 from -0.0.
    return type(held) is type(value) and repr(held) == repr(value)


def normalised(content: Content) -> Content:
    """The content as it will be read back. EditRefused for what libconfig cannot hold."""
    if isinstance(content, Mapping):
        return {name: normalised(inner) for name, inner in content.items()}
    return normalised_scalar(content)


def normalised_scalar(value: Scalar) -> Scalar:
    """The value as it will be read back: bytes that together make a character become that character."""
    write_scalar(value)
    return decode(encode(value)) if isinstance(value, str) else value


def _alone(setting: Setting, parent: Setting) -> Among:
    return Among(parent, setting.index, setting.index + 1)


def _with_value(document: Document, setting: Setting, raw: str, kind: Kind) -> Document | None:
    if setting.parent is None or setting.name is None:
        return graft_element(document, setting, raw, kind)
    start = setting.flat_start + setting.node.value
    splice = Splice(start, setting.flat_start + setting.node.stop, raw)
    return graft(document, _alone(setting, setting.parent), splice, [setting.name])
