"""Clear-text passwords in the text of a primus.cfg: finding them, and showing the text without them.

It works on text, not on a parsed document, since people also want to see a file that does not parse, and
since a commented-out password is as readable as any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from ppinui.config.diff import DiffLine, lines_of, unified_diff
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import parse
from ppinui.text import MASK

# The documented names are pin and proxy_password. What comes of writing them from memory (Pin, pins, so_pin,
# proxy_pasword, setup_password, passwd) must not show a password either. What stands before is bounded, so
# that a long word costs no more than its length.
_NAMES: Final = (
    r"(?:[A-Za-z0-9_*-]{0,40}?[_-])?(?:pins?|pwd)"
    r"|[A-Za-z0-9_*-]{0,40}?pas+(?:[wo][a-z]{0,5}|phrase)"
    r"|(?:[A-Za-z0-9_*-]{0,40}?[_-]|proxy)?pas+"
)
"""The names of settings with a password, as a regular expression that ignores case."""

_NAME: Final = re.compile(_NAMES, re.IGNORECASE)
_BEGINNINGS: Final = re.compile("pin|pas|pwd", re.IGNORECASE)

SETUP_PASSWORD: Final = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}(?![A-Za-z0-9-])", re.I)
"""A setup password as the HSM makes it, wherever it stands: FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3."""


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name holds a password, or is meant to."""
    return bool(_NAME.fullmatch(name))


def is_secret_path(path: str) -> bool:
    """The same for a path: whether one of its names is such a one."""
    return any(map(is_secret_name, path.split(".")))


def _may_name_secrets(text: str) -> bool:
    """Whether any such name may stand in a text; False is certain, and known fast."""
    return bool(_BEGINNINGS.search(text))


def is_of_proxy(name: str) -> bool:
    """Whether a secret's name says that it is the service proxy's."""
    return "proxy" in name.lower()


def is_of_setup(name: str) -> bool:
    """Whether a secret's name says that it is a setup password, which the provider calls ``pin``."""
    return not is_of_proxy(name) and ("pin" in name.lower() or "setup" in name.lower())


def without_setup_passwords(data: Any) -> Any:
    """The same text, or object of texts for JSON, with ``••••`` for each word of a setup password's shape."""
    match data:
        case str():
            return SETUP_PASSWORD.sub(MASK, data)
        case Mapping():
            return {key: without_setup_passwords(value) for key, value in data.items()}
        case list() | tuple():
            return [without_setup_passwords(value) for value in data]
        case _:
            return data


MASK_CHANGED: Final = f"{MASK} (changed)"
"""The same in a diff, for a secret that is not the one that it replaces."""

SHAPE: Final = "setup password"
"""In the place of a name, for what has the shape of a setup password and no such name before it."""

# A comment, and what may stand between two words. Atomic, so that a comment never grows past its end in
# order to let the rest of a pattern match. A block comment that never ends goes on to the end of the text;
# so does a string.
_COMMENT: Final = r"(?>\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))"
_GAP: Final = rf"(?>(?:\s|{_COMMENT})*)"
_STRING: Final = r'"((?>(?:[^"\\]|\\.)*))(?:"|\\?\Z)'
_WORD: Final = r'((?>(?:(?!//|/\*)[^\s\#"(){}\[\]=:;,])+))'

_LANDMARK: Final = re.compile(
    rf"(?P<comment>{_COMMENT})|{_STRING}|(?<![\w*-])(?P<name>{_NAMES})(?![\w*-])", re.IGNORECASE | re.DOTALL
)
"""What has to be told apart to find the settings of these names; all else is passed over."""

_COMMENT_OR_STRING: Final = re.compile(rf"(?P<comment>{_COMMENT})|{_STRING}", re.DOTALL)
_SIGN: Final = re.compile(rf"{_GAP}[:=]", re.DOTALL)
_NEXT_STRING: Final = re.compile(rf"{_GAP}{_STRING}", re.DOTALL)
_NEXT_WORD: Final = re.compile(rf"{_GAP}{_WORD}", re.DOTALL)
_NEXT_BRACKET: Final = re.compile(rf"{_GAP}[({{[]", re.DOTALL)
_IN_BRACKETS: Final = re.compile(rf"{_COMMENT}|{_STRING}|{_WORD}|(?P<bracket>[][(){{}}])", re.DOTALL)

# A password the way people write one in a comment, or in a text whose quotes are in disorder: the name, the
# sign, then strings, or else whatever stands on the rest of the line. Comment signs may stand between, as
# they do where a setting of two lines was commented out line by line.
_LOOSE: Final = re.compile(
    rf"""(?<![A-Za-z0-9_])(?P<name>{_NAMES})(?![\w*-])
    (?: (?P<strings>(?:[\s\#/*:=]*"(?:[^"\\]|\\.)*")+)
      | [\s\#/*]*[:=]+[^\S\n]*(?P<rest>(?!\*/)[^\s;](?:(?!\*/)[^;\n])*) )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SIGNLESS: Final = re.compile(
    rf"^[^\S\n]*(?P<name>{_NAMES})[^\S\n]+(?P<rest>(?!/[/*])[^\s;:=\"#][^;\n]*)", re.IGNORECASE | re.MULTILINE
)
"""The same without a sign, at the start of a line of a text in disorder."""

_MIDDLE_OF_SHAPE: Final = re.compile(r"-[A-Z0-9]{5}-", re.IGNORECASE)
"""What each setup password has in it, found ten times as fast."""

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)

_PLACEHOLDER: Final = re.compile(r"\s*|<.*>|[.*•]+|[xX]+(?:-[xX]+)*|(?=.*_)[A-Z_]+", re.DOTALL)

_Span = tuple[int, int]


class Looks(Enum):
    """What a value looks like to somebody who reads it; ``value`` is the word for it."""

    REAL = "password"
    PLACEHOLDER = "placeholder"
    """Empty, or a word such as ``SERVICE_PASSWORD`` or ``<password>``."""
    PROSE = "prose"
    """Several words without quotes in a comment."""


@dataclass(frozen=True)
class ClearSecret:
    """Where a password stands in clear text; the password itself is not kept.

    ``name`` is the setting's name in lower case and ``start`` its offset; ``spans`` are the offsets (start,
    end) of the pieces of the value, without their quotes.
    """

    name: str
    start: int
    spans: tuple[_Span, ...]
    in_comment: bool
    looks: Looks


def find_secrets(text: str) -> tuple[ClearSecret, ...]:
    """Every password in a text, commented-out ones too, by offset: by its setting's name, or by its shape.

    In a text that parses these are the settings, as libconfig reads them, and what stands in comments. In
    one that does not, everything that looks like such a setting is taken as well: its quotes may be in
    disorder, and what seems to be a string need not be one.
    """
    found = list(_shapes(text))
    if not _may_name_secrets(text):
        return tuple(found)
    found += _settings_and_comments(text)
    known = {span for secret in found for span in secret.spans}
    stray = [*_loose(text, 0, len(text), in_comment=False), *_signless(text)]
    if any(not known.issuperset(secret.spans) for secret in stray) and not _parses(text):
        found += stray
    return tuple(_without_inner(_one_for_each_start(found)))


def is_any_lost(old: str, new: str) -> bool:
    """Whether a password that stood in the old text stands nowhere in the new one."""
    return any(
        secret.looks is Looks.REAL and any(old[start:end] not in new for start, end in secret.spans)
        for secret in find_secrets(old)
    )


def mask(text: str) -> str:
    """The same text with ``••••`` in the place of each clear-text password.

    All else stays as it is, line breaks within a secret too, so that line numbers hold.
    """
    return _without(text, _spans(text))


def masked_diff(old: str, new: str, name: str) -> str:
    """The unified diff of two texts of the file ``name`` without their secrets; empty where they are equal.

    A secret that changed still shows: the new line has ``•••• (changed)``.
    """
    return unified_diff(_masked_lines(old), _masked_lines(new), name)


def plain_diff(old: str, new: str, name: str) -> str:
    """The same with secrets in clear text, for a user who asked to see them."""
    return unified_diff(lines_of(old), lines_of(new), name)


def _shapes(text: str) -> Iterator[ClearSecret]:
    """What has the shape of a setup password, in whatever setting or comment."""
    if not _MIDDLE_OF_SHAPE.search(text):
        return
    found = list(SETUP_PASSWORD.finditer(text))
    comments = [mark.span() for mark in _COMMENT_OR_STRING.finditer(text) if mark["comment"]] if found else []
    for shape in found:
        in_comment = any(start <= shape.start() < end for start, end in comments)
        yield _secret(text, SHAPE, shape.start(), [shape.span()], in_comment=in_comment)


def _settings_and_comments(text: str) -> Iterator[ClearSecret]:
    """The secrets of a text as libconfig reads it: settings of these names, and what its comments hold."""
    position = 0
    block: _Span | None = None  # comments with nothing but space between them are read as one
    while landmark := _LANDMARK.search(text, position):
        position = landmark.end()
        if landmark["comment"] is not None:
            if block and not text[block[1] : landmark.start()].strip():
                block = (block[0], position)
                continue
            if block:
                yield from _loose(text, *block, in_comment=True)
            block = landmark.span()
        elif landmark["name"] is not None and (spans := _value_spans(text, position)):
            yield _secret(text, landmark["name"], landmark.start(), spans)
    if block:
        yield from _loose(text, *block, in_comment=True)


def _value_spans(text: str, position: int) -> list[_Span]:
    """Where the pieces of the value behind a setting's name stand, comments between them among these."""
    sign = _SIGN.match(text, position)
    if not sign:
        return []
    spans: list[_Span] = []
    position = sign.end()
    while string := _NEXT_STRING.match(text, position):
        # Nobody keeps prose between the pieces of a password: an old password is likelier.
        spans += [quoted.span(1) for quoted in _QUOTED.finditer(text, position, string.start(1) - 1)]
        spans.append(string.span(1))
        position = string.end()
    if not spans and (word := _NEXT_WORD.match(text, position)):
        spans.append(word.span(1))
    if not spans and (bracket := _NEXT_BRACKET.match(text, position)):
        spans += _spans_in_brackets(text, bracket.end())
    return spans


def _spans_in_brackets(text: str, position: int) -> Iterator[_Span]:
    """All words and strings up to the bracket that closes the one before ``position``."""
    depth = 1
    for found in _IN_BRACKETS.finditer(text, position):
        if bracket := found["bracket"]:
            depth += 1 if bracket in "({[" else -1
            if not depth:
                return
        elif found.lastindex:
            yield found.span(found.lastindex)


def _loose(text: str, start: int, end: int, *, in_comment: bool) -> Iterator[ClearSecret]:
    """What looks like one of these settings between two offsets, whatever stands around it.

    What seems to be the value of one may hold the next, where quotes are in disorder: so both are found.
    """
    while match := _LOOSE.search(text, start, end):
        start = match.end("name")
        if match["strings"] is not None:
            spans = [quoted.span(1) for quoted in _QUOTED.finditer(text, *match.span("strings"))]
            yield _secret(text, match["name"], match.start(), spans, in_comment=in_comment)
        else:
            rest = _trimmed(text, match.span("rest"))
            value = text[slice(*rest)]
            prose = in_comment and " " in value and value[0] not in "\"'"
            yield _secret(text, match["name"], match.start(), [rest], in_comment=in_comment, prose=prose)


def _signless(text: str) -> Iterator[ClearSecret]:
    for match in _SIGNLESS.finditer(text):
        yield _secret(text, match["name"], match.start("name"), [_trimmed(text, match.span("rest"))])


def _trimmed(text: str, span: _Span) -> _Span:
    """The span without white space at its end."""
    return span[0], span[0] + len(text[slice(*span)].rstrip())


def _secret(
    text: str, name: str, start: int, spans: list[_Span], *, in_comment: bool = False, prose: bool = False
) -> ClearSecret:
    if prose and not any(SETUP_PASSWORD.search(text, *span) for span in spans):
        looks = Looks.PROSE
    elif all(_PLACEHOLDER.fullmatch(text, *span) for span in spans):
        looks = Looks.PLACEHOLDER
    else:
        looks = Looks.REAL
    if (
        not is_of_proxy(name)
        and not is_of_setup(name)
        and any(SETUP_PASSWORD.search(text, *s) for s in spans)
    ):
        name = SHAPE
    return ClearSecret(name.lower(), start, tuple(spans), in_comment, looks)


def _one_for_each_start(secrets: Iterable[ClearSecret]) -> list[ClearSecret]:
    """In order, what was found twice at one place (quotes are in disorder there) as one."""
    found: dict[int, ClearSecret] = {}
    for secret in sorted(secrets, key=lambda one: one.start):
        if (before := found.get(secret.start)) is None:
            found[secret.start] = secret
            continue
        spans = tuple(dict.fromkeys((*before.spans, *secret.spans)))
        looks = min(before.looks, secret.looks, key=list(Looks).index)
        found[secret.start] = replace(before, spans=spans, looks=looks)
    return list(found.values())


def _without_inner(secrets: Iterable[ClearSecret]) -> Iterator[ClearSecret]:
    """The secrets, ordered by ``start``, but for those that hide no more than one before them."""
    wider: list[_Span] = []
    for secret in secrets:
        wider = [span for span in wider if span[1] > secret.start]
        if not all(any(one[0] <= span[0] and span[1] <= one[1] for one in wider) for span in secret.spans):
            yield secret
            wider += secret.spans


def _parses(text: str) -> bool:
    """Whether libconfig reads the text, and reads it to its end, not into a quote that is left open."""
    try:
        return parse(text, allow_duplicates=True).parsed.unclosed is None
    except PpinuiError:
        return False


def _masked_lines(text: str) -> list[DiffLine]:
    spans = _spans(text)
    hidden: dict[int, list[str]] = {}
    number = position = 0
    for start, end in spans:
        number += text.count("\n", position, start)
        position = start
        for further, piece in enumerate(text[start:end].split("\n")):
            hidden.setdefault(number + further, []).append(piece)
    return [
        DiffLine(line.shown, tuple(hidden[number]), line.shown.replace(MASK, MASK_CHANGED))
        if number in hidden
        else line
        for number, line in enumerate(lines_of(_without(text, spans)))
    ]


def _without(text: str, spans: Iterable[_Span]) -> str:
    """The text with a mask for each line of each span."""
    shown = []
    position = 0
    for start, end in spans:
        shown += [text[position:start], MASK, f"\n{MASK}" * text.count("\n", start, end)]
        position = end
    return "".join((*shown, text[position:]))


def _spans(text: str) -> list[_Span]:
    """Where the secrets of a text stand, in order; overlapping and equal pieces as one."""
    merged: list[_Span] = []
    for start, end in sorted({span for secret in find_secrets(text) for span in secret.spans}):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
