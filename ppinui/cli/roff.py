r"""Text as roff's man(7) macros have it: escaped, in sections, paragraphs, tagged items and examples.

What comes out is ASCII, and is read by groff, mandoc and every other man: a character beyond it is written
``\[uXXXX]``. Every hyphen is written ``\-``: an option that is copied from the page has to work.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

_WIDTH = 78
"""Columns of a line of the source. What is shown is filled anew by the reader's man."""
_ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
_LITERAL = re.compile(r"(?<![\w-])(?:--?[a-zA-Z][\w-]*|ppinui(?: [a-z][a-z-]*)*)(?!\w)")
_PLACEHOLDER = re.compile(r"(?<![\w-])[A-Z][A-Z_]*(?!\w)")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +(?=[A-Z])")


def escape(text: str) -> str:
    """The text so that roff shows it as it is."""
    return "".join(
        _ESCAPES.get(character) or (character if character.isascii() else rf"\[u{ord(character):04X}]")
        for character in text
    )


def bold(text: str) -> str:
    """What is typed as it is written."""
    return rf"\fB{escape(text)}\fR"


def usage(text: str) -> str:
    """A line of usage: options and commands bold, placeholders (``FILE``) in italics."""
    shown, end = [], 0
    words = [(found.start(), bold(found[0]), found.end()) for found in _LITERAL.finditer(text)]
    words += [
        (found.start(), rf"\fI{escape(found[0])}\fR", found.end()) for found in _PLACEHOLDER.finditer(text)
    ]
    for start, word, behind in sorted(words):
        shown += [escape(text[end:start]), word]
        end = behind
    return "".join(shown) + escape(text[end:])


class Page:
    """A page that grows from its head; ``str(page)`` is its source."""

    def __init__(self, name: str, section: int, source: str, manual: str) -> None:
        # The empty one is the date: the same program makes the same page on every day.
        heads = " ".join(f'"{escape(word)}"' for word in ("", source, manual))
        # Names of variables and files are no words to be hyphenated.
        self._lines = [f".TH {escape(name.upper())} {section} {heads}", ".nh", ".ad l"]

    def section(self, title: str) -> None:
        self._lines.append(f'.SH "{escape(title)}"')

    def subsection(self, title: str) -> None:
        self._lines.append(f'.SS "{escape(title)}"')

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._begin_paragraph()
        self._fill(escape(text))

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of roff, such as :func:`usage` returns, each on a line of its own."""
        self._begin_paragraph()
        for number, line in enumerate(lines):
            self._lines += [".br"] * (number > 0) + [_guarded(line)]

    def item(self, tag: str, text: str) -> None:
        """A tag (roff, from :func:`usage` or :func:`bold`) and its description."""
        self._lines += [".TP", tag]
        self._fill(escape(text))

    def example(self, title: str, lines: Iterable[str]) -> None:
        """A title, and lines that are shown as they are."""
        self.paragraph(title)
        self._lines += [".RS 4", ".EX", *(_guarded(escape(line)) for line in lines), ".EE", ".RE"]

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _begin_paragraph(self) -> None:
        if not self._lines[-1].startswith((".SH", ".SS")):
            self._lines.append(".PP")

    def _fill(self, roff: str) -> None:
        for sentence in _SENTENCE_END.split(" ".join(roff.split())):
            lines = textwrap.wrap(sentence, _WIDTH, break_on_hyphens=False, break_long_words=False)
            self._lines += map(_guarded, lines)


def _guarded(line: str) -> str:
    """A dot at the beginning of a line would be a macro's."""
    return rf"\&{line}" if line.startswith(".") else line
