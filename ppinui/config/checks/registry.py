"""All checks of a primus.cfg: its text, its settings, and the file itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from ppinui.config.checks import access_rules, hsm_rules, profile_rules, setting_rules
from ppinui.config.checks.subject import RULES, Profile, Subject, is_usually_writable_by_all, problem
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.config.redaction import Looks, find_secrets, without_setup_passwords
from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.errors import PpinuiError
from ppinui.libconfig.compatibility import is_suspect, warnings_of_file, warnings_of_settings
from ppinui.libconfig.document import ConfigSyntaxError, Document, load, parse
from ppinui.libconfig.includes import Source, decode
from ppinui.libconfig.nodes import Node
from ppinui.libconfig.scanner import COMMENT, STRING

_MODULES: Final = (setting_rules, hsm_rules, access_rules)
"""In the order in which their problems of one place are reported."""
_RULES: Final = tuple(rule for module in _MODULES for rule in RULES[module.__name__])
_PROFILE_RULES: Final = RULES[profile_rules.__name__]
# Comments and strings are in it so that no mark in one counts; the last two are those without an end.
_MARK: Final = re.compile(rf'{COMMENT}|{STRING}|/\*[\s\S]*|"[\s\S]*|([][(){{}};])')
_PARTNERS: Final = {"}": "{", "]": "[", ")": "("}
_ORDER: Final = {severity: number for number, severity in enumerate(Severity)}


def check_text(
    text: str, origin: str = "primus.cfg", *, profile: Profile | None = None, include_dir: Path | None = None
) -> tuple[Diagnostic, ...]:
    """The problems of a text, in its order; ``origin`` names it in places.

    A text with a syntax error gets that one problem for it, and those of the settings before it and of
    passwords anywhere; of what comes after, nobody can say more. ``include_dir`` as for ``document.parse``.
    """
    try:
        document = parse(text, origin, include_dir=include_dir, allow_duplicates=True)
    except ConfigSyntaxError as error:
        return _in_order(_of_broken_text(text, origin, error, profile, include_dir), origin)
    return check_document(document, profile=profile)


def check_document(document: Document, *, profile: Profile | None = None) -> tuple[Diagnostic, ...]:
    """The problems of a document, in the order of its text; duplicates if it was read with them allowed."""
    return _in_order(_of_document(Subject(document, profile)), document.origin)


def problems_around_edit(
    old: Document, new: Document
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The problems before and after edits of a document, for a comparison.

    Those of a single HSM and its slots are left out on both sides where the edits did not change it.
    """
    old_config = read(old)
    new_config = read(new, old_config)
    nodes = {id(setting.node) for setting in old_config.hsm_settings}
    kept = {
        id(setting.node): setting.node for setting in new_config.hsm_settings if id(setting.node) in nodes
    }
    before, after = (
        _in_order(_of_document(Subject(document, before=config, known=kept)), document.origin)
        for document, config in ((old, old_config), (new, new_config))
    )
    return before, after


class Checker:
    """Checks one state of a document after another, as ``check_document`` does, without a profile.

    Rules on one HSM or slot pass over the HSMs in which nothing was found and that did not change since.
    Several threads may use it at once.
    """

    def __init__(self) -> None:
        self._last: tuple[PrimusConfig | None, Mapping[int, Node]] = (None, {})

    def check(self, document: Document) -> tuple[Diagnostic, ...]:
        """The problems of a document."""
        before, sound = self._last
        subject = Subject(document, before=before, known=sound)
        found: list[Diagnostic] = []
        named = set()
        for one, path in _with_paths(subject):
            found.append(one)
            named.add(path.split(".")[2] if path.startswith("primus.hsms.") else "")
        settings = subject.config.hsm_settings
        sound = {id(one.node): one.node for one in settings if one.name not in named}
        self._last = (subject.config, sound)
        return _in_order(found, document.origin)


def check_file(
    path: Path,
    *,
    profile: Profile | None = None,
    root: Path = Path("/"),
    find_group: Callable[[str], int | None] = access_rules.group_number,
) -> tuple[Diagnostic, ...]:
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
    facts = access_rules.facts_of(path, root=root, find_group=find_group)
    holds_password = any(secret.looks is Looks.REAL for secret in find_secrets(text))
    found += access_rules.problems_of_file(facts, profile, holds_password=holds_password)
    return _in_order(found, str(path))


def _of_document(subject: Subject) -> Iterator[Diagnostic]:
    return (found for found, _ in _with_paths(subject))


def _with_paths(subject: Subject) -> Iterator[tuple[Diagnostic, str]]:
    """The problems, each with the path of the setting that it is about, also where it does not name it."""
    seen: set[Place] = set()
    for rule in (*_RULES, *(_PROFILE_RULES if subject.profile else ()), access_rules.clear_secrets):
        for found in rule(subject):
            seen.add(found.place)
            yield found, found.subject
    # Where a rule has found something, it says it better: it knows what the setting is for.
    settings = subject.settings if subject.known or is_suspect(subject.document) else ()
    for warning, setting in warnings_of_settings(settings):
        if warning.place not in seen:
            yield warning, setting.path
    for warning in warnings_of_file(subject.document):
        if warning.place not in seen:
            yield warning, ""


def _of_broken_text(
    text: str, origin: str, error: ConfigSyntaxError, profile: Profile | None, include_dir: Path | None
) -> Iterator[Diagnostic]:
    source = Source(origin, text)
    yield problem("syntax-error", Severity.ERROR, error.at, error.message, error.remedy)
    yield from access_rules.secrets_of_text(source, lambda _: None)
    if error.at.file != origin:
        return
    part = _part_before(text, _offset(text, error.at))
    try:
        document = parse(part, origin, include_dir=include_dir, allow_duplicates=True)
    except PpinuiError:
        return
    subject = Subject(document, profile, complete=False)
    for rule in (*_RULES, *(_PROFILE_RULES if profile else ())):
        yield from rule(subject)


def _part_before(text: str, offset: int) -> str:
    """The text up to the last setting or opening brace before an offset, with the open groups closed.

    It need not parse: there may be another error before the one that the parser met.
    """
    opened: list[str] = []
    end, depth = 0, 0
    for found in _MARK.finditer(text, 0, offset):
        mark = found[1]
        if mark is None:
            continue
        if mark in "{([":
            opened.append(mark)
        elif mark != ";" and (not opened or opened.pop() != _PARTNERS[mark]):
            break
        if all(bracket == "{" for bracket in opened) and mark in "{};":
            end, depth = found.end(), len(opened)
    return text[:end] + "}" * depth


def _offset(text: str, place: Place) -> int:
    """Where a place of the text's own file is in the text; lines end at a line feed."""
    start = 0
    for _ in range(place.line - 1):
        start = text.index("\n", start) + 1
    return start + place.column - 1


def _writable_by_all(folder: PurePath) -> bool:
    """As the file system says; by the name alone where there is no such folder."""
    actual = access_rules.writable_by_all(str(folder)) if folder.is_absolute() else None
    return is_usually_writable_by_all(folder) if actual is None else actual


def _in_order(found: Iterable[Diagnostic], origin: str) -> tuple[Diagnostic, ...]:
    """By place, those of included files last; the worse first at one place."""

    def position(one: Diagnostic) -> tuple[bool, str, int, int, int]:
        place = one.place
        return place.file != origin, place.file, place.line, place.column, _ORDER[one.severity]

    return tuple(sorted(map(_without_secrets, found), key=position))


def _without_secrets(one: Diagnostic) -> Diagnostic:
    """A rule may quote a value, and that may be a setup password in the wrong place."""
    message, remedy = without_setup_passwords(one.message), without_setup_passwords(one.remedy)
    return (
        one
        if (message, remedy) == (one.message, one.remedy)
        else replace(one, message=message, remedy=remedy)
    )
