"""A libconfig file as a lossless document: its text, and the settings in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterator
from functools import cached_property
from pathlib import Path

from ppinui.diagnostic import Place
from ppinui.errors import PpinuiError
from ppinui.libconfig.includes import Flat, IncludeFiles, Source, decode, encode, read_regular
from ppinui.libconfig.nodes import Comment, ConfigSyntaxError, EditRefused, Kind, Node, Scalar, TextEdit
from ppinui.libconfig.parser import Before, ParsedText, parse_source
from ppinui.libconfig.scalars import read_scalar
from ppinui.libconfig.scanner import COMMENT, STRING

__all__ = [
    "Comment",
    "ConfigSyntaxError",
    "Document",
    "EditRefused",
    "Kind",
    "Scalar",
    "Setting",
    "encode",
    "load",
    "parse",
]

# Strings are in it so that a mark in one begins no comment; the last two are those without an end.
_COMMENT_OR_STRING = re.compile(rf'({COMMENT})|{STRING}|(/\*[\s\S]*)|"[\s\S]*')


def parse(
    text: str, origin: str = "primus.cfg", *, include_dir: Path | None = None, allow_duplicates: bool = False
) -> Document:
    """The document of a text decoded as UTF-8 with surrogateescape; ``origin`` names it in messages.

    Raises ConfigSyntaxError for what the C library 1.5 rejects. ``include_dir`` stands before the names of
    included files, as the C library's include directory does; None: the working directory.
    ``allow_duplicates`` reads a text whose only fault is that names are there twice.
    """
    return _document(Source(origin, text), IncludeFiles(include_dir), allow_duplicates)


def load(path: Path, *, allow_duplicates: bool = False) -> Document:
    """The document of a file; PpinuiError when it cannot be read, ConfigSyntaxError as for ``parse``."""
    try:
        raw = read_regular(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if isinstance(error, PermissionError):
            remedy = "read it as a member of the group that owns it (newgrp primus), or as root"
        elif isinstance(error, FileNotFoundError):
            remedy = "check the path, or name the file with -c FILE"
        else:
            remedy = "name a readable file with -c FILE"
        raise PpinuiError(f"the configuration cannot be read: {reason}", str(path), remedy) from error
    return parse(decode(raw), str(path), allow_duplicates=allow_duplicates)


class Setting:
    """One setting of a document, or one element of an array or list; a cheap view, made on demand."""

    __slots__ = ("_children", "_document", "flat_start", "index", "node", "parent")

    def __init__(
        self, document: Document, node: Node, flat_start: int, parent: Setting | None, index: int
    ) -> None:
        self._document = document
        self.node = node
        self.flat_start = flat_start
        """Where it stands in the document's text with its includes put in."""
        self.parent = parent
        self.index = index
        self._children: tuple[Setting, ...] | None = None

    def __repr__(self) -> str:
        # Never the value: it may be a password.
        return f"<Setting {self.path or '(root)'} ({self.kind.value}) at {self.place}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Setting):
            return NotImplemented
        return (
            self._document is other._document
            and self.node is other.node
            and self.flat_start == other.flat_start
        )

    def __hash__(self) -> int:
        return hash((id(self.node), self.flat_start))

    @property
    def name(self) -> str | None:
        """Its name; None for the root and for elements of arrays and lists."""
        return self.node.name

    @property
    def path(self) -> str:
        """Names from the root on, joined by dots; an element is ``[2]``."""
        steps = []
        here: Setting | None = self
        while here is not None and here.parent is not None:
            steps.append(here.name if here.name is not None else f"[{here.index}]")
            here = here.parent
        return ".".join(reversed(steps))

    @property
    def kind(self) -> Kind:
        """What it holds."""
        return self.node.kind

    @property
    def value(self) -> Scalar:
        """The value as the C library 1.5 reads it; TypeError for groups, arrays and lists."""
        return read_scalar(self.node.kind, self.raw)

    @property
    def raw(self) -> str:
        """The source text of the value, as written."""
        start, node = self.flat_start, self.node
        return self._document.flat_text[start + node.value : start + node.stop]

    @property
    def children(self) -> tuple[Setting, ...]:
        """Settings of a group, elements of an array or list, in the order of the file; () for scalars."""
        if self._children is None:
            made = []
            document = self._document
            at = self.body_start
            for index, node in enumerate(self.node.children):
                at += node.lead
                made.append(Setting(document, node, at, self, index))
                at += node.width
            self._children = tuple(made)
        return self._children

    def sources(self) -> Iterator[tuple[Node, str]]:
        """The node of each child with the source text of its value ("" for groups); views cost more."""
        text = self._document.flat_text
        at = self.body_start
        for node in self.node.children:
            at += node.lead
            yield node, text[at + node.value : at + node.stop] if not node.children else ""
            at += node.width

    def get(self, name: str) -> Setting | None:
        """The child of this name, the first if there are several; elements as ``[2]``."""
        if self._children is not None:
            return next(
                (child for child in self._children if _is_called(child.node, child.index, name)), None
            )
        at = self.body_start
        for index, node in enumerate(self.node.children):
            at += node.lead
            if _is_called(node, index, name):
                return Setting(self._document, node, at, self, index)
            at += node.width
        return None

    @property
    def place(self) -> Place:
        """Where its name (or the element) begins."""
        return self._document.flat.place(self.flat_start)

    @property
    def start(self) -> int:
        """Offset of its name in the text of ``place.file``, as the three below."""
        return self._local(self.flat_start)

    @property
    def end(self) -> int:
        """Offset behind its terminator, or behind its value if it has none."""
        return self._local(self.flat_start + self.node.width, closing=True)

    @property
    def value_start(self) -> int:
        """Offset of its value."""
        return self._local(self.flat_start + self.node.value)

    @property
    def value_end(self) -> int:
        """Offset behind its value."""
        return self._local(self.flat_start + self.node.stop, closing=True)

    @property
    def read_only(self) -> bool:
        """Whether some of it comes from an included file, where it is not ours to edit."""
        flat = self._document.flat
        if len(flat.segments) == 1 or self.parent is None:
            return False
        last = self.flat_start + self.node.width - 1
        if self.kind.scalar:
            whole = flat.segment(self.flat_start) == flat.segment(last)
            return not (whole and flat.locate(self.flat_start)[0] is self._document.source)
        marks = (
            self.flat_start,
            self.flat_start + self.node.value,
            self.flat_start + self.node.stop - 1,
            last,
        )
        return any(flat.locate(mark)[0] is not self._document.source for mark in marks)

    @property
    def body_start(self) -> int:
        """Flat offset behind the opening brace of a group, array or list (0 for the root)."""
        return self.flat_start + self.node.value + 1 if self.parent is not None else 0

    @property
    def body_end(self) -> int:
        """Flat offset of its closing brace (the end of the text for the root)."""
        return self.flat_start + self.node.stop - (1 if self.parent is not None else 0)

    def _local(self, offset: int, *, closing: bool = False) -> int:
        flat = self._document.flat
        if len(flat.segments) == 1:
            return offset
        if closing:
            return flat.locate(offset - 1)[1] + 1
        return flat.locate(offset)[1]


class Document:
    """An immutable libconfig document; an edit (see ``edit``) makes another one."""

    def __init__(
        self, source: Source, parsed: ParsedText, files: IncludeFiles, allow_duplicates: bool
    ) -> None:
        self.source = source
        self.parsed = parsed
        self.flat_text = parsed.flat.text
        self.files = files
        self.allow_duplicates = allow_duplicates

    def __repr__(self) -> str:
        return f"<Document {self.origin}, {len(self.text)} characters>"

    @property
    def text(self) -> str:
        """The text of the file, every character."""
        return self.source.text

    @property
    def origin(self) -> str:
        """The name of the file in messages."""
        return self.source.name

    @property
    def flat(self) -> Flat:
        """The text with its includes put in, as the C scanner sees it."""
        return self.parsed.flat

    @cached_property
    def root(self) -> Setting:
        """The group that holds everything; its path is empty."""
        return Setting(self, self.parsed.root, 0, None, 0)

    def get(self, path: str) -> Setting | None:
        """The setting at a path such as ``primus.hsms.hsm0.port`` or ``a.[2]``; the root for ""."""
        here: Setting | None = self.root
        for step in path.split(".") if path else ():
            if here is None:
                return None
            here = here.get(step)
        return here

    def walk(self, but: Container[int] = ()) -> Iterator[Setting]:
        """All settings and elements but the root, each before its children, in the order of the file.

        ``but``: those inside of nodes with these identities are left out.
        """
        todo = list(reversed(self.root.children))
        while todo:
            setting = todo.pop()
            yield setting
            if setting.node.children and id(setting.node) not in but:
                todo.extend(reversed(setting.children))

    def setting_at(self, offset: int) -> Setting:
        """The innermost setting around a character of the flat text; the root for what is in none."""
        here = self.root
        while True:
            children = here.children
            index = bisect_right(children, offset, key=lambda child: child.flat_start) - 1
            if index < 0 or offset >= children[index].flat_start + children[index].node.width:
                return here
            here = children[index]

    @cached_property
    def duplicates(self) -> tuple[Setting, ...]:
        """The second and later settings of a name in one group, which the C library rejects."""
        found: list[Setting] = []
        for group in (self.root, *self.walk()) if self.parsed.may_have_duplicates else ():
            if group.kind is Kind.GROUP:
                seen: set[str | None] = set()
                for child in group.children:
                    if child.name in seen:
                        found.append(child)
                    seen.add(child.name)
        return tuple(sorted(found, key=lambda setting: setting.flat_start))

    def comments(self, stop: int | None = None) -> Iterator[Comment]:
        """The comments of the file itself, in order; those before the offset ``stop`` if it is given."""
        for found in _COMMENT_OR_STRING.finditer(self.text, 0, len(self.text) if stop is None else stop):
            comment = (found[1] or found[2] or "").rstrip("\r")
            if comment:
                yield Comment(found.start(), found.start() + len(comment), comment)

    def place_of(self, offset: int) -> Place:
        """Line and column of an offset in ``text``."""
        return self.source.place(offset)

    def with_text(self, text: str) -> Document:
        """Another text of the same file, read from its beginning. Raises ConfigSyntaxError."""
        return _document(Source(self.origin, text), self.files, self.allow_duplicates)

    def with_edit(self, edit: TextEdit) -> Document:
        """The document with a stretch of ``text`` replaced. Raises ConfigSyntaxError.

        Settings outside of the groups around the edit have the same ``node`` as before.
        """
        source = Source(self.origin, edit.applied(self.text))
        return _document(source, self.files, self.allow_duplicates, Before(self.parsed, edit))


def _document(
    source: Source, files: IncludeFiles, allow_duplicates: bool, before: Before | None = None
) -> Document:
    parsed = parse_source(source, files, allow_duplicates=allow_duplicates, before=before)
    return Document(source, parsed, files, allow_duplicates)


def _is_called(node: Node, index: int, name: str) -> bool:
    return node.name == name if node.name is not None else name == f"[{index}]"
