"""What is known of slots, tokens and objects, in words for people: lines of any length, without markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ppinui.tokens.certificates import SOON, Certificate, Validity
from ppinui.tokens.objects import TokenObject
from ppinui.tokens.pin_check import PinCheck, Verdict
from ppinui.tokens.slot import SlotList, Token, TokenSlot


def library_words(found: SlotList) -> str:
    """Who made the module, and which file it is."""
    library = found.library
    return f"{library.description}, {library.version}, by {library.manufacturer} ({found.module})"


def slot_words(slot: TokenSlot) -> str:
    """The slot's id and what is in it."""
    return f"slot {slot.id} ({slot.hex}): {_contents(slot)}"


def _contents(slot: TokenSlot) -> str:
    if slot.failure is not None:
        code = f" ({slot.failure.hex})" if slot.failure.hex else ""
        return f"ERROR {slot.failure.name}{code}"
    if slot.token is None:
        return "no token"
    return slot.token.label or "a token without a label"


def slot_lines(slot: TokenSlot) -> Iterator[str]:
    """What else there is to know of a slot: its token, its error, how it calls itself."""
    if slot.token is not None:
        yield from _token_lines(slot.token)
    if slot.failure is not None:
        yield slot.failure.meaning
        yield f"fix: {slot.failure.remedy}"
    if slot.description:
        yield f"described as: {slot.description}"


def _token_lines(token: Token) -> Iterator[str]:
    serial = f"serial {token.serial}" if token.serial else "no serial number"
    yield f"{token.model} by {token.manufacturer}, {serial}"
    yield f"hardware {token.hardware_version}, firmware {token.firmware_version}"
    yield ", ".join(token.words)
    for kind, free, total in (
        ("public", token.free_public_memory, token.public_memory),
        ("private", token.free_private_memory, token.private_memory),
    ):
        if free is not None and total:
            yield f"memory for {kind} objects: {free:,} of {total:,} bytes free"


def object_words(one: TokenObject) -> str:
    """An object's class, label and id."""
    return f"{one.kind} '{one.label}'" + (f", id {one.id}" if one.id else "")


def object_lines(one: TokenObject, now: datetime, soon: timedelta = SOON) -> Iterator[str]:
    """What else there is to know of an object; ``soon``: as :meth:`Certificate.validity` has it."""
    facts = [" ".join(filter(None, (one.type, one.size)))]
    facts.append("may " + ", ".join(one.uses) if one.uses else "")
    facts.append(one.leaving or "")
    facts.append({True: "private", False: "public", None: ""}[one.private])
    if words := "; ".join(filter(None, facts)):
        yield words
    if one.certificate is not None:
        yield from _certificate_lines(one.certificate, now, soon)


def _certificate_lines(certificate: Certificate, now: datetime, soon: timedelta) -> Iterator[str]:
    mark = _validity_mark(certificate, now, soon)
    yield f"subject {certificate.subject}"
    yield f"issuer {certificate.issuer}"
    dates = f"valid {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}"
    yield f"{dates}; {mark}" if mark else dates


def _validity_mark(certificate: Certificate, now: datetime, soon: timedelta) -> str:
    """What is to be noticed about a certificate's dates; "" where they are fine."""
    match certificate.validity(now, soon):
        case Validity.EXPIRES_SOON:
            return f"EXPIRES SOON: in {(certificate.not_after - now).days} days"
        case Validity.EXPIRED:
            return "EXPIRED"
        case Validity.NOT_YET:
            return "NOT VALID YET"
        case Validity.VALID:
            return ""


_VERDICTS: Final = {
    Verdict.WELL_KNOWN: "STILL HAS the well-known PIN {pin}",
    Verdict.OTHER: "has another PIN than {pin}",
    Verdict.NOT_TRIED: "not tried",
    Verdict.WOULD_TRY: "would be offered {pin}, once",
    Verdict.UNKNOWN: "ERROR",
}


def check_words(check: PinCheck, pin: str) -> str:
    """What came of one slot when a well-known PIN was looked for."""
    return f"{check.slot.name}: {_VERDICTS[check.verdict].format(pin=pin)}"


def check_lines(check: PinCheck) -> Iterator[str]:
    """Why that is, and how the token is afterwards."""
    if check.reason:
        yield check.reason
    if check.failure is not None:
        yield f"{check.failure.name}: {check.failure.meaning}"
        yield f"fix: {check.failure.remedy}"
    if check.token is not None:
        yield "flags now: " + ", ".join(check.token.words)
