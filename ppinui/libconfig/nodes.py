"""The parts of a libconfig document: kinds, nodes, comments, edits of text, and its two errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from ppinui.diagnostic import Place
from ppinui.errors import PpinuiError

Scalar = str | int | float | bool
Content = Scalar | Mapping[str, Any]
"""What can be inserted: a value, or a group as a mapping of names to such."""


class Kind(Enum):
    """What a setting holds; ``value`` is the word that people use."""

    GROUP = "group"
    ARRAY = "array"
    LIST = "list"
    STRING = "string"
    INT = "int"
    INT64 = "int64"
    FLOAT = "float"
    BOOL = "bool"

    __hash__ = object.__hash__  # Enum's own is five times as slow

    @property
    def scalar(self) -> bool:
        """Whether it is one value, neither group nor array nor list."""
        return self not in _CONTAINERS


_CONTAINERS = frozenset((Kind.GROUP, Kind.ARRAY, Kind.LIST))


@dataclass(frozen=True)
class Comment:
    """A comment of any of the three kinds with its marks; offsets into the document's text."""

    start: int
    end: int
    text: str


class TextEdit(NamedTuple):
    """New text for the stretch from ``start`` to ``end`` of a text; where they are equal it is inserted."""

    start: int
    end: int
    text: str

    @property
    def grown(self) -> int:
        """How many characters the text has more than before."""
        return len(self.text) - (self.end - self.start)

    def applied(self, text: str) -> str:
        """The text with the stretch replaced."""
        return text[: self.start] + self.text + text[self.end :]


class ConfigSyntaxError(PpinuiError):
    """The C libconfig 1.5 rejects the text: where (``at``), what is there, what may stand there."""

    def __init__(self, at: Place, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"found {found}, expected {expected}", str(at), remedy)
        self.at = at
        self.found = found
        self.expected = expected


class EditRefused(PpinuiError):
    """An edit that libconfig could not hold, or that would touch what is not the document's own."""


class Node(NamedTuple):
    """One setting, or one element of an array or list, measured relative to what stands before it.

    Nothing in a node says where in the text it stands, so nodes before and behind an edit are shared
    between the old document and the new one. All numbers count characters.
    """

    kind: Kind
    lead: int
    """From the end of the sibling before (or the opening brace) to ``name``: white space, comments and,
    in arrays and lists, the comma."""
    name: str | None
    value: int
    """From the node's start to its value's start."""
    stop: int
    """From the node's start to its value's end."""
    width: int
    """From the node's start to its end, terminator (``;`` or ``,`` in groups) included."""
    children: tuple[Node, ...]


def path_below(path: str, name: str) -> str:
    """The path of what has this name in the group at a path ("" is the root)."""
    return f"{path}.{name}" if path else name


def equal_nodes(old: Sequence[Node], new: Sequence[Node]) -> bool:
    """Whether nodes are equal, however deep they are nested."""
    try:
        return old == new
    except RecursionError:
        pass
    todo = [(old, new)]
    while todo:
        ones, others = todo.pop()
        if len(ones) != len(others):
            return False
        for one, other in zip(ones, others, strict=True):
            if one is not other:
                if one[:-1] != other[:-1]:
                    return False
                todo.append((one.children, other.children))
    return True


_NO_JOINTS: Mapping[int, int] = {}


class Frame:
    """A group, array or list whose end has not been seen yet."""

    __slots__ = ("children", "cost", "cursor", "joints", "kind", "lead", "name", "old", "start", "value")

    def __init__(  # noqa: PLR0917  # one call, in the parser's hottest place
        self, kind: Kind, lead: int, name: str | None, start: int, value: int, cost: int
    ) -> None:
        self.kind = kind
        self.lead = lead
        self.name = name
        self.start = start
        self.value = value
        self.cost = cost
        """Symbols on the parser's stack below its first child."""
        self.children: list[Node] = []
        self.cursor = value + 1
        """Where the last child, or else the opening brace, ends."""
        self.old: Node | None = None
        """The same group before an edit."""
        self.joints: Mapping[int, int] = _NO_JOINTS
        """Where the old settings behind the edit end now: the index of the one that follows each."""
