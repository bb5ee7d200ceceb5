"""The grammar of libconfig 1.5: from text to a tree of nodes, without recursion.

Two readers take turns.  Where a setting is written in one of the plain ways, a single regular expression
takes all of it; everything else (arrays, lists, includes, odd spellings, errors) goes token by token.
Both build the same tree.

After an edit, what stands before and behind it is taken over from the tree before (:class:`Before`): these
nodes are the same objects, so what was derived from them still holds.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import NamedTuple

from ppinui.diagnostic import Place
from ppinui.libconfig.includes import Flat, IncludeFiles, Source
from ppinui.libconfig.nodes import Frame, Kind, Node, TextEdit
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
    TokenType,
    Unclosed,
)
from ppinui.libconfig.syntax_errors import SyntaxErrors

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

_NAME_OF = itemgetter(Node._fields.index("name"))

_SCALARS = {
    TokenType.STRING: Kind.STRING,
    TokenType.INT: Kind.INT,
    TokenType.INT64: Kind.INT64,
    TokenType.FLOAT: Kind.FLOAT,
    TokenType.BOOL: Kind.BOOL,
}
_CONTAINERS = {TokenType.GROUP: Kind.GROUP, TokenType.ARRAY: Kind.ARRAY, TokenType.LIST: Kind.LIST}
_CLOSERS = {Kind.GROUP: TokenType.GROUP_END, Kind.ARRAY: TokenType.ARRAY_END, Kind.LIST: TokenType.LIST_END}


class ParsedText(NamedTuple):
    """What a text holds."""

    root: Node
    flat: Flat
    """The text with its includes put in."""
    unclosed: Unclosed | None
    """A comment or string without an end, which swallowed the rest of the text."""
    directives: tuple[tuple[Place, str], ...] = ()
    """Where files are included, and their names as written."""
    may_have_duplicates: bool = False
    """False is certain: no name is there twice in a group."""
    deepest: int = 0
    """At most so many symbols are on the C parser's stack where a group, array or list begins."""


class Before(NamedTuple):
    """The text before an edit, as it was parsed (with the same files, and duplicates allowed or not)."""

    parsed: ParsedText
    edit: TextEdit

    @property
    def is_of_use(self) -> bool:
        """Whether nodes can be taken over: not where other files, or a limit of the C parser, play a part."""
        flat = self.parsed.flat
        included = len(flat.segments) > 1 or "@include" in self.edit.applied(flat.text)
        return not included and self.parsed.deepest < STACK_LIMIT // 2


def parse_source(
    main: Source,
    files: IncludeFiles,
    *,
    allow_duplicates: bool,
    plain: bool = True,
    before: Before | None = None,
) -> ParsedText:
    """The tree of a whole file; ConfigSyntaxError where the C library 1.5 rejects it.

    ``plain`` False goes token by token throughout: the same tree, slower. With ``before``: the same, faster.
    """
    return _Parser(main, files, allow_duplicates, plain, before).whole()


class _Parser:
    def __init__(
        self, main: Source, files: IncludeFiles, allow_duplicates: bool, plain: bool, before: Before | None
    ) -> None:
        self.scanner = Scanner(main, files)
        self.allow_duplicates = allow_duplicates
        self.plain = plain
        root = Frame(Kind.GROUP, 0, None, 0, -1, 0)
        self.frames = [root]
        self.deepest = 0
        self.may_have_duplicates = False
        self.edit: TextEdit | None = None
        if before is not None and before.is_of_use:
            self.edit, self.deepest = before.edit, before.parsed.deepest
            self.may_have_duplicates = before.parsed.may_have_duplicates
            self._take_over(root, before.parsed.root)

    @property
    def errors(self) -> SyntaxErrors:
        """Raises the error for what stands where the parser is."""
        return SyntaxErrors(self.scanner, self.frames)

    def whole(self) -> ParsedText:
        while True:
            if self.plain:
                self._plain_settings()
            if not self._step():
                break
        (root,) = self.frames
        self._check_names(root)
        size = len(self.scanner.text)
        node = Node(Kind.GROUP, 0, None, 0, size, size, tuple(root.children))
        scanner = self.scanner
        return ParsedText(
            node,
            scanner.flat(),
            scanner.unclosed,
            tuple(scanner.directives),
            self.may_have_duplicates,
            self.deepest,
        )

    # -- what is taken over from the text before an edit

    def _take_over(self, frame: Frame, old: Node) -> None:
        """Begin a group, whose opening brace stands before the edit, with its settings before the edit.

        A setting is whole where its terminator, or the beginning of the next setting, stands before the edit.
        """
        assert self.edit is not None
        start, end, grown = self.edit.start, self.edit.end, self.edit.grown
        at = frame.cursor
        is_before = True
        joints = {}
        for index, child in enumerate(old.children):
            begin = at + child.lead
            at = begin + child.width
            if is_before:
                following = index + 1
                is_before = at <= start and (
                    child.width > child.stop
                    or (following < len(old.children) and at + old.children[following].lead < start)
                )
            if is_before:
                frame.children.append(child)
                frame.cursor = at
            elif at >= end:
                joints[at + grown] = index + 1
        frame.old, frame.joints = old, joints
        self.scanner.jump(frame.cursor)

    def _join(self, frame: Frame, index: int) -> None:
        """Behind the edit, where an old setting ends: the old settings from ``index`` on follow."""
        assert frame.old is not None
        rest = frame.old.children[index:]
        frame.children.extend(rest)
        frame.cursor += sum(child.lead + child.width for child in rest)
        frame.joints = {}
        self.scanner.jump(frame.cursor)

    # -- plain spellings, one regular expression for each setting

    def _plain_settings(self) -> None:
        """Read on while settings are plainly written; stop in front of the first that is not."""
        frame = self.frames[-1]
        if frame.kind is not Kind.GROUP or frame.cost > _PLAIN_LIMIT or self.scanner.included:
            return
        match = _ITEM.match
        new_node = tuple.__new__  # as Node(…), which costs twice as much
        text = self.scanner.text
        append = frame.children.append
        joints = frame.joints
        pos = frame.cursor
        while item := match(text, pos):
            which = item.lastindex or 0
            end = item.end()
            if which < _OPEN:
                start, stop = item.span(1)
                value, value_end = item.span(which)
                node = (
                    _KINDS[which],
                    start - pos,
                    text[start:stop],
                    value - start,
                    value_end - start,
                    end - start,
                    (),
                )
                append(new_node(Node, node))
                pos = end
            elif which == _OPEN:
                start = item.start(1)
                frame.cursor = pos
                frame = self._open(Kind.GROUP, item[1], start, end - 1)
                append = frame.children.append
                joints = frame.joints
                pos = frame.cursor
                if frame.cost > _PLAIN_LIMIT:
                    break
            else:
                if len(self.frames) == 1 or self.frames[-2].kind is not Kind.GROUP:
                    break  # a brace too many, or a group in a list, where a comma is no terminator
                frame = self._close(item.end(which), end)
                append = frame.children.append
                joints = frame.joints
                pos = end
            if pos in joints:
                frame.cursor = pos
                self._join(frame, joints[pos])
                joints = frame.joints
                pos = frame.cursor
        frame.cursor = pos
        self.scanner.jump(pos)

    # -- any spelling, token by token

    def _step(self) -> bool:
        """Read one setting or element, or a closing mark; False at the end of the text."""
        frame = self.frames[-1]
        if frame.cursor in frame.joints:
            self._join(frame, frame.joints[frame.cursor])
        if frame.kind is Kind.GROUP:
            return self._setting(frame)
        lexeme = self.scanner.next()
        if lexeme.token is _CLOSERS[frame.kind]:
            self._closing(lexeme)
            return True
        if frame.children:
            if lexeme.token is not TokenType.COMMA:
                self.errors.no_comma(lexeme)
            lexeme = self.scanner.next()
            if lexeme.token is _CLOSERS[frame.kind]:
                self.errors.trailing_comma(lexeme)
        self._value(lexeme, None, lexeme.start)
        return True

    def _setting(self, frame: Frame) -> bool:
        lexeme = self.scanner.next()
        if lexeme.token is TokenType.NAME:
            equals = self.scanner.next()
            if equals.token is not TokenType.EQUALS:
                self.errors.no_equals(lexeme, equals)
            self._value(self.scanner.next(), self.scanner.text[lexeme.start : lexeme.end], lexeme.start)
            return True
        if lexeme.token is TokenType.GROUP_END and len(self.frames) > 1:
            self._closing(lexeme)
            return True
        if lexeme.token is TokenType.END and len(self.frames) == 1:
            return False
        if lexeme.token is TokenType.END:
            self.errors.not_closed(lexeme)
        return self.errors.no_setting(lexeme, frame)

    def _value(self, lexeme: Lexeme, name: str | None, start: int) -> None:
        """A value whose first token is read: the whole of a scalar, or the opening of a container."""
        frame = self.frames[-1]
        kind = _SCALARS.get(lexeme.token)
        if kind is None:
            container = _CONTAINERS.get(lexeme.token)
            if container is None or frame.kind is Kind.ARRAY:
                self.errors.no_value(lexeme, start)
            self._open(container, name, start, lexeme.start)
            return
        stop = lexeme.end
        pieces = 1
        if kind is Kind.STRING:
            while self.scanner.peek().token is TokenType.STRING:
                stop = self.scanner.next().end
                pieces = 2
        if frame.kind is Kind.ARRAY and frame.children and frame.children[0].kind is not kind:
            self.errors.mixed_array(lexeme, kind, frame.children[0].kind)
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
        if frame.kind is Kind.GROUP and self.scanner.peek().token in (TokenType.SEMICOLON, TokenType.COMMA):
            return self.scanner.next().end
        return stop

    # -- containers, for both readers

    def _open(self, kind: Kind, name: str | None, start: int, value: int) -> Frame:
        parent = self.frames[-1]
        cost = _before(parent) + (_SETTING_COST if name is not None else _ELEMENT_COST)
        if cost > self.deepest:
            self._room(cost, value)
            self.deepest = cost
        frame = Frame(kind, start - parent.cursor, name, start, value, cost)
        self.frames.append(frame)
        if parent.old is not None and kind is Kind.GROUP and self.edit and value < self.edit.start:
            # All up to here is as it was, so the group was the next one in the text before, too.
            self._take_over(frame, parent.old.children[len(parent.children)])
        return frame

    def _close(self, stop: int, end: int | None) -> Frame:
        """End the innermost container behind its closing mark; ``end`` None: look for a terminator."""
        frame = self.frames.pop()
        if len(frame.children) > 1:
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
        children = frame.children
        if frame.kind is Kind.GROUP and len(set(map(_NAME_OF, children))) < len(children):
            if not self.allow_duplicates:
                self.errors.duplicate(frame)
            self.may_have_duplicates = True

    def _room(self, symbols: int, at: int) -> None:
        if symbols > STACK_LIMIT:
            self.errors.too_deep(at)


def _before(frame: Frame) -> int:
    """Symbols on the parser's stack when the next child of a container begins."""
    if not frame.children:
        return frame.cost
    return frame.cost + (1 if frame.kind is Kind.GROUP else 2)
