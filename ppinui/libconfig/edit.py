"""Edits of a document: each replaces one stretch of its text, and every other character stays.

An edit is made only if the new text holds what was meant, and all other settings as before. There may be more
than one way to write it; they are tried one after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ppinui.libconfig.comments import removals, tail_of
from ppinui.libconfig.document import ConfigSyntaxError, Document, EditRefused, Kind, Scalar, Setting
from ppinui.libconfig.includes import decode, encode
from ppinui.libconfig.nodes import Content, Node, TextEdit, equal_nodes, path_below
from ppinui.libconfig.scalars import check_name, kind_of, write_scalar
from ppinui.libconfig.style import word


class Stretch(NamedTuple):
    """The children of ``parent`` from index ``first`` to ``last`` - 1; none if they are equal."""

    parent: Setting
    first: int
    last: int


def set_value(document: Document, path: str, value: Scalar) -> Document:
    """Give a scalar another value; only the value's characters change.

    Notation is kept (hexadecimal with its width, ``L``, upper or lower case); the type may change.
    Raises EditRefused when there is no such scalar, when it comes from an included file, or when
    libconfig cannot hold the value.
    """
    setting = editable_setting(document, path)
    if not setting.kind.scalar:
        raise EditRefused(
            f"{path or 'the file'} is of type {setting.kind.value}, not a single value",
            str(setting.place),
            "set one of the settings inside it",
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
            f"give a value of type {setting.kind.value}",
        )
    # A space more where the value would run into the word behind it.
    for written in (raw, f"{raw} "):
        edited = _with_value(document, setting, written)
        if edited is not None and holds(edited.get(path), value):
            return edited
    raise no_room(setting)


def remove(document: Document, path: str) -> Document:
    """Remove a setting or group with its comments (see ``comments``). Raises EditRefused."""
    setting = named_setting(document, path)
    if setting.parent is not None:
        for text_edit in removals(document, setting):
            edited = replaced(document, _alone(setting, setting.parent), text_edit, [])
            if edited is not None:
                return edited
    raise no_room(setting)


def rename(document: Document, path: str, new_name: str) -> Document:
    """Give a setting another name, in the comment behind its closing brace too. Raises EditRefused."""
    setting = named_setting(document, path)
    check_name(new_name)
    name = str(setting.name)
    if new_name == name:
        return document
    edited = None
    if setting.parent is not None:
        require_free(setting.parent, new_name)
        text_edit = TextEdit(setting.flat_start, setting.flat_start + len(name), new_name)
        edited = replaced(document, _alone(setting, setting.parent), text_edit, [new_name])
    if edited is None:
        raise no_room(setting)
    return _closing_renamed(edited, path_below(setting.path.rpartition(".")[0], new_name), name)


def _closing_renamed(document: Document, path: str, old_name: str) -> Document:
    """The document with the comment behind a renamed group's brace renamed too."""
    setting = document.get(path)
    if setting is None or setting.parent is None or setting.kind is not Kind.GROUP:
        return document
    end = setting.flat_start + setting.node.width
    tail = tail_of(document, setting).end
    comment = document.flat.text[end:tail]
    text_edit = TextEdit(end, tail, word(old_name).sub(str(setting.name), comment))
    if text_edit.text == comment:
        return document
    behind = Stretch(setting.parent, setting.index + 1, setting.index + 1)
    return replaced(document, behind, text_edit, []) or document


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


def _alone(setting: Setting, parent: Setting) -> Stretch:
    return Stretch(parent, setting.index, setting.index + 1)


def _with_value(document: Document, setting: Setting, raw: str) -> Document | None:
    assert setting.parent is not None
    start = setting.flat_start
    text_edit = TextEdit(start + setting.node.value, start + setting.node.stop, raw)
    return replaced(document, _alone(setting, setting.parent), text_edit, [setting.name])


def replaced(
    document: Document, stretch: Stretch, text_edit: TextEdit, names: Sequence[str | None]
) -> Document | None:
    """The document with an edit of its flat text, which makes children of these ``names`` of a stretch.

    None when the text cannot be edited there (it is another file's) or read then, or when it holds other
    children there, or anything else in another way than before.
    """
    own = _in_own_text(document, text_edit)
    if own is None:
        return None
    try:
        edited = document.with_edit(own)
    except ConfigSyntaxError:
        return None
    old, new = document.parsed.root, edited.parsed.root
    for index in _steps(stretch.parent):
        if old[0] is not new[0] or old[2:4] != new[2:4] or not _same(old, new, index, index + 1, 1):
            return None
        old, new = old.children[index], new.children[index]
    _, first, last = stretch
    if old.kind is not new.kind or old.name != new.name or not _same(old, new, first, last, len(names)):
        return None
    made = new.children[first : first + len(names)]
    return edited if [child.name for child in made] == list(names) else None


def _in_own_text(document: Document, edit: TextEdit) -> TextEdit | None:
    """An edit of the flat text as one of the document's own; None when it begins or ends elsewhere."""
    flat = document.flat
    source, low = flat.locate(edit.start)
    if source is not document.source:
        return None
    if edit.start == edit.end:
        return TextEdit(low, low, edit.text)
    source, last = flat.locate(edit.end - 1)
    return TextEdit(low, last + 1, edit.text) if source is document.source else None


def _steps(setting: Setting) -> list[int]:
    """The way from the root to a setting: which child it is each time."""
    steps: list[int] = []
    here = setting
    while here.parent is not None:
        steps.insert(0, here.index)
        here = here.parent
    return steps


def _same(old: Node, new: Node, first: int, last: int, count: int) -> bool:
    """Whether two groups have equal children but for those from ``first`` to ``last`` - 1, now ``count``."""
    rest, new_rest = old.children[last:], new.children[first + count :]
    if rest and new_rest:
        # What stands before the next one may be edited.
        new_rest = (new_rest[0]._replace(lead=rest[0].lead), *new_rest[1:])
    return equal_nodes((*old.children[:first], *rest), (*new.children[:first], *new_rest))


def editable_setting(document: Document, path: str) -> Setting:
    """The setting at a path; EditRefused when there is none, or it comes from an included file."""
    setting = document.get(path)
    if setting is None:
        raise EditRefused(
            f"there is no setting {path}",
            document.origin,
            "check the path: ppinui config show lists all settings",
        )
    if setting.read_only:
        raise EditRefused(
            f"{path} comes from a file that {document.origin} includes",
            str(setting.place),
            f"edit {setting.place.file} instead",
        )
    return setting


def named_setting(document: Document, path: str) -> Setting:
    """A setting with a name and a group around it, so neither the root nor an element."""
    setting = editable_setting(document, path)
    if setting.name is None:
        what = (
            "the whole file" if setting.parent is None else f"an element of the {setting.parent.kind.value}"
        )
        raise EditRefused(f"{path or 'this'} is {what}", str(setting.place), "name a setting of a group")
    return setting


def require_free(parent: Setting, name: str) -> None:
    """EditRefused when a group has a setting of this name."""
    there = parent.get(name)
    if there is not None:
        raise EditRefused(
            f"{there.path} is there already",
            str(there.place),
            "choose another name, or change the one that is there",
        )


def no_room(setting: Setting) -> EditRefused:
    """The error for an edit that cannot be written where it belongs."""
    return EditRefused(
        f"{setting.path or 'the file'} is written in a way that leaves no room for this change",
        str(setting.place),
        "put the settings on lines of their own with an editor, then try again",
    )
