"""The configuration as the lines of a tree: the file, its globals and log, each HSM, each slot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.diagnostic import Diagnostic, Severity


class Branch(Enum):
    """What a line of the tree stands for."""

    FILE = "file"
    GLOBALS = "globals"
    LOG = "log"
    HSM = "HSM"
    SLOT = "slot"


@dataclass(frozen=True)
class Line:
    """One line of the tree."""

    branch: Branch
    path: str
    depth: int
    title: str
    detail: str
    open: bool | None
    """Whether what is below it is shown; None where there is nothing below."""


def outline(
    config: PrimusConfig, title: str, *, closed: Collection[str] = (), wanted: str = ""
) -> tuple[Line, ...]:
    """The lines from top to bottom. ``closed`` are the paths of HSMs whose slots are not shown.

    ``wanted`` keeps the HSMs and slots in which it occurs (upper or lower case), a slot with its HSM.
    """
    lines = [Line(Branch.FILE, "", 0, title, "", None)]
    if not wanted:
        lines.append(Line(Branch.GLOBALS, "primus", 1, "globals", "", None))
        lines.append(Line(Branch.LOG, "primus.log", 1, "log", "", None))
    word = wanted.casefold()
    for hsm in config.hsms:
        line = hsm_line(hsm, is_open=hsm.path not in closed)
        if not word:
            lines.append(line)
            if line.open:
                lines += [slot_line(slot) for slot in hsm.slots]
            continue
        here = word in f"{hsm.name} {line.detail}".casefold()
        slots = [slot_line(slot) for slot in hsm.slots]
        fitting = slots if here else [slot for slot in slots if _fits(slot, word)]
        if here or fitting:
            lines.append(line)
            lines += fitting
    return tuple(lines)


def hsm_line(hsm: Hsm, *, is_open: bool) -> Line:
    """``hsm0  10.1.2.3:2310  prio 1``; the priority where it is not 0."""
    priority = f"  prio {hsm.priority}" if hsm.priority else ""
    detail = f"{hsm.host or '(no host)'}:{hsm.port or '(no port)'}{priority}"
    return Line(Branch.HSM, hsm.path, 1, hsm.name, detail, is_open if hsm.slots else None)


def slot_line(slot: Slot) -> Line:
    """``slot0  PAYMENTS  1``: the id is last, since it may be long and says the least."""
    number = "(no id)" if slot.id is None else str(slot.id)
    return Line(Branch.SLOT, slot.path, 2, slot.name, f"{slot.user_name or '(no user_name)'}  {number}", None)


def _fits(line: Line, word: str) -> bool:
    return word in f"{line.title} {line.detail}".casefold()


def worst_by_path(problems: Collection[Diagnostic]) -> Mapping[str, Severity]:
    """The worst severity for each path that has a problem, and for each group around it."""
    order = list(Severity)
    worst: dict[str, Severity] = {}
    for problem in problems:
        for path in _around(problem.subject):
            before = worst.get(path)
            if before is None or order.index(problem.severity) < order.index(before):
                worst[path] = problem.severity
    return worst


def _around(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def cluster_of(config: PrimusConfig, hsm: Hsm) -> tuple[tuple[Hsm, tuple[str, ...]], ...]:
    """The HSMs that share partitions with this one, itself among them, in the order in which they are tried;
    each with the names of the partitions that it shares with others."""
    names = {slot.user_name for slot in hsm.slots if slot.user_name}
    found: dict[str, set[str]] = {}
    for name in names:
        copies = config.partitions().get(name, ())
        if len({slot.hsm for slot in copies}) > 1:
            for slot in copies:
                found.setdefault(slot.hsm, set()).add(name)
    members = [member for member in config.hsms if member.name in found]
    members.sort(key=lambda member: member.priority)
    return tuple((member, tuple(sorted(found[member.name]))) for member in members)
