"""How a document is laid out: the style that a new setting takes over from its nearest relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ppinui.libconfig.comments import line_start, tail_of
from ppinui.libconfig.document import Document, Setting
from ppinui.libconfig.nodes import Kind

DEFAULT_UNIT = "  "

_SIGN = re.compile(r"([ \t]*)([=:])([ \t]*)")
_SIGN_AND_LINE = re.compile(r"([ \t]*[=:])\s*")
_BLANK_LINE = re.compile(r"\n[ \t\r\f]*\n")
_TERMINATOR = re.compile(r"[ \t]*[;,]")


@dataclass(frozen=True)
class ScalarStyle:
    """A scalar is ``name`` ``before`` ``sign`` ``after`` value ``terminator``."""

    before: str = " "
    sign: str = "="
    after: str = " "
    terminator: str = ";"
    column: int | None = None
    """Characters from the name's start to the sign, where siblings line their signs up."""

    def write(self, name: str, raw: str) -> str:
        """One setting, without indentation."""
        before = self.before if self.column is None else " " * max(self.column - len(name), 1)
        return f"{name}{before}{self.sign}{self.after}{raw}{self.terminator}"


@dataclass(frozen=True)
class GroupStyle:
    """How a group opens, indents its settings and closes; the default is the vendor's template."""

    opening: str = ":"
    """From the name to the brace, or to the end of the line when the brace has a line of its own."""
    own_line: bool = True
    brace_indent: str = ""
    """Of the braces' lines, beyond the name's indentation."""
    unit: str = DEFAULT_UNIT
    """Of the settings inside, beyond the name's indentation."""
    one_line: bool = False
    padding: str = " "
    """Inside the braces of a group on one line."""
    terminator: str = ";"
    closing: tuple[str, str] | None = None
    """What follows the terminator, in front of the group's name and behind it: ``" /* end "``, ``" */"``."""


def scalar_style(document: Document, parent: Setting, near: Setting | None) -> ScalarStyle:
    """The style of a new scalar in ``parent``; ``near`` is the setting in front of it."""
    siblings = [child for child in own_children(parent) if child.kind.scalar]
    model = near if near is not None and near.kind.scalar else None
    if model is None:
        model = siblings[-1] if siblings else next(_relatives(document, parent, scalars=True), None)
    if model is None:
        return ScalarStyle()
    return style_of_scalar(document, model, _common_column(document, siblings or [model]))


def style_of_scalar(document: Document, model: Setting, column: int | None = None) -> ScalarStyle:
    """The style that one scalar is written in."""
    text = document.flat.text
    start, node = model.flat_start, model.node
    sign = _SIGN.fullmatch(text, start + len(node.name or ""), start + node.value)
    end = _terminator(text, start + node.stop, start + node.width)
    if sign is None:
        return ScalarStyle(terminator=end, column=column)
    before = sign[1] if len(sign[1]) < 2 or "\t" in sign[1] else " "
    return ScalarStyle(before, sign[2], sign[3], end, column)


def sign_column(document: Document, setting: Setting) -> int | None:
    """Characters from a scalar's start to its sign; None where more than spaces stand between."""
    name_end = setting.flat_start + len(setting.name or "")
    sign = _SIGN.fullmatch(document.flat.text, name_end, setting.flat_start + setting.node.value)
    return sign.start(2) - setting.flat_start if sign is not None and "\t" not in sign[1] else None


def group_model(document: Document, parent: Setting, near: Setting | None) -> Setting | None:
    """The group that a new group in ``parent`` is to look like; ``near`` is the setting in front of it."""
    if near is not None and near.kind is Kind.GROUP:
        return near
    siblings = [child for child in own_children(parent) if child.kind is Kind.GROUP]
    return siblings[-1] if siblings else next(_relatives(document, parent, scalars=False), None)


def style_of_group(document: Document, model: Setting | None) -> GroupStyle:
    """The style that a group is written in; the vendor's for None."""
    if model is None or model.name is None:
        return GroupStyle()
    text = document.flat.text
    start, node = model.flat_start, model.node
    between = text[start + len(model.name) : start + node.value]
    own_line = "\n" in between
    own = indent_of(document, model)
    brace = indent_at(document, start + node.value) if own_line else own
    inside = text[start + node.value + 1 : start + node.stop - 1]
    tail = text[start + node.width : tail_of(document, model).end].rstrip()
    named = word(model.name).search(tail) if "\n" not in tail else None
    return GroupStyle(
        opening=_opening(between),
        own_line=own_line,
        brace_indent=_beyond(own, brace) or "",
        unit=_unit(document, model) or DEFAULT_UNIT,
        one_line=bool(node.children) and "\n" not in between + inside,
        padding=inside[: len(inside) - len(inside.lstrip(" \t"))] if node.children else " ",
        terminator=_terminator(text, start + node.stop, start + node.width),
        closing=(tail[: named.start()], tail[named.end() :]) if named else None,
    )


def blank_between_groups(document: Document, parent: Setting) -> bool:
    """Whether a blank line stands between groups: in ``parent``, else where the document shows it first."""
    own = _gap_is_blank(document, parent)
    if own is not None:
        return own
    for group in (document.root, *document.walk()):
        if group.kind is Kind.GROUP and (found := _gap_is_blank(document, group)) is not None:
            return found
    return False


def newline_of(document: Document) -> str:
    """``\\r\\n`` where most lines of the document end with it, else ``\\n``."""
    text = document.text
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def indent_at(document: Document, pos: int) -> str | None:
    """The white space before what begins at ``pos``; None when other things stand before it on its line."""
    text = document.flat.text
    start = line_start(text, 0, pos)
    return text[start:pos] if start is not None else None


def indent_of(document: Document, setting: Setting) -> str | None:
    """The white space before a setting; None when it does not begin its line."""
    return indent_at(document, setting.flat_start) if setting.parent is not None else ""


def child_indent(document: Document, parent: Setting) -> str:
    """The white space before a new setting in ``parent``."""
    for child in reversed(own_children(parent)):
        indent = indent_of(document, child)
        if indent is not None:
            return indent
    if parent.parent is None:
        return ""
    line = document.flat.text[document.flat.text.rfind("\n", 0, parent.flat_start) + 1 : parent.flat_start]
    own = line[: len(line) - len(line.lstrip(" \t"))]
    for group in _relatives(document, parent, scalars=False):
        unit = _unit(document, group)
        if unit is not None:
            return own + unit
    return own + DEFAULT_UNIT


def own_children(parent: Setting) -> list[Setting]:
    """The children that stand in the document's own file."""
    return [child for child in parent.children if not child.read_only]


def word(name: str) -> re.Pattern[str]:
    """A pattern for a setting's name where it stands by itself in a comment."""
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")


def _relatives(document: Document, parent: Setting, *, scalars: bool) -> Iterator[Setting]:
    """Settings that a first scalar (or group) of ``parent`` can take after, the nearest first.

    First those in the groups that stand where ``parent`` does in a group beside it or around it (the slots of
    the HSM before), then what is on the way up to the root, then any.
    """
    here = parent
    steps: list[str] = []
    while here.parent is not None:
        for beside in own_children(here.parent):
            if beside.index != here.index and (like := _descend(beside, steps)) is not None:
                yield from (child for child in own_children(like) if child.kind.scalar is scalars)
        steps.insert(0, here.name or f"[{here.index}]")
        here = here.parent
    here = parent
    while here.parent is not None:
        if not scalars:
            yield here
        yield from (child for child in own_children(here.parent) if child.kind.scalar is scalars)
        here = here.parent
    yield from (
        setting
        for setting in document.walk()
        if setting.name is not None and setting.kind.scalar is scalars and not setting.read_only
    )


def _descend(group: Setting, steps: Sequence[str]) -> Setting | None:
    here: Setting | None = group
    for step in steps:
        here = here.get(step) if here is not None else None
    return here if here is not None and here.kind is Kind.GROUP else None


def _common_column(document: Document, settings: Sequence[Setting]) -> int | None:
    """Where most of the settings' signs stand, if some were moved there with spaces."""
    columns: dict[int, list[int]] = {}
    counted = 0
    for setting in settings:
        column = sign_column(document, setting)
        if column is not None and indent_of(document, setting) is not None:
            columns.setdefault(column, []).append(column - len(setting.name or ""))
            counted += 1
    for column, gaps in columns.items():
        if 2 * len(gaps) > counted and max(gaps) > 1:
            return column
    return None


def _opening(between: str) -> str:
    """What follows the name of a group on its line, without comments."""
    plain = _SIGN_AND_LINE.fullmatch(between)
    if plain is None:
        return ":" if "\n" in between else ": "
    return plain[1] if "\n" in between else between


def _terminator(text: str, stop: int, end: int) -> str:
    if _TERMINATOR.fullmatch(text, stop, end):
        return text[stop:end]
    return text[end - 1] if end > stop else ""


def _unit(document: Document, group: Setting) -> str | None:
    """What the settings in a group are indented by beyond its name; None where that does not show."""
    own = indent_of(document, group)
    for child in group.children:
        inner = indent_of(document, child)
        if inner is not None:
            return _beyond(own, inner)
    return None


def _beyond(outer: str | None, inner: str | None) -> str | None:
    if outer is None or inner is None or not inner.startswith(outer):
        return None
    return inner[len(outer) :]


def _gap_is_blank(document: Document, parent: Setting) -> bool | None:
    """Whether a blank line stands between the last two groups of a group; None where there are none."""
    children = parent.children
    for following in reversed(children[1:]):
        before = children[following.index - 1]
        if before.kind is not Kind.GROUP or following.kind is not Kind.GROUP:
            continue
        end = tail_of(document, before).end
        between = document.flat.text[end : following.flat_start]
        in_one_file = document.flat.segment(end) == document.flat.segment(following.flat_start)
        if "\n" in between and in_one_file:
            return bool(_BLANK_LINE.search(between))
    return None
