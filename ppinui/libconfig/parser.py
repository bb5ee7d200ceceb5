"""The grammar of libconfig 1.5: from text to a tree of nodes, without recursion.

Two readers take turns.  Where a setting is written in one of the plain ways, a single regular expression
takes all of it; everything else (arrays, lists, includes, odd spellings, errors) goes token by token.
Both build the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ppinui.diagnostic import Place
from ppinui.libconfig.includes import Flat, IncludeFiles, Source
from ppinui.libconfig.nodes import Kind, Node
from ppinui.libconfig.scanner import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    NAME,
    NOT_BOOLEAN,
    STRING,
    TRIVIA,
    Lexeme,
    Scanner,
    Token,
    Unclosed,
)
from ppinui.libconfig.syntax_errors import Complaints, Frame

STACK_LIMIT = 9998
"""Grammar symbols that libconfig's parser holds at once: bison's YYMAXDEPTH, 10,000. A level costs 2 to 6."""

_PLAIN_LIMIT = STACK_LIMIT - 100
# A name, its action, the sign, and the value with its terminator, or the opening mark with its action.
_SETTING_COST = 5
# The opening mark of a group or list with its action.
_ELEMENT_COST = 2
# What is inside, and the closing mark.
_CLOSING_COST = 2

# A plain number or boolean ends in front of one of these; whatever else follows is for the scanner.
_PLAIN_END = r"(?=[ \t\n\r\f;,}])"
# The terminator, or proof that there is none: the next thing is a name or the group's end.
_TERMINATOR = rf"(?:[ \t]*+[;,]|(?={TRIVIA}[A-Za-z*}}]))"
_ITEM = re.compile(
    rf"{TRIVIA}(?:{NOT_BOOLEAN}({NAME}){TRIVIA}[=:]{TRIVIA}"
    rf"(?:(?:({STRING}(?:{TRIVIA}{STRING})*)"
    rf"|({INTEGER}){_PLAIN_END}|({INTEGER}LL?){_PLAIN_END}|({FLOAT}){_PLAIN_END}|({BOOLEAN}){_PLAIN_END})"
    rf"{_TERMINATOR}|(\{{))"
    rf"|(\}}){_TERMINATOR})"
)
# The groups of that expression: 1 is the name, 8 a closing brace.
_KINDS = {2: Kind.STRING, 3: Kind.INT, 4: Kind.INT64, 5: Kind.FLOAT, 6: Kind.BOOL}
_OPEN = 7

_SCALARS = {
    Token.STRING: Kind.STRING,
    Token.INT: Kind.INT,
    Token.INT64: Kind.INT64,
    Token.FLOAT: Kind.FLOAT,
    Token.BOOL: Kind.BOOL,
}
_CONTAINERS = {Token.GROUP: Kind.GROUP, Token.ARRAY: Kind.ARRAY, Token.LIST: Kind.LIST}
_CLOSERS = {Kind.GROUP: Token.GROUP_END, Kind.ARRAY: Token.ARRAY_END, Kind.LIST: Token.LIST_END}


class Parsed(NamedTuple):
    """What a text holds."""

    root: Node
    flat: Flat
    """The text with its includes put in."""
    unclosed: Unclosed | None
    """A comment or string without an end, which swallowed the rest of the text."""
    directives: tuple[tuple[Place, str], ...] = ()
    """Where files are included, and their names as written."""


def parse_source(main: Source, files: IncludeFiles, *, allow_duplicates: bool, plain: bool = True) -> Parsed:
    """The tree of a whole file; ConfigSyntaxError where the C library 1.5 would not take it.

    ``plain`` False goes token by token throughout, which gives the same tree, slower.
    """
    return _Parser(main, files, allow_duplicates, plain).whole()


def parse_settings(main: Source, start: int, stop: int, *, depth: int) -> list[Node] | None:
    """The settings of one group between two token boundaries of a text without includes.

    None when the text between them is not a list of settings that ends exactly at ``stop`` (which
    is where the next token, or the end, has to be).  ConfigSyntaxError when it cannot be read at all.
    ``depth`` is what ``depth_of`` says of the group; duplicate names are for the caller to find.
    """
    parser = _Parser(main, IncludeFiles(None), allow_duplicates=True, plain=False)
    return parser.part(start, stop, depth)


def depth_of(ancestors: Iterable[tuple[Kind, int]]) -> int:
    """Symbols on the parser's stack inside a container: kind of what holds it, its index there, upwards."""
    depth = 0
    for kind, index in ancestors:
        if kind is Kind.GROUP:
            depth += _SETTING_COST + (1 if index else 0)
        else:
            depth += _ELEMENT_COST + (2 if index else 0)
    return depth


class _Parser:
    def __init__(self, main: Source, files: IncludeFiles, allow_duplicates: bool, plain: bool) -> None:
        self.scanner = Scanner(main, files)
        self.allow_duplicates = allow_duplicates
        self.plain = plain
        self.frames = [Frame(Kind.GROUP, 0, None, 0, -1, 0)]
        self.complaints = Complaints(self.scanner, self.frames)

    def whole(self) -> Parsed:
        while True:
            if self.plain:
                self._plain_settings()
            if not self._step():
                break
        (root,) = self.frames
        self._check_names(root)
        size = len(self.scanner.text)
        node = Node(Kind.GROUP, 0, None, 0, size, size, tuple(root.children))
        return Parsed(node, self.scanner.flat(), self.scanner.unclosed, tuple(self.scanner.directives))

    def part(self, start: int, stop: int, depth: int) -> list[Node] | None:
        root = self.frames[0]
        root.cursor = start
        root.cost = depth
        self.scanner.jump(start)
        while len(self.frames) > 1 or self.scanner.peek().start < stop:
            if not self._step():
                return None
        return root.children if self.scanner.peek().start == stop and root.cursor <= stop else None

    # -- plain spellings, one regular expression for each setting

    def _plain_settings(self) -> None:
        """Read on while settings are plainly written; stop in front of the first that is not."""
        frame = self.frames[-1]
        if frame.kind is not Kind.GROUP or frame.cost > _PLAIN_LIMIT or self.scanner.included:
            return
        match = _ITEM.match
        text = self.scanner.text
        append = frame.children.append
        pos = frame.cursor
        while item := match(text, pos):
            which = item.lastindex or 0
            end = item.end()
            if which < _OPEN:
                start = item.start(1)
                append(
                    Node(
                        _KINDS[which],
                        start - pos,
                        item[1],
                        item.start(which) - start,
                        item.end(which) - start,
                        end - start,
                        (),
                    )
                )
                pos = end
            elif which == _OPEN:
                start = item.start(1)
                frame.cursor = pos
                frame = self._open(Kind.GROUP, item[1], start, end - 1)
                append = frame.children.append
                pos = end
                if frame.cost > _PLAIN_LIMIT:
                    break
            else:
                if len(self.frames) == 1 or self.frames[-2].kind is not Kind.GROUP:
                    break  # a brace too many, or a group in a list, where a comma is no terminator
                frame = self._close(item.end(which), end)
                append = frame.children.append
                pos = end
        frame.cursor = pos
        self.scanner.jump(pos)

    # -- any spelling, token by token

    def _step(self) -> bool:
        """Read one setting or element, or a closing mark; False at the end of the text."""
        frame = self.frames[-1]
        if frame.kind is Kind.GROUP:
            return self._setting(frame)
        lexeme = self.scanner.next()
        if lexeme.token is _CLOSERS[frame.kind]:
            self._closing(lexeme)
            return True
        if frame.children:
            if lexeme.token is not Token.COMMA:
                self.complaints.no_comma(lexeme)
            lexeme = self.scanner.next()
            if lexeme.token is _CLOSERS[frame.kind]:
                self.complaints.trailing_comma(lexeme)
        self._value(lexeme, None, lexeme.start)
        return True

    def _setting(self, frame: Frame) -> bool:
        lexeme = self.scanner.next()
        if lexeme.token is Token.NAME:
            equals = self.scanner.next()
            if equals.token is not Token.EQUALS:
                self.complaints.no_equals(lexeme, equals)
            self._value(self.scanner.next(), self.scanner.text[lexeme.start : lexeme.end], lexeme.start)
            return True
        if lexeme.token is Token.GROUP_END and len(self.frames) > 1:
            self._closing(lexeme)
            return True
        if lexeme.token is Token.END and len(self.frames) == 1:
            return False
        if lexeme.token is Token.END:
            self.complaints.not_closed(lexeme)
        return self.complaints.no_setting(lexeme, frame)

    def _value(self, lexeme: Lexeme, name: str | None, start: int) -> None:
        """A value whose first token is read: the whole of a scalar, or the opening of a container."""
        frame = self.frames[-1]
        kind = _SCALARS.get(lexeme.token)
        if kind is None:
            container = _CONTAINERS.get(lexeme.token)
            if container is None or frame.kind is Kind.ARRAY:
                self.complaints.no_value(lexeme, start)
            self._open(container, name, start, lexeme.start)
            return
        stop = lexeme.end
        pieces = 1
        if kind is Kind.STRING:
            while self.scanner.peek().token is Token.STRING:
                stop = self.scanner.next().end
                pieces = 2
        if frame.kind is Kind.ARRAY and frame.children and frame.children[0].kind is not kind:
            self.complaints.mixed_array(lexeme, kind, frame.children[0].kind)
        self._room(_before(frame) + (_SETTING_COST if name is not None else pieces), lexeme.start)
        end = self._terminated(frame, stop)
        frame.children.append(
            Node(kind, start - frame.cursor, name, lexeme.start - start, stop - start, end - start, ())
        )
        frame.cursor = end

    def _closing(self, lexeme: Lexeme) -> None:
        self._room(self.frames[-1].cost + _CLOSING_COST, lexeme.start)
        self._close(lexeme.end, None)

    def _terminated(self, frame: Frame, stop: int) -> int:
        """The end of a setting whose value ends at ``stop``, with the terminator if there is one."""
        if frame.kind is Kind.GROUP and self.scanner.peek().token in (Token.SEMICOLON, Token.COMMA):
            return self.scanner.next().end
        return stop

    # -- containers, for both readers

    def _open(self, kind: Kind, name: str | None, start: int, value: int) -> Frame:
        parent = self.frames[-1]
        cost = _before(parent) + (_SETTING_COST if name is not None else _ELEMENT_COST)
        self._room(cost, value)
        frame = Frame(kind, start - parent.cursor, name, start, value, cost)
        self.frames.append(frame)
        return frame

    def _close(self, stop: int, end: int | None) -> Frame:
        """End the innermost container behind its closing mark; ``end`` None: look for a terminator."""
        frame = self.frames.pop()
        self._check_names(frame)
        parent = self.frames[-1]
        if end is None:
            end = self._terminated(parent, stop)
        start = frame.start
        parent.children.append(
            Node(
                frame.kind,
                frame.lead,
                frame.name,
                frame.value - start,
                stop - start,
                end - start,
                tuple(frame.children),
            )
        )
        parent.cursor = end
        return parent

    def _check_names(self, frame: Frame) -> None:
        if frame.kind is not Kind.GROUP or self.allow_duplicates:
            return
        if len({child.name for child in frame.children}) < len(frame.children):
            self.complaints.duplicate(frame)

    def _room(self, symbols: int, at: int) -> None:
        if symbols > STACK_LIMIT:
            self.complaints.too_deep(at)


def _before(frame: Frame) -> int:
    """Symbols on the parser's stack when the next child of a container begins."""
    if not frame.children:
        return frame.cost
    return frame.cost + (1 if frame.kind is Kind.GROUP else 2)
