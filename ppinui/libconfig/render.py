"""New settings and groups as text, in the style of the document that they go into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppinui.libconfig.document import Document, Setting
from ppinui.libconfig.nodes import Content, Kind, Scalar
from ppinui.libconfig.scalars import check_name, write_scalar
from ppinui.libconfig.style import (
    GroupStyle,
    ScalarStyle,
    blank_between_groups,
    child_indent,
    group_model,
    newline_of,
    scalar_style,
    sign_column,
    style_of_group,
    style_of_scalar,
)


class Writer:
    """Writes what is to go into one group of a document, behind ``near`` (None: as the first)."""

    def __init__(self, document: Document, parent: Setting, near: Setting | None) -> None:
        self.newline = newline_of(document)
        self.indent = child_indent(document, parent)
        self._document = document
        self._parent = parent
        self._near = near

    def write(self, name: str, value: Content, *, one_line: bool) -> str:
        """A setting or group, without the indentation of its first line. EditRefused for what cannot be."""
        if not isinstance(value, Mapping):
            style = scalar_style(self._document, self._parent, self._near)
            if one_line:
                style = _unaligned(style)
            return _scalar(name, value, style)
        model = group_model(self._document, self._parent, self._near)
        return self._group(name, value, model, self.indent, one_line=one_line)

    def _group(
        self, name: str, content: Mapping[str, Any], model: Setting | None, indent: str, *, one_line: bool
    ) -> str:
        check_name(name)
        style = style_of_group(self._document, model)
        one_line = one_line or style.one_line
        inner = indent + style.unit
        blank = blank_between_groups(self._document, model or self._parent)
        entries: list[str] = []
        was_group = False
        for key, value in content.items():
            if isinstance(value, Mapping):
                if was_group and blank:
                    entries.append("")
                inside = _inner_model(model, key)
                entries.append(self._group(key, value, inside, inner, one_line=one_line))
                was_group = True
            else:
                inner_style = self._inner_style(model, key)
                entries.append(_scalar(key, value, _unaligned(inner_style) if one_line else inner_style))
                was_group = False
        if one_line:
            return _on_one_line(name, [entry for entry in entries if entry], style)
        return self._on_lines(name, entries, style, indent)

    def _on_lines(self, name: str, entries: list[str], style: GroupStyle, indent: str) -> str:
        brace = indent + style.brace_indent
        opening = f"{style.opening}{self.newline}{brace}" if style.own_line else style.opening
        inner = indent + style.unit
        body = "".join(f"{self.newline}{inner}{entry}" if entry else self.newline for entry in entries)
        comment = f"{style.closing[0]}{name}{style.closing[1]}" if style.closing else ""
        return f"{name}{opening}{{{body}{self.newline}{brace}}}{style.terminator}{comment}"

    def _inner_style(self, model: Setting | None, name: str) -> ScalarStyle:
        """The style of a scalar inside a new group: as the one of that name in its model."""
        if model is None:
            return scalar_style(self._document, self._parent, None)
        style = scalar_style(self._document, model, None)
        same = model.get(name)
        if same is not None and same.kind.scalar and not same.read_only:
            return style_of_scalar(self._document, same, sign_column(self._document, same))
        return style


def _scalar(name: str, value: Scalar, style: ScalarStyle) -> str:
    check_name(name)
    return style.write(name, write_scalar(value))


def _on_one_line(name: str, entries: list[str], style: GroupStyle) -> str:
    opening = style.opening if style.opening.endswith((" ", "\t")) or style.one_line else f"{style.opening} "
    body = f"{style.padding}{' '.join(entries)}{style.padding}" if entries else ""
    return f"{name}{opening}{{{body}}}{style.terminator}"


def _unaligned(style: ScalarStyle) -> ScalarStyle:
    return ScalarStyle(style.before, style.sign, style.after, style.terminator)


def _inner_model(model: Setting | None, name: str) -> Setting | None:
    """The group inside a new group's model that an inner group is to look like."""
    if model is None:
        return None
    same = model.get(name)
    if same is not None and same.kind is Kind.GROUP:
        return same
    return next((child for child in model.children if child.kind is Kind.GROUP), model)
