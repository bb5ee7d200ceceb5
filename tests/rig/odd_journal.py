"""Reading what the odd module wrote down (form: odd_records.c)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

_FIELDS = 8


@dataclass(frozen=True)
class Call:
    """One call of a PKCS#11 function. Times are time.monotonic() seconds."""

    pid: int
    function: str
    slot: int | None
    began: float
    ended: float | None = None
    answer: int | None = None
    """The CK_RV; None when the function never came back."""


@dataclass(frozen=True)
class Attempt:
    """One PIN that came to an HSM: slot, label, places of the HSM (HOST, HOST:PORT), answer."""

    pid: int
    slot: int | None
    label: str | None
    places: tuple[str, ...]
    pin: str = field(repr=False)
    at: float
    answer: int | None = None
    """The CK_RV of C_Login; None when it never came back."""


@dataclass(frozen=True)
class GivenFile:
    """A file that the environment pointed the module to, as it read then."""

    pid: int
    path: str
    text: str | None = field(repr=False)
    """None when the module could not open it."""


@dataclass(frozen=True)
class _Event:
    time: float
    pid: int
    kind: str
    function: str
    slot: int | None
    label: str | None
    places: tuple[str, ...]
    detail: str | None


def read_calls(records: Path) -> tuple[Call, ...]:
    calls: list[Call] = []
    running: dict[int, int] = {}
    for event in _events(records):
        if event.kind == "call":
            running[event.pid] = len(calls)
            calls.append(Call(event.pid, event.function, event.slot, event.time))
        elif event.kind == "answer":
            place = running.pop(event.pid)
            calls[place] = replace(calls[place], ended=event.time, answer=_number(event.detail))
    return tuple(calls)


def read_attempts(records: Path) -> tuple[Attempt, ...]:
    attempts: list[Attempt] = []
    waiting: dict[int, int] = {}
    for event in _events(records):
        if event.kind == "pin":
            waiting[event.pid] = len(attempts)
            pin = event.detail or ""
            attempts.append(Attempt(event.pid, event.slot, event.label, event.places, pin, event.time))
        elif event.kind == "answer" and event.function == "C_Login" and event.pid in waiting:
            place = waiting.pop(event.pid)
            attempts[place] = replace(attempts[place], answer=_number(event.detail))
    return tuple(attempts)


def read_given_files(records: Path, variable: str) -> tuple[GivenFile, ...]:
    return tuple(
        GivenFile(event.pid, event.label or "", _text(records, event.detail))
        for event in _events(records)
        if event.kind == "file" and event.function == variable
    )


def _text(records: Path, name: str | None) -> str | None:
    return None if name is None else (records / name).read_bytes().decode("utf-8", "surrogateescape")


def _number(text: str | None) -> int | None:
    return None if text is None else int(text, 16)


def _events(records: Path) -> Iterator[_Event]:
    journal = records / "journal"
    for line in journal.read_text().splitlines() if journal.exists() else ():
        words = line.split(" ")
        if len(words) != _FIELDS:
            raise ValueError(f"not a line of the odd module's journal: {line!r}")
        slot, label, places, detail = (None if word == "-" else unquote(word) for word in words[4:])
        yield _Event(
            time=float(words[0]),
            pid=int(words[1]),
            kind=words[2],
            function=words[3],
            slot=None if slot is None else int(slot),
            label=label,
            places=tuple((places or "").split()),
            detail=detail,
        )
