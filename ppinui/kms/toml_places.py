"""Where each value of a TOML file stands: tomlkit keeps every byte, and says of none where it was."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import Final

Path = tuple[str | int, ...]
"""Names of tables and keys; numbers for the elements of arrays, and of arrays of tables."""

MARK: Final = "\ufeff"
"""The byte order mark that editors on Windows put in front: the KMS passes it by, Python's readers do not."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART: Final = re.compile(r"""[ \t]*(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'", re.DOTALL
)
# A date and a time may have one blank between them.
_WORD: Final = re.compile(r"[^\s,\]}#]+(?: \d\d:\d\d[^\s,\]}#]*)?")


@dataclass(frozen=True)
class Span:
    """Offsets of a value in the text. ``key`` is where its key begins, or the element itself."""

    key: int
    start: int
    end: int


def find_values(text: str) -> dict[Path, Span]:
    """Where the values of a text stand that a TOML parser has read; the tables' headers too.

    Of a header, ``start`` and ``end`` are those of the line's brackets.
    """
    return _Finder(text).find()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The place of an offset for people: both counted from 1, the column in characters."""
    begin = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - begin + 1


def _name(key: str) -> str:
    """A key as it is meant: one in quotes may have escapes in it."""
    (name,) = tomllib.loads(f"{key} = 0")
    return name


class _Finder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = len(MARK) if text.startswith(MARK) else 0
        self._found: dict[Path, Span] = {}
        self._tables: Counter[Path] = Counter()

    def find(self) -> dict[Path, Span]:
        table: Path = ()
        while self._skip() < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._setting(table)
        return self._found

    def _skip(self) -> int:
        """Pass by blanks, line ends and comments."""
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            match = _KEY_PART.match(self._text, self._at)
            assert match is not None
            parts.append(_name(match[0]))
            self._at = match.end()
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _header(self) -> Path:
        start = self._at
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._at += brackets
        path = self._within_last(self._key())
        self._at += brackets
        if brackets == 2:
            self._tables[path] += 1
            path = (*path, self._tables[path] - 1)
        self._found[path] = Span(start, start, self._at)
        return path

    def _within_last(self, names: Path) -> Path:
        """The path in full of a header's names: what is in an array of tables belongs to its last one."""
        path: Path = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return (*path, names[-1])

    def _setting(self, table: Path) -> None:
        key = self._at
        path = table + self._key()
        self._at += 1  # the equals sign
        self._skip()
        self._value(path, key)

    def _value(self, path: Path, key: int | None = None) -> None:
        start = self._at
        if self._text[start] == "[":
            self._elements(path, "]")
        elif self._text[start] == "{":
            self._elements(path, "}")
        else:
            match = _STRING.match(self._text, start) or _WORD.match(self._text, start)
            assert match is not None
            self._at = match.end()
        self._found[path] = Span(start if key is None else key, start, self._at)

    def _elements(self, path: Path, closing: str) -> None:
        """What is inside the brackets of an array, or the braces of an inline table."""
        self._at += 1
        number = 0
        while self._text[self._skip()] != closing:
            if self._text[self._at] == ",":
                self._at += 1
            elif closing == "]":
                self._value((*path, number))
                number += 1
            else:
                self._setting(path)
        self._at += 1
