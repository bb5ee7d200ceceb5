"""Adding to a document: a new setting or group, or a copy of a group, so that ``remove`` takes it back whole.

There is more than one way to write something new.  They are tried, the most beautiful first, until one can
be read back as meant and gives the old text when it is removed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ppinui.libconfig.comments import lead_of, line_tail, tail_of
from ppinui.libconfig.document import Document, Setting
from ppinui.libconfig.edit import (
    Stretch,
    editable_setting,
    holds,
    named_setting,
    no_room,
    normalised,
    remove,
    replaced,
    require_free,
    set_value,
)
from ppinui.libconfig.nodes import Content, EditRefused, Kind, Scalar, TextEdit, path_below
from ppinui.libconfig.render import Writer
from ppinui.libconfig.scalars import check_name
from ppinui.libconfig.scanner import COMMENT, STRING
from ppinui.libconfig.style import blank_between_groups, child_indent, newline_of, word

_COMMENT_OR_STRING = re.compile(rf"({COMMENT})|{STRING}")


def insert(
    document: Document, parent_path: str, name: str, value: Content, *, after: str | None = None
) -> Document:
    """Add a setting, or a group given as a mapping, to a group, written as its siblings are.

    It goes behind ``after`` (a name), else behind the last sibling of its sort. ``remove`` of what was
    inserted restores the old text. Raises EditRefused when the name is there already or invalid, when
    the parent is no group or comes from an included file, or when libconfig cannot hold a value.
    """
    parent = _group_to_fill(document, parent_path)
    check_name(name)
    require_free(parent, name)
    value = normalised(value)
    near = _neighbour(parent, after, is_group=isinstance(value, Mapping))
    path = path_below(parent_path, name)
    for index, text_edit in _places(document, parent, near, name, value):
        edited = replaced(document, Stretch(parent, index, index), text_edit, [name])
        if edited is not None and holds(edited.get(path), value) and _comes_off(edited, path, document):
            return edited
    raise no_room(parent)


def copy(
    document: Document, path: str, new_name: str, changes: Mapping[str, Scalar] | None = None
) -> Document:
    """Add a copy of a group behind the last group beside it, comments included.

    Comments that contain the group's name get the copy's. ``changes`` sets, or inserts, settings of the copy:
    paths relative to it. Raises EditRefused as ``set_value`` and ``insert`` do.
    """
    original = named_setting(document, path)
    parent = original.parent
    if original.kind is not Kind.GROUP or parent is None:
        message = f"{path} is of type {original.kind.value}, not group"
        raise EditRefused(message, str(original.place), "name a group to copy")
    check_name(new_name)
    require_free(parent, new_name)
    own_path = path_below(parent.path, new_name)
    edited = _copied(document, original, parent, own_path)
    for inner, value in (changes or {}).items():
        where = f"{own_path}.{inner}"
        if edited.get(where) is not None:
            edited = set_value(edited, where, value)
        else:
            group, _, last = where.rpartition(".")
            edited = insert(edited, group, last, value)
    return edited


def _copied(document: Document, original: Setting, parent: Setting, own_path: str) -> Document:
    near = _neighbour(parent, None, is_group=True) or original
    behind = Stretch(parent, near.index + 1, near.index + 1)
    new_name = own_path.rpartition(".")[2]
    for text_edit in _copies(document, original, near, new_name):
        edited = replaced(document, behind, text_edit, [new_name])
        if edited is not None and _comes_off(edited, own_path, document):
            return edited
    raise no_room(original)


def _comes_off(edited: Document, path: str, document: Document) -> bool:
    try:
        return remove(edited, path).text == document.text
    except EditRefused:
        return False


def _places(
    document: Document, parent: Setting, near: Setting | None, name: str, value: Content
) -> Iterator[tuple[int, TextEdit]]:
    """Where among the children of ``parent``, and how, something new can be written."""
    writer = Writer(document, parent, near)
    newline = writer.newline
    text = document.flat.text
    if parent.parent is None and near is None:
        yield from _places_in_file(document, newline, writer.write(name, value, one_line=False))
        return
    anchor = near.flat_start + near.node.width if near is not None else parent.body_start
    index = near.index + 1 if near is not None else 0
    ceiling = parent.children[index].flat_start if index < len(parent.children) else parent.body_end
    # The last character before: behind it an included file may begin.
    tail = line_tail(text, anchor, min(ceiling, document.flat.segment(anchor - 1)[1]))
    body = text[parent.body_start : parent.body_end]
    if tail.line_ends and ("\n" in body or parent.parent is None):
        block = f"{newline}{writer.indent}{writer.write(name, value, one_line=False)}"
        between_groups = isinstance(value, Mapping) and near is not None and near.kind is Kind.GROUP
        if between_groups and blank_between_groups(document, parent):
            yield index, TextEdit(tail.end, tail.end, f"{newline}{block}")
        yield index, TextEdit(tail.end, tail.end, block)
    block = writer.write(name, value, one_line=True)
    if not body:
        yield index, TextEdit(tail.end, tail.end, block)
    yield index, TextEdit(tail.end, tail.end, f" {block}")
    # For settings without terminators, where the next one follows without white space.
    yield index, TextEdit(tail.end, tail.end, f" {block};")


def _places_in_file(document: Document, newline: str, block: str) -> Iterator[tuple[int, TextEdit]]:
    """Places in a file that has no settings of its own: behind its comments, else in front of them."""
    text = document.flat.text
    last = len(document.root.children)
    size = len(text)
    if text and not text.endswith("\n"):
        yield last, TextEdit(size, size, f"{newline}{block}")
        yield last, TextEdit(size, size, f"{newline * 2}{block}")
    else:
        yield last, TextEdit(size, size, f"{block}{newline}")
        yield last, TextEdit(size, size, f"{newline}{block}{newline}")
    yield 0, TextEdit(0, 0, f"{block}{newline}")


def _copies(document: Document, original: Setting, near: Setting, new_name: str) -> Iterator[TextEdit]:
    """Where and how a copy of a group can be written behind ``near``."""
    text = document.flat.text
    name = str(original.name)
    start = original.flat_start
    end = start + original.node.width
    tail = tail_of(document, original)
    # From the file itself: an @include inside is copied as such.
    own = document.text[original.start + len(name) : original.end]
    block = new_name + _renamed_in_comments(own, name, new_name)
    closing = text[end : tail.end].rstrip()
    closed = block + word(name).sub(new_name, closing) if word(name).search(closing) else block
    behind = tail_of(document, near)
    if behind.line_ends:
        parent = original.parent or original
        newline = newline_of(document)
        line = lead_of(document, original)
        if line is not None and tail.line_ends:
            lead = _copied_lead(text[line:start], name, new_name)
            if blank_between_groups(document, parent):
                yield TextEdit(behind.end, behind.end, f"{newline * 2}{lead}{closed}")
            yield TextEdit(behind.end, behind.end, f"{newline}{lead}{closed}")
        indent = child_indent(document, parent)
        yield TextEdit(behind.end, behind.end, f"{newline}{indent}{closed}")
        yield TextEdit(behind.end, behind.end, f"{newline}{indent}{block}")
    yield TextEdit(behind.end, behind.end, f" {closed}")
    yield TextEdit(behind.end, behind.end, f" {block}")


def _copied_lead(lead: str, name: str, new_name: str) -> str:
    """What stands above a copy: its indentation, and the comments above the original that name it."""
    naming = re.compile(word(name).pattern, re.IGNORECASE)
    if not naming.search(lead):
        last = lead[lead.rfind("\n") + 1 :]
        return last[: len(last) - len(last.lstrip())]

    def in_its_case(found: re.Match[str]) -> str:
        if found[0] == name:
            return new_name
        return new_name.upper() if found[0].isupper() else new_name.capitalize()

    return naming.sub(in_its_case, lead)


def _renamed_in_comments(text: str, name: str, new_name: str) -> str:
    whole = word(name)
    return _COMMENT_OR_STRING.sub(lambda found: whole.sub(new_name, found[1]) if found[1] else found[0], text)


def _group_to_fill(document: Document, path: str) -> Setting:
    """A group to put something into; "" is the root."""
    setting = editable_setting(document, path)
    if setting.kind is not Kind.GROUP:
        raise EditRefused(
            f"{path} is of type {setting.kind.value}, not group",
            str(setting.place),
            "name the group to put it into",
        )
    return setting


def _neighbour(parent: Setting, after: str | None, *, is_group: bool) -> Setting | None:
    """What a new setting goes behind: ``after``, else the last of its sort; None in an empty group."""
    if after is not None:
        chosen = parent.get(after)
        if chosen is None or chosen.read_only:
            raise EditRefused(
                f"there is no setting {after} of this file in {parent.path or 'the file'}",
                str(parent.place),
                "name another setting to put it behind, or none",
            )
        return chosen
    last = None
    for child in parent.children:
        if not child.read_only and (child.kind is Kind.GROUP) is is_group:
            last = child
    if last is None:
        last = next((child for child in reversed(parent.children) if not child.read_only), None)
    return last
