"""All checks of a primus.cfg: its text, its settings, and the file itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from ppinui.config.document import ConfigSyntaxError, Document, Place, load, parse
from ppinui.config.masking import Looks, find_secrets
from ppinui.config.problem import Problem, Profile, Severity
from ppinui.config.recovery import part_before
from ppinui.config.rules import (
    file,
    header,
    hsms,
    log,
    names,
    profiles,
    secrets,
    slots,
    strings,
    structure,
    types,
)
from ppinui.config.rules.subject import Subject, is_usually_writable_by_all, problem
from ppinui.config.secret_names import without_setup_passwords
from ppinui.config.sources import Source, decode
from ppinui.errors import PpinuiError

__all__ = ["Problem", "Profile", "Severity", "check_document", "check_file", "check_text"]

_Rule = Callable[[Subject], Iterator[Problem]]

_RULES: Final[tuple[_Rule, ...]] = (
    structure.missing_groups,
    structure.version,
    structure.duplicates,
    types.types,
    types.limits,
    types.wrapping_ints,
    names.names,
    names.unknown_settings,
    hsms.hosts,
    hsms.ports,
    hsms.same_endpoints,
    hsms.placeholders,
    slots.user_names,
    slots.similar_user_names,
    slots.missing_ids,
    slots.ids_of_one_hsm,
    slots.ids_of_two_partitions,
    slots.ids_of_one_partition,
    slots.proxy_users,
    strings.escapes_in_paths,
    strings.control_characters,
    log.log_file,
    log.trace_mask,
    header.managed_header,
    profiles.fortigate,
    profiles.kubernetes,
    profiles.cloudhsm,
    profiles.production,
)
_ORDER: Final = {severity: number for number, severity in enumerate(Severity)}


def check_text(
    text: str, origin: str = "primus.cfg", *, profile: Profile | None = None, include_dir: Path | None = None
) -> tuple[Problem, ...]:
    """The problems of a text, in its order; ``origin`` names it in places.

    A text with a syntax error gets that one problem for it, and those of the settings before it and of
    passwords anywhere; of what comes after, nobody can say more. ``include_dir`` as for ``document.parse``.
    """
    try:
        document = parse(text, origin, include_dir=include_dir, allow_duplicates=True)
    except ConfigSyntaxError as error:
        return _in_order(_of_broken_text(text, origin, error, profile, include_dir), origin)
    return check_document(document, profile=profile)


def check_document(document: Document, *, profile: Profile | None = None) -> tuple[Problem, ...]:
    """The problems of a document, in the order of its text; duplicates if it was read with them allowed."""
    return _in_order(_of_document(Subject(document, profile)), document.origin)


def check_file(
    path: Path,
    *,
    profile: Profile | None = None,
    root: Path = Path("/"),
    find_group: Callable[[str], int | None] = file.group_number,
) -> tuple[Problem, ...]:
    """The problems of a file: of its text, of its mode, group and folder, and of what lies beside it.

    ``root`` is where the provider's folder is looked for, ``find_group`` gives the number of a group or None.
    Raises PpinuiError when the file cannot be read.
    """
    try:
        document = load(path, allow_duplicates=True)
    except ConfigSyntaxError as error:
        text = decode(path.read_bytes())
        found = list(_of_broken_text(text, str(path), error, profile, None))
    else:
        text = document.text
        found = list(_of_document(Subject(document, profile, writable_by_all=_writable_by_all)))
    facts = file.facts_of(path, root=root, find_group=find_group)
    holds_password = any(secret.looks is Looks.REAL for secret in find_secrets(text))
    found += file.file_rules(facts, profile, holds_password=holds_password)
    return _in_order(found, str(path))


def _of_document(subject: Subject) -> Iterator[Problem]:
    known: set[Place] = set()
    for rule in (*_RULES, secrets.clear_secrets):
        for found in rule(subject):
            known.add(found.place)
            yield found
    for warning in subject.document.warnings:
        if warning.place not in known:  # a rule says it better: it knows what the setting is for
            yield problem(
                Severity.WARNING, "libconfig-reading", warning.place, warning.message, warning.remedy
            )


def _of_broken_text(
    text: str, origin: str, error: ConfigSyntaxError, profile: Profile | None, include_dir: Path | None
) -> Iterator[Problem]:
    source = Source(origin, text)
    yield problem(Severity.ERROR, "syntax-error", error.at, error.message, error.remedy)
    yield from secrets.secrets_of_text(source, {})
    if error.at.file != origin:
        return
    part = part_before(text, _offset(text, error.at))
    try:
        document = parse(part, origin, include_dir=include_dir, allow_duplicates=True)
    except PpinuiError:
        return
    subject = Subject(document, profile, complete=False)
    for rule in _RULES:
        yield from rule(subject)


def _offset(text: str, place: Place) -> int:
    """Where a place of the text's own file is in the text; lines end at a line feed."""
    start = 0
    for _ in range(place.line - 1):
        start = text.index("\n", start) + 1
    return start + place.column - 1


def _writable_by_all(folder: PurePath) -> bool:
    """As the file system says; by the name alone where there is no such folder."""
    actual = file.writable_by_all(str(folder)) if folder.is_absolute() else None
    return is_usually_writable_by_all(folder) if actual is None else actual


def _in_order(found: Iterable[Problem], origin: str) -> tuple[Problem, ...]:
    """By place, those of included files last; the worse first at one place."""

    def position(one: Problem) -> tuple[bool, str, int, int, int]:
        place = one.place
        return place.file != origin, place.file, place.line, place.column, _ORDER[one.severity]

    return tuple(sorted(map(_without_secrets, found), key=position))


def _without_secrets(one: Problem) -> Problem:
    """A rule may quote a value, and somebody may have put a setup password there."""
    message, remedy = without_setup_passwords(one.message), without_setup_passwords(one.remedy)
    return (
        one
        if (message, remedy) == (one.message, one.remedy)
        else replace(one, message=message, remedy=remedy)
    )
