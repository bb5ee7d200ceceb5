"""Slots and objects as text for people, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from ppinui.text import printable
from ppinui.tokens.description import (
    check_lines,
    check_words,
    library_words,
    object_lines,
    object_words,
    slot_lines,
    slot_words,
)
from ppinui.tokens.objects import TokenObject
from ppinui.tokens.pin_check import PinCheck
from ppinui.tokens.slot import SlotList, TokenSlot

_COLUMNS: Final = 80


def render_slots(found: SlotList) -> str:
    blocks = [wrapped(library_words(found)), *map(render_slot, found.slots)]
    if not found.slots:
        blocks.append("it has no slots")
    return "\n".join(blocks) + "\n"


def render_slot(slot: TokenSlot) -> str:
    """A block of lines, without a newline at its end."""
    return _block(slot_words(slot), slot_lines(slot))


def render_objects(shown: Iterable[TokenObject], *, now: datetime, soon: timedelta) -> str:
    """A block for each; ``soon``: how long before its end a certificate is marked."""
    blocks = [_block(object_words(one), object_lines(one, now, soon)) for one in shown]
    return "\n".join(blocks) + "\n" if blocks else ""


def render_check(check: PinCheck, pin: str) -> str:
    """A block for one slot of a PIN check, with a newline at its end."""
    return _block(check_words(check, pin), check_lines(check)) + "\n"


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([wrapped(head), *(wrapped(line, "    ") for line in lines if line)])


def wrapped(line: str, indent: str = "") -> str:
    """The line wrapped to 80 columns; control characters are shown as such."""
    return textwrap.fill(
        printable(line),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
