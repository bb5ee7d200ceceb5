"""Showing the lines of a kms.toml without the secrets in it, those of the KMS's other settings included."""

from __future__ import annotations

import re
from typing import Final

from ppinui.config.diff import DiffLine, unified_diff
from ppinui.kms.kms_file import NO_LOGIN
from ppinui.kms.toml_places import Path, find_values
from ppinui.text import MASK

_SECRET_NAME: Final = re.compile(r"pass|secret|token|credential|private|(?:^|_)(?:pin|key)s?$", re.IGNORECASE)
_PUBLIC: Final = re.compile(
    rf'["\'](?:{re.escape(NO_LOGIN)}|secret://[^"\']*)?["\']|true|false|[\[{{].*', re.DOTALL
)
"""Values that give nothing away: words of the KMS, references to a secret, and what holds others."""
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
_COMMENT: Final = re.compile(r"#[^\n]*")
_TELLING: Final = re.compile(r"pass|secret|token|credential|\bpins?\b", re.IGNORECASE)
_PERHAPS: Final = re.compile(r"\"[^\"\n]+\"|'[^'\n]+'|\b\w*\d\w{3,}")
"""What may be a secret in a comment that speaks of one: something in quotes, a word with a digit in it."""


def masked_diff(old: str, new: str, name: str) -> str:
    """The change as a unified diff with ``••••`` for each secret; empty where nothing changes."""
    return unified_diff(_lines(old), _lines(new), name)


def _lines(text: str) -> list[DiffLine]:
    lines: list[DiffLine] = []
    hidden = iter(_secret_spans(text))
    span = next(hidden, None)
    begin = 0
    for raw in re.findall(r"[^\n]*\n|[^\n]+", text):
        end = begin + len(raw)
        shown, at, parts = "", begin, []
        while span is not None and span[0] < end:
            start, stop = max(span[0], begin), min(span[1], end)
            shown += text[at:start] + MASK
            parts.append(text[start:stop])
            at = stop
            if span[1] > end:  # a text of several lines goes on
                break
            span = next(hidden, None)
        shown += text[at:end]
        if parts and not shown.endswith("\n") and raw.endswith("\n"):
            shown += "\n"
        as_new = shown.rstrip("\n") + " (changed)\n" if parts else ""
        lines.append(DiffLine(shown, tuple(parts), as_new))
        begin = end
    return lines


def _secret_spans(text: str) -> list[tuple[int, int]]:
    """Offsets of what is not to be shown, in their order, none inside another."""
    values = find_values(text)
    spans = [
        (span.start, span.end)
        for path, span in values.items()
        if _is_secret(path) and not _PUBLIC.fullmatch(text, span.start, span.end)
    ]
    texts = [(span.start, span.end) for span in values.values() if text[span.start] in "\"'"]
    for comment in _COMMENT.finditer(text):
        inside = any(start < comment.start() < end for start, end in texts)
        if not inside and _TELLING.search(comment[0]):
            spans += [found.span() for found in _PERHAPS.finditer(text, *comment.span())]
    spans += [found.span() for found in _CREDENTIALS.finditer(text)]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _is_secret(path: Path) -> bool:
    return any(isinstance(part, str) and _SECRET_NAME.search(part) is not None for part in path[-2:])
