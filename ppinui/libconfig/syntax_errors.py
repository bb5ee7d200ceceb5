"""Syntax errors: what was found, what is allowed there, what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

from ppinui.libconfig.nodes import ConfigSyntaxError, Frame, Kind, Node
from ppinui.libconfig.scanner import Lexeme, Scanner, TokenType
from ppinui.text import quoted

_SETTING = "a setting (NAME = VALUE)"
_VALUE = "a value: text in quotes, a number, true or false, { … }, [ … ] or ( … )"
_PAIRS = {Kind.GROUP: "}", Kind.ARRAY: "]", Kind.LIST: ")"}
_WORDS = {
    TokenType.BOOL: "true or false",
    TokenType.INT: "a number",
    TokenType.INT64: "a number",
    TokenType.FLOAT: "a number",
    # Never the text itself: in a file with a broken quote it can be part of a password.
    TokenType.NAME: "a word",
    TokenType.STRING: "text in quotes",
    TokenType.END: "the end of the file",
}


class SyntaxErrors:
    """Raises ConfigSyntaxError for what the parser meets; shares the parser's scanner and open frames."""

    def __init__(self, scanner: Scanner, frames: Sequence[Frame]) -> None:
        self._scanner = scanner
        self._frames = frames

    def no_equals(self, name: Lexeme, found: Lexeme) -> NoReturn:
        """A name without ``=`` or ``:`` behind it."""
        frame = self._frames[-1]
        broken = self._broken_quote(frame) or self._broken_value(frame, name.start)
        if broken is not None:
            self._raise(found.start, self._describe(found), "= or :", broken)
        if found.token in (TokenType.GROUP, TokenType.STRING, TokenType.INT, TokenType.BOOL):
            remedy = "put = or : between the name and its value"
        else:
            remedy = (
                "a setting is NAME = VALUE: complete the line, or make it a comment with # at its beginning"
            )
        word = self._first_word(name)
        self._raise(found.start, self._describe(found), f"= or : behind {word}", remedy)

    def no_value(self, found: Lexeme, start: int) -> NoReturn:
        """Something that is no value, behind ``=`` or as an element; ``start`` of the setting or element."""
        frame = self._frames[-1]
        self._unclosed_string(found, _VALUE)
        if frame.kind is Kind.ARRAY and found.token in (TokenType.GROUP, TokenType.ARRAY, TokenType.LIST):
            remedy = "an array [ … ] holds only plain values; a list ( … ) can hold everything"
            self._raise(found.start, self._describe(found), "a plain value", remedy)
        if found.token is TokenType.NAME:
            self._raise(found.start, "a word without quotes", _VALUE, 'put the text in quotes: "…"')
        if found.token is TokenType.EQUALS:
            self._raise(found.start, self._describe(found), _VALUE, "one = or : is enough; remove the other")
        self._raise(
            found.start,
            self._describe(found),
            _VALUE,
            f"write the value of the setting on line {self._line(start)} here, or remove that setting",
        )

    def no_setting(self, found: Lexeme, frame: Frame) -> NoReturn:
        """Something where a setting should begin, or the group or file end."""
        expected = _SETTING if len(self._frames) == 1 else f"{_SETTING} or }}"
        broken = self._broken_quote(frame) or self._broken_value(frame, found.start)
        if broken is not None:
            self._raise(found.start, self._describe(found), expected, broken)
        char = self._scanner.text[found.start : found.start + 1]
        if found.token is TokenType.GROUP_END:
            remedy = "remove this brace, or look for a group above whose opening { is missing"
        elif found.token is TokenType.SEMICOLON:
            remedy = "a setting ends with one semicolon; remove this one"
        elif found.token is TokenType.BOOL:
            remedy = "true and false are values; give the setting another name"
        elif char == "\ufeff":
            remedy = "save the file without a byte order mark (UTF-8, not “UTF-8 with BOM”)"
        elif char in "#/" and found.token is TokenType.GARBAGE:
            remedy = "end the last line with a newline: libconfig 1.5 does not read a comment without one"
        elif char == "_":
            remedy = "a name begins with a letter; remove the underscore"
        elif char == "@":
            remedy = 'an include stands alone on its line: @include "FILE"'
        elif char == "\v":
            remedy = "replace the vertical tab by a space"
        elif char == "\0":
            remedy = "the file is damaged or not a text file: restore it from a backup"
        elif "\udc80" <= char <= "\udcff":
            remedy = "this is no UTF-8 text: a binary file, or Latin-1 outside of quotes and comments"
        elif found.token is TokenType.GARBAGE:
            remedy = "remove this character, or put the text that it belongs to in quotes"
        else:
            remedy = "begin the line with the name of a setting, or make it a comment with # at its beginning"
        self._raise(found.start, self._describe(found), expected, remedy)

    def not_closed(self, found: Lexeme) -> NoReturn:
        """The text ends inside a group."""
        self._unclosed_string(found, f"{_SETTING} or }}")
        frame = self._frames[-1]
        opened = self._line(frame.start)
        remedy = f"close the group {quoted(frame.name)} that opens on line {opened} with }}"
        suspect = self._less_indented()
        if suspect is not None:
            name, opens, closes = suspect
            remedy = (
                f"a }} is missing: look at {quoted(name)}, which opens on line {opens}: "
                f"the brace on line {closes} that ends it seems to belong to a group around it"
            )
        self._raise(
            found.start,
            self._describe(found),
            f"}} for the group {quoted(frame.name)} of line {opened}",
            remedy,
        )

    def no_comma(self, found: Lexeme) -> NoReturn:
        """Two elements of an array or list without a comma between them, or no end."""
        frame = self._frames[-1]
        mark = _PAIRS[frame.kind]
        self._unclosed_string(found, f", or {mark}")
        broken = self._broken_quote(frame)
        opened = self._line(frame.value)
        remedy = (
            f"put a comma between the elements, or close the {frame.kind.value} of line {opened} with {mark}"
        )
        self._raise(found.start, self._describe(found), f", or {mark}", broken or remedy)

    def trailing_comma(self, found: Lexeme) -> NoReturn:
        """A comma behind the last element, which only newer versions allow."""
        remedy = "remove the comma behind the last element: libconfig before 1.7 does not allow it"
        self._raise(found.start, self._describe(found), "another element", remedy)

    def mixed_array(self, found: Lexeme, kind: Kind, first: Kind) -> NoReturn:
        """An element of another type than the first."""
        remedy = "all elements of an array [ … ] have one type; write ( … ) for a list of several types"
        self._raise(found.start, f"an element of type {kind.value}", f"one of type {first.value}", remedy)

    def duplicate(self, frame: Frame) -> NoReturn:
        """The second setting of a name in one group."""
        first: dict[str | None, int] = {}
        at = frame.value + 1
        for child in frame.children:
            at += child.lead
            if child.name in first:
                line = self._line(first[child.name])
                self._raise(
                    at,
                    f"a second setting {quoted(child.name)} in one group",
                    "each name once",
                    f"remove or rename one of the two; the first is on line {line}",
                )
            first[child.name] = at
            at += child.width
        raise AssertionError("called for a group with a duplicate name")

    def too_deep(self, at: int) -> NoReturn:
        """Nested beyond what the C parser's stack holds."""
        remedy = "take groups out of one another: libconfig cannot hold so many levels"
        self._raise(at, "one level of nesting too many", "a flatter file", remedy)

    def _raise(self, offset: int, found: str, expected: str, remedy: str) -> NoReturn:
        raise ConfigSyntaxError(self._scanner.flat().place(offset), found, expected, remedy)

    def _line(self, offset: int) -> int:
        return self._scanner.flat().place(offset).line

    def _describe(self, found: Lexeme) -> str:
        if found.token in _WORDS:
            return _WORDS[found.token]
        char = self._scanner.text[found.start]
        if "\udc80" <= char <= "\udcff":
            return f"the byte 0x{ord(char) - 0xDC00:02X}"
        return f"“{char}”" if char.isprintable() else f"the character U+{ord(char):04X}"

    def _first_word(self, name: Lexeme) -> str:
        """The name if it stands first on its line; elsewhere it may be the rest of a broken string."""
        text = self._scanner.text
        before = text[text.rfind("\n", 0, name.start) + 1 : name.start]
        return "the name" if before.strip() else quoted(text[name.start : name.end])

    def _unclosed_string(self, found: Lexeme, expected: str) -> None:
        unclosed = self._scanner.unclosed
        if found.token is TokenType.END and unclosed is not None:
            line = self._line(unclosed.start)
            closing = "a closing */" if unclosed.what == "comment" else 'a closing "'
            remedy = f"the {unclosed.what} that begins on line {line} has no end: add {closing}"
            self._raise(unclosed.start, f"a {unclosed.what} without its end", expected, remedy)

    def _broken_quote(self, frame: Frame) -> str | None:
        """The remedy when the value before runs over several lines: its closing quote is missing."""
        if not frame.children or frame.children[-1].kind is not Kind.STRING:
            return None
        last = frame.children[-1]
        start = frame.cursor - last.width
        opening = start + last.value
        if "\n" not in self._scanner.text[opening : start + last.stop]:
            return None
        named = f" of {quoted(last.name)}" if last.name is not None else ""
        return (
            f"look at the value{named} on line {self._line(opening)}: its closing quote seems to be missing"
        )

    def _broken_value(self, frame: Frame, start: int) -> str | None:
        """The remedy when something follows a number without white space: it is all one value."""
        if not frame.children or frame.cursor != start or self._scanner.text[start] in ";,{}[]()#/":
            return None
        last = frame.children[-1]
        if last.kind.scalar and last.kind is not Kind.STRING and last.width == last.stop:
            if self._scanner.text[start] in "bBoOqQ" and last.stop - last.value == 1:
                return "write the number in decimal or hexadecimal: libconfig before 1.8 knows no other"
            return 'put the whole value in quotes: "…"'
        return None

    def _less_indented(self) -> tuple[str, int, int] | None:
        """The first group whose closing brace is indented less than its name: name, both lines."""
        for frame in self._frames:
            for start, node in _groups_within(frame):
                closing = start + node.stop - 1
                indent = self._indent(closing)
                own = self._indent(start)
                if indent is not None and own is not None and indent < own:
                    return str(node.name), self._line(start), self._line(closing)
        return None

    def _indent(self, offset: int) -> int | None:
        """Width of the white space before the first thing on a line; None when this is not the first."""
        text = self._scanner.text
        before = text[text.rfind("\n", 0, offset) + 1 : offset]
        return len(before.expandtabs()) if not before.strip(" \t") else None


def _groups_within(frame: Frame) -> Iterator[tuple[int, Node]]:
    """The closed named groups inside an open one with their offsets, inner ones before outer ones."""
    stack: list[tuple[int, Node, bool]] = []
    at = frame.value + 1
    for child in frame.children:
        at += child.lead
        stack.append((at, child, False))
        at += child.width
    stack.reverse()
    while stack:
        start, node, seen = stack.pop()
        if node.kind is not Kind.GROUP:
            continue
        if seen:
            if node.name is not None:
                yield start, node
            continue
        stack.append((start, node, True))
        inner: list[tuple[int, Node, bool]] = []
        at = start + node.value + 1
        for child in node.children:
            at += child.lead
            inner.append((at, child, False))
            at += child.width
        stack.extend(reversed(inner))
