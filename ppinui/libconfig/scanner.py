"""The lexical grammar of libconfig 1.5: its tokens as regular expressions, and its scanner."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from ppinui.diagnostic import Place
from ppinui.libconfig.includes import Flat, IncludeFiles, Segment, Source
from ppinui.libconfig.nodes import ConfigSyntaxError

NAME = r"[A-Za-z*][-A-Za-z0-9_*]*+"
# A word that is a boolean is never a name; a longer word that only begins with one is.
NOT_BOOLEAN = r"(?![Tt][Rr][Uu][Ee](?![-A-Za-z0-9_*])|[Ff][Aa][Ll][Ss][Ee](?![-A-Za-z0-9_*]))"
BOOLEAN = r"(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])"
STRING = r'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*"'
INTEGER = r"(?:0[Xx][0-9A-Fa-f]++|[-+]?[0-9]++)"
FLOAT = r"(?:[-+]?[0-9]*+\.[0-9]*+(?:[eE][-+]?[0-9]++)?|[-+]?[0-9]++[eE][-+]?[0-9]++)"
BLOCK_COMMENT = r"/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*/"
# A line comment needs its newline: on a last line without one, libconfig 1.5 sees a stray character.
LINE_COMMENT = r"(?:#|//)[^\n]*+(?=\n)"
COMMENT = rf"{BLOCK_COMMENT}|{LINE_COMMENT}"
# Atomic, and not (…)*+: Python 3.11 loses its place when the last round of such a group fails half-way.
# Where no comment can follow the white space, none is looked for.
TRIVIA = rf"[ \t\n\r\f]*+(?:(?![/#])|(?>(?:[ \t\n\r\f]++|{COMMENT})*))"

INCLUDE_DEPTH = 10

_TRIVIA = re.compile(TRIVIA)
_TOKEN = re.compile(
    # Longest match wins in the scanner: hexadecimal before decimal, floats before integers, L before none.
    rf"(?P<INT64>{INTEGER}LL?)|(?P<FLOAT>{FLOAT})|(?P<INT>{INTEGER})|(?P<NAME>{NAME})|(?P<STRING>{STRING})"
    r"|(?P<EQUALS>[=:])|(?P<COMMA>,)|(?P<SEMICOLON>;)|(?P<GROUP>\{)|(?P<GROUP_END>\})"
    r"|(?P<ARRAY>\[)|(?P<ARRAY_END>\])|(?P<LIST>\()|(?P<LIST_END>\))|(?P<GARBAGE>[\s\S])"
)
_BOOLEAN = re.compile(BOOLEAN)
_INCLUDE = re.compile(r"@include[ \t]++\"")
_INCLUDE_NAME = re.compile(r'([^"\\]*+(?:\\[\s\S][^"\\]*+)*)"')
_INCLUDE_ESCAPE = re.compile(r'\\(["\\]?)')


class TokenType(Enum):
    """What the scanner tells apart."""

    NAME = "NAME"
    BOOL = "BOOL"
    INT = "INT"
    INT64 = "INT64"
    FLOAT = "FLOAT"
    STRING = "STRING"
    EQUALS = "EQUALS"
    COMMA = "COMMA"
    SEMICOLON = "SEMICOLON"
    GROUP = "GROUP"
    GROUP_END = "GROUP_END"
    ARRAY = "ARRAY"
    ARRAY_END = "ARRAY_END"
    LIST = "LIST"
    LIST_END = "LIST_END"
    GARBAGE = "GARBAGE"
    END = "END"


class Lexeme(NamedTuple):
    """A token with its start and end in the flat text."""

    token: TokenType
    start: int
    end: int


class Unclosed(NamedTuple):
    """A comment or string that swallowed the rest of the text, which libconfig takes for its end."""

    what: str
    start: int


_TOKENS = {token.value: token for token in TokenType}
_MARKS = {"/*": "comment", '"': "string"}


class Scanner:
    """Hands out one token after another of a text and of the files that it includes."""

    def __init__(self, main: Source, files: IncludeFiles) -> None:
        self.text = main.text
        self.pos = 0
        self.unclosed: Unclosed | None = None
        self.directives: list[tuple[Place, str]] = []
        """Where files are included, and the names as written."""
        self._files = files
        self._segments = [Segment(0, main, 0)]
        self._open: list[tuple[Source, int]] = [(main, len(main.text))]
        """The files being read, outermost first, each with its end in the flat text."""
        self._line_start = 0
        """Where the piece in hand begins if a line begins there, else -1."""
        self._ahead: Lexeme | None = None

    @property
    def included(self) -> bool:
        """Whether the text holds more than the main file by now."""
        return len(self._segments) > 1

    def flat(self) -> Flat:
        """What has been read so far, with everything included up to here."""
        return Flat(self.text, tuple(self._segments))

    def peek(self) -> Lexeme:
        """The next token, which stays the next."""
        if self._ahead is None:
            self._ahead = self._scan()
        return self._ahead

    def next(self) -> Lexeme:
        """The next token; END again and again at the end."""
        lexeme = self.peek()
        self._ahead = None
        self.pos = lexeme.end
        return lexeme

    def jump(self, pos: int) -> None:
        """Go on at ``pos``, a boundary between tokens that the caller found by itself."""
        self._ahead = None
        self.pos = pos

    def _scan(self) -> Lexeme:
        pos = self.pos
        while True:
            end = self._open[-1][1]
            trivia = _TRIVIA.match(self.text, pos, end)
            pos = trivia.end() if trivia else pos
            if pos == end:
                if len(self._open) == 1:
                    return Lexeme(TokenType.END, pos, pos)
                self._leave()
                continue
            char = self.text[pos]
            if char == "@" and (opening := self._include_at(pos, end)):
                pos = self._include(opening, end)
                if pos < 0:
                    return Lexeme(TokenType.END, len(self.text), len(self.text))
                continue
            # Strings and comments run on into the including file when the included one ends in them.
            mark = '"' if char == '"' else self.text[pos : min(pos + 2, end)]
            limit = len(self.text) if mark in _MARKS else end
            if mark == "/*":
                closed = self.text.find("*/", pos + 2)
                if closed >= 0:
                    pos = self._catch_up(closed + 2)
                    continue
                return self._swallowed(mark, pos)
            found = _TOKEN.match(self.text, pos, limit)
            if found is None or found.lastgroup is None:
                raise AssertionError("the last alternative matches every character")
            token = _TOKENS[found.lastgroup]
            if token is TokenType.GARBAGE and char == '"':
                return self._swallowed(mark, pos)
            if token is TokenType.NAME and _BOOLEAN.fullmatch(found[0]):
                token = TokenType.BOOL
            return Lexeme(token, pos, self._catch_up(found.end()))

    def _swallowed(self, mark: str, pos: int) -> Lexeme:
        self.unclosed = Unclosed(_MARKS[mark], pos)
        return Lexeme(TokenType.END, len(self.text), len(self.text))

    def _catch_up(self, pos: int) -> int:
        while pos > self._open[-1][1]:
            self._leave()
        return pos

    def _leave(self) -> None:
        self._open.pop()
        self._line_start = -1

    def _include_at(self, pos: int, end: int) -> re.Match[str] | None:
        """The opening of an include directive, which has its line to itself up to here."""
        line = pos
        floor = self._segments[self._segment_index(pos)].start
        while line > floor and self.text[line - 1] in " \t":
            line -= 1
        at_line_start = line == self._line_start or (line > floor and self.text[line - 1] == "\n")
        return _INCLUDE.match(self.text, pos, end) if at_line_start else None

    def _segment_index(self, pos: int) -> int:
        index = len(self._segments) - 1
        while self._segments[index].start > pos:
            index -= 1
        return index

    def _include(self, opening: re.Match[str], end: int) -> int:
        """Put the file in place of its directive; the position where it begins, -1 at an open quote."""
        start = opening.start()
        at = self.flat().place(start)
        name = _INCLUDE_NAME.match(self.text, opening.end(), end)
        if name is None and _INCLUDE_NAME.match(self.text, opening.end()):
            # 1.5 would join the name from both files, and open that.
            remedy = "close the quote in the included file"
            raise ConfigSyntaxError(at, "the end of an included file", 'a closing " for @include', remedy)
        if name is None:
            # The scanner takes the rest for the file's name and then the end for the end of the text.
            self.unclosed = Unclosed("name of the file to include", start)
            return -1
        file_name = _INCLUDE_ESCAPE.sub(r"\1", name[1]).partition("\0")[0]
        self.directives.append((at, file_name))
        found = f'@include "{file_name}"'
        if len(self._open) > INCLUDE_DEPTH:
            raise ConfigSyntaxError(
                at,
                found,
                f"at most {INCLUDE_DEPTH} files that include one another",
                "break the circle of includes",
            )
        try:
            source = self._files.open(file_name)
        except OSError as error:
            where = (
                f"in the include directory {self._files.directory}"
                if self._files.directory is not None
                else "in the working directory of the process that reads it, not beside this file"
            )
            raise ConfigSyntaxError(
                at,
                f"{found}, which cannot be opened ({error.strerror or 'no such file'})",
                "a file that can be read",
                f"create the file or write its full path; a relative name is looked for {where}",
            ) from None
        index = self._segment_index(start)
        opened_at, parent, local = self._segments[index]
        grown = len(source.text) - (name.end() - start)
        self.text = self.text[:start] + source.text + self.text[name.end() :]
        self._open = [(file, stop + grown) for file, stop in self._open]
        self._open.append((source, start + len(source.text)))
        self._segments[index + 1 :] = [
            Segment(start, source, 0),
            Segment(start + len(source.text), parent, local + name.end() - opened_at),
            *(later._replace(start=later.start + grown) for later in self._segments[index + 1 :]),
        ]
        self._line_start = start
        return start
