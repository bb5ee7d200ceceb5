"""Replacing one stretch of a document's text, and only the nodes that stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ppinui.libconfig.includes import IncludeFiles, Source
from ppinui.libconfig.nodes import ConfigSyntaxError, Kind, Node
from ppinui.libconfig.parser import depth_of, parse_settings
from ppinui.libconfig.scanner import Scanner, Token

if TYPE_CHECKING:
    from ppinui.libconfig.document import Document, Setting

_BEHIND_ELEMENT = frozenset((Token.COMMA, Token.ARRAY_END, Token.LIST_END))


class Splice(NamedTuple):
    """New text for a stretch of the flat text; ``start`` equal to ``end`` inserts."""

    start: int
    end: int
    text: str

    def applied(self, text: str) -> str:
        """The text with the stretch replaced."""
        return text[: self.start] + self.text + text[self.end :]


class Among(NamedTuple):
    """The settings of the group ``parent`` from index ``first`` to ``last`` - 1; none if they are equal."""

    parent: Setting
    first: int
    last: int


def graft(document: Document, among: Among, splice: Splice, names: Sequence[str]) -> Document | None:
    """The document with ``splice`` made between the settings around ``among``.

    None when the text then does not hold exactly settings of these ``names`` there and all others as before.
    """
    if len(document.flat.segments) > 1:
        return _read_again(document, among, splice, names)
    parent, first, last = among
    siblings = parent.children
    expected = list(names)
    while first > 0 and _is_open(document, siblings[first - 1]):
        # A number without a terminator could run into what now follows it: read it again too.
        first -= 1
        expected.insert(0, str(siblings[first].name))
    start = _end(siblings[first - 1]) if first > 0 else parent.body_start
    stop = siblings[last].flat_start if last < len(siblings) else parent.body_end
    text = splice.applied(document.text)
    grown = len(text) - len(document.text)
    source = Source(document.origin, text)
    try:
        nodes = parse_settings(source, start, stop + grown, depth=depth_of(_ancestors(parent)))
    except ConfigSyntaxError:
        return None
    if nodes is None or [node.name for node in nodes] != expected:
        return None
    end = start + sum(node.lead + node.width for node in nodes)
    following = list(parent.node.children[last:])
    if following:
        following[0] = following[0]._replace(lead=stop + grown - end)
    children = (*parent.node.children[:first], *nodes, *following)
    return document.with_text(text, _upwards(parent, _regrown(parent.node, children, grown)), grown)


def graft_element(document: Document, element: Setting, raw: str, kind: Kind) -> Document | None:
    """The document with another scalar in place of one element of an array or list."""
    old = element.node
    start = element.flat_start
    splice = Splice(start, start + old.stop, raw)
    if len(document.flat.segments) > 1:
        return _text_read_again(document, splice)
    text = splice.applied(document.text)
    scanner = Scanner(Source(document.origin, text), IncludeFiles(None))
    scanner.jump(start)
    value = scanner.next()
    if value.end != start + len(raw) or scanner.next().token not in _BEHIND_ELEMENT:
        return None
    node = old._replace(kind=kind, stop=len(raw), width=len(raw))
    return document.with_text(text, _upwards(element, node), len(raw) - old.stop)


def own_stretch(document: Document, start: int, end: int) -> tuple[int, int] | None:
    """A stretch of the flat text, in the document's own text; None when it begins or ends elsewhere."""
    flat = document.flat
    source, low = flat.locate(start)
    if source is not document.source:
        return None
    if start == end:
        return low, low
    source, last = flat.locate(end - 1)
    return (low, last + 1) if source is document.source else None


def _read_again(document: Document, among: Among, splice: Splice, names: Sequence[str]) -> Document | None:
    edited = _text_read_again(document, splice)
    if edited is None:
        return None
    parent, first, last = among
    before = [str(child.name) for child in parent.children]
    group = edited.get(parent.path)
    if group is None or [str(child.name) for child in group.children] != [
        *before[:first],
        *names,
        *before[last:],
    ]:
        return None
    return edited


def _text_read_again(document: Document, splice: Splice) -> Document | None:
    """A document that includes others: what follows an edit can depend on them, so read all of it."""
    stretch = own_stretch(document, splice.start, splice.end)
    if stretch is None:
        return None
    own = Splice(*stretch, splice.text)
    try:
        return document.with_text(own.applied(document.text), None)
    except ConfigSyntaxError:
        return None


def _is_open(document: Document, setting: Setting) -> bool:
    return setting.kind.scalar and document.flat.text[_end(setting) - 1] not in ';,"'


def _end(setting: Setting) -> int:
    return setting.flat_start + setting.node.width


def _ancestors(setting: Setting) -> Iterator[tuple[Kind, int]]:
    here = setting
    while here.parent is not None:
        yield here.parent.kind, here.index
        here = here.parent


def _regrown(node: Node, children: tuple[Node, ...], grown: int) -> Node:
    return node._replace(children=children, stop=node.stop + grown, width=node.width + grown)


def _upwards(setting: Setting, node: Node) -> Node:
    """The root of the tree in which ``node`` stands in place of a setting's own."""
    grown = node.width - setting.node.width
    here = setting
    while here.parent is not None:
        siblings = here.parent.node.children
        siblings = (*siblings[: here.index], node, *siblings[here.index + 1 :])
        here = here.parent
        node = _regrown(here.node, siblings, grown)
    return node
