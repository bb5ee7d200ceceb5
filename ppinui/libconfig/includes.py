"""Texts with their lines, and one text put together from a file and the files it includes."""

from __future__ import annotations

import errno
import stat
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from ppinui.diagnostic import Place


def decode(raw: bytes) -> str:
    """Bytes of a file as text that ``encode`` turns back into the same bytes, Latin-1 ones included."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that ``decode`` made this text from. Raises UnicodeEncodeError for other surrogates."""
    return text.encode("utf-8", "surrogateescape")


def read_regular(path: Path) -> bytes:
    """The content of a regular file; OSError for what else there is: a pipe would be waited for, for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return path.read_bytes()


class Source:
    """The text of one file under the name that messages call it by."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _line_starts(self) -> list[int]:
        lengths = accumulate(map(len, self.text.split("\n")), initial=0)
        return [before + newlines for newlines, before in enumerate(lengths)][:-1]

    def place(self, offset: int) -> Place:
        """Line and column of a character; lines end at ``\\n``, as the C library counts them."""
        line = bisect_right(self._line_starts, offset)
        return Place(self.name, line, offset - self._line_starts[line - 1] + 1)


class Segment(NamedTuple):
    """From ``start`` of the flat text on stands ``source``'s text from ``offset`` on."""

    start: int
    source: Source
    offset: int


class Flat(NamedTuple):
    """What the C scanner sees: the text with each ``@include`` line replaced by that file's text."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, source: Source) -> Flat:
        """A file that includes nothing."""
        return cls(source.text, (Segment(0, source, 0),))

    def segment(self, offset: int) -> tuple[int, int]:
        """Start and end, in the flat text, of the piece of one file that ``offset`` lies in."""
        index = self._index(offset)
        following = index + 1
        end = self.segments[following].start if following < len(self.segments) else len(self.text)
        return self.segments[index].start, end

    def locate(self, offset: int) -> tuple[Source, int]:
        """The file that this character of the flat text comes from, and the offset in it."""
        start, source, local = self.segments[self._index(offset)]
        return source, local + offset - start

    def place(self, offset: int) -> Place:
        """Where this character of the flat text stands for the user."""
        source, local = self.locate(offset)
        return source.place(local)

    def _index(self, offset: int) -> int:
        if len(self.segments) == 1:
            return 0
        return bisect_right(self.segments, offset, key=lambda segment: segment.start) - 1


class IncludeFiles:
    """Reads included files, each once, so that an edited document sees the same ones as before."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._read: dict[str, Source] = {}

    def open(self, name: str) -> Source:
        """The file of an ``@include``; OSError when it cannot be read.

        The C library puts its include directory before every name, without one it takes the name as
        it is, so relative to the working directory.
        """
        if name not in self._read:
            # As C joins them: an absolute name too goes below the include directory.
            path = Path(f"{self.directory}/{name}") if self.directory is not None else Path(name)
            if not name:
                raise FileNotFoundError(name)
            self._read[name] = Source(str(path), decode(read_regular(path)))
        return self._read[name]
