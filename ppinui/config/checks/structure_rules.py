"""Rules on what is there at all: groups, the file's version, and names that are there twice."""

from __future__ import annotations

from collections.abc import Iterator

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind
from ppinui.text import quoted


@rule
def missing_groups(subject: Subject) -> Iterator[Diagnostic]:
    """no-primus, no-hsm, no-slot: without them the library has nothing to connect to."""
    if not subject.complete:
        return
    config = subject.config
    if subject.document.get("primus") is None:
        yield problem(
            "no-primus",
            Severity.ERROR,
            subject.document.root,
            "the group primus is missing: the library finds no HSM",
            "begin with an HSM: ppinui config add-hsm --host HOST",
        )
    elif not config.hsms:
        yield problem(
            "no-hsm",
            Severity.ERROR,
            subject.where("primus.hsms", "primus"),
            "there is no HSM in primus.hsms",
            "add one: ppinui config add-hsm --host HOST",
        )
    for hsm in config.hsms:
        if not hsm.slots:
            yield problem(
                "no-slot",
                Severity.WARNING if config.slots else Severity.ERROR,
                subject.at(hsm),
                f"{hsm.name} has no slots: nothing on it can be used",
                f"add one: ppinui config add-slot {hsm.name} --user-name PARTITION --id N",
            )


@rule
def duplicates(subject: Subject) -> Iterator[Diagnostic]:
    """duplicate-hsm-name, duplicate-slot-name, duplicate-setting: libconfig rejects the whole file."""
    for second in subject.document.duplicates:
        group = second.parent
        first = group.get(second.name or "") if group else None
        line = f"; the first is in line {first.place.line}" if first else ""
        check, remedy = "duplicate-setting", "remove one of the two"
        if group is not None and group.path == "primus.hsms":
            check, remedy = "duplicate-hsm-name", "give it the next free name hsmN"
        elif group is not None and group.name == "slots":
            check, remedy = "duplicate-slot-name", "give it the next free name slotM"
        message = f"{called(second)} is there twice{line}: the library rejects the whole file"
        yield problem(check, Severity.ERROR, second, message, remedy)


@rule
def version(subject: Subject) -> Iterator[Diagnostic]:
    """missing-version, unknown-version: the vendor's files say version = "1.0"."""
    setting = subject.document.get("version")
    if setting is None and not subject.complete:
        return
    if setting is None:
        yield problem(
            "missing-version",
            Severity.NOTE,
            subject.document.root,
            "the file does not say its version",
            'the vendor\'s files begin with version = "1.0";',
        )
    elif setting.kind is Kind.STRING and setting.value != "1.0":
        yield problem(
            "unknown-version",
            Severity.WARNING,
            setting,
            f"version {quoted(setting.value)} is not the documented 1.0",
            'write version = "1.0"; unless your provider asks for another',
        )
