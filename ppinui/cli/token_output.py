"""Slots and objects as text for people, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from ppinui.cli.console import printable
from ppinui.token.certificates import Certificate, Validity
from ppinui.token.objects import TokenObject
from ppinui.token.pin_check import PinCheck, Verdict
from ppinui.token.slot import Slot, SlotList

_COLUMNS: Final = 80


def render_slots(found: SlotList) -> str:
    library = found.library
    head = f"{library.description}, {library.version}, by {library.manufacturer} ({found.module})"
    blocks = [wrapped(head), *map(render_slot, found.slots)]
    if not found.slots:
        blocks.append("it has no slots")
    return "\n".join(blocks) + "\n"


def render_slot(slot: Slot) -> str:
    """A block of lines, without a newline at its end."""
    lines: list[str] = []
    token = slot.token
    if token is not None:
        serial = f"serial {token.serial}" if token.serial else "no serial number"
        lines.append(f"{token.model} by {token.manufacturer}, {serial}")
        lines.append(f"hardware {token.hardware_version}, firmware {token.firmware_version}")
        lines.append(", ".join(token.words))
    if slot.failure is not None:
        lines += [slot.failure.meaning, f"do: {slot.failure.remedy}"]
    if slot.description:
        lines.append(f"described as: {slot.description}")
    return _block(f"slot {slot.id} ({slot.hex}): {_contents(slot)}", lines)


def _contents(slot: Slot) -> str:
    if slot.failure is not None:
        code = f" ({slot.failure.hex})" if slot.failure.hex else ""
        return f"ERROR {slot.failure.name}{code}"
    if slot.token is None:
        return "no token"
    return slot.token.label or "a token without a label"


def render_objects(shown: Iterable[TokenObject], *, now: datetime, soon: timedelta) -> str:
    """A block for each; ``soon``: how long before its end a certificate is marked."""
    blocks = [_object(one, now, soon) for one in shown]
    return "\n".join(blocks) + "\n" if blocks else ""


def _object(one: TokenObject, now: datetime, soon: timedelta) -> str:
    head = f"{one.kind} '{one.label}'" + (f", id {one.id}" if one.id else "")
    facts = [" ".join(filter(None, (one.type, one.size)))]
    facts.append("may " + ", ".join(one.uses) if one.uses else "")
    facts.append(one.leaving or "")
    facts.append({True: "private", False: "public", None: ""}[one.private])
    lines = ["; ".join(filter(None, facts))]
    if one.certificate is not None:
        lines += _certificate(one.certificate, now, soon)
    return _block(head, lines)


def _certificate(certificate: Certificate, now: datetime, soon: timedelta) -> list[str]:
    days = (certificate.not_after - now).days
    mark = {
        Validity.VALID: "",
        Validity.EXPIRES_SOON: f"; EXPIRES SOON: in {days} days",
        Validity.EXPIRED: "; EXPIRED",
        Validity.NOT_YET: "; NOT VALID YET",
    }[certificate.validity(now, soon)]
    return [
        f"subject {certificate.subject}",
        f"issuer {certificate.issuer}",
        f"valid {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}{mark}",
    ]


_VERDICTS: Final = {
    Verdict.WELL_KNOWN: "STILL HAS the well-known PIN {pin}",
    Verdict.OTHER: "has another PIN than {pin}",
    Verdict.NOT_TRIED: "not tried",
    Verdict.WOULD_TRY: "would be offered {pin}, once",
    Verdict.UNKNOWN: "ERROR",
}


def render_check(check: PinCheck, pin: str) -> str:
    """A block for one slot of a PIN check, with a newline at its end."""
    lines = [check.reason] if check.reason else []
    if check.failure is not None:
        lines += [f"{check.failure.name}: {check.failure.meaning}", f"do: {check.failure.remedy}"]
    if check.token is not None:
        lines.append("flags now: " + ", ".join(check.token.words))
    return _block(f"{check.slot.name}: {_VERDICTS[check.verdict].format(pin=pin)}", lines) + "\n"


def _block(head: str, lines: Iterable[str]) -> str:
    return "\n".join([wrapped(head), *(wrapped(line, "    ") for line in lines if line)])


def wrapped(line: str, indent: str = "") -> str:
    """The line in as many of 80 columns as it takes; control characters are shown as such."""
    return textwrap.fill(
        printable(line),
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )
