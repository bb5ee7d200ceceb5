"""``ppinui slots``: every slot of a module, and what its token says of itself."""

from __future__ import annotations

import argparse
import textwrap

from ppinui.cli.console import emit, printable
from ppinui.cli.json_output import as_json
from ppinui.cli.token_session import access_of
from ppinui.errors import ExitCode
from ppinui.token.slot import Slot, SlotList
from ppinui.token.slots import list_slots

_COLUMNS = 80


def run(arguments: argparse.Namespace) -> int:
    """Print them; NOT_FINE when one of them answered with an error."""
    found = list_slots(access_of(arguments))
    emit(as_json(found.as_json()) if arguments.format == "json" else render(found))
    return ExitCode.NOT_FINE if found.failures else ExitCode.FINE


def render(found: SlotList) -> str:
    """The list for people."""
    library = found.library
    head = f"{library.description}, {library.version}, by {library.manufacturer} ({found.module})"
    blocks = [_wrapped(head, ""), *map(_slot, found.slots)]
    if not found.slots:
        blocks.append("it has no slots")
    return "\n".join(blocks) + "\n"


def _slot(slot: Slot) -> str:
    lines = [f"slot {slot.id} ({slot.hex}): {_contents(slot)}"]
    token = slot.token
    if token is not None:
        serial = f"serial {token.serial}" if token.serial else "no serial number"
        lines.append(f"{token.model} by {token.manufacturer}, {serial}")
        lines.append(f"hardware {token.hardware_version}, firmware {token.firmware_version}")
        lines.append(", ".join(token.words))
    if slot.failure is not None:
        lines += [f"{slot.failure.meaning}", f"do: {slot.failure.remedy}"]
    if slot.description:
        lines.append(f"described as: {slot.description}")
    first, *others = lines
    return "\n".join([_wrapped(first, ""), *(_wrapped(line, "    ") for line in others)])


def _contents(slot: Slot) -> str:
    if slot.failure is not None:
        code = f" ({slot.failure.hex})" if slot.failure.hex else ""
        return f"ERROR {slot.failure.name}{code}"
    if slot.token is None:
        return "no token"
    return slot.token.label or "a token without a label"


def _wrapped(line: str, indent: str) -> str:
    return textwrap.fill(
        printable(line),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
