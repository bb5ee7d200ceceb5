"""Settings of a primus.cfg by their paths: short names (``hsm0.slot0.user_name``), and a value at a path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from ppinui.config.settings import level_of, spec_of
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, Kind, Scalar
from ppinui.libconfig.edit import set_value
from ppinui.libconfig.insert import insert
from ppinui.libconfig.nodes import path_below
from ppinui.text import quoted

# What may be left out at the beginning, longest first.
_BEGINNINGS: Final = ("primus.hsms", "primus", "")
_NUMBERED: Final = re.compile(r"(hsm|slot)\d+")
_MOST_NAMES = 12  # so many fit into a remedy


def resolve_path(document: Document, path: str, *, must_exist: bool = True) -> str:
    """The path in full of what a user calls ``hsm0.slot0.user_name``, ``log.file`` or ``wait_delay``.

    ``primus.hsms.`` or ``primus.`` at the beginning and ``slots.`` behind an HSM may be left out; a path in
    full goes first. With ``must_exist`` False the last name may be that of a documented setting that is not
    there yet. Raises PpinuiError with the names that are there instead.
    """
    names = path.split(".")
    if all(names):
        for beginning in ("", *_BEGINNINGS):
            found = _follow(document, beginning, names)
            if found is not None:
                return found
        if not must_exist and (new := _new_path(document, names)):
            return new
    raise PpinuiError(f"there is no setting {quoted(path)}", document.origin, _remedy(document, names))


def short_path(path: str) -> str:
    """What people call a setting: ``hsm0.slot0.user_name``, ``log.file``; ``resolve_path`` takes it back."""
    match path.split("."):
        case ["primus", "hsms", hsm, "slots", slot, *rest]:
            return ".".join((hsm, slot, *rest))
        case ["primus", "hsms", hsm, *rest]:
            return ".".join((hsm, *rest))
        case ["primus", first, *rest]:
            return ".".join((first, *rest))
        case _:
            return path


def _follow(document: Document, beginning: str, names: Sequence[str]) -> str | None:
    path = beginning
    if path and document.get(path) is None:
        return None
    for name in names:
        found = next((step for step in _steps(path, name) if document.get(step) is not None), None)
        if found is None:
            return None
        path = found
    return path


def _steps(path: str, name: str) -> tuple[str, ...]:
    """The paths that a name below another path may stand for."""
    direct = path_below(path, name)
    return (direct, f"{path}.slots.{name}") if _is_hsm(path) else (direct,)


def _is_hsm(path: str) -> bool:
    return path.startswith("primus.hsms.") and path.count(".") == 2


def _new_path(document: Document, names: Sequence[str]) -> str | None:
    """The path of a documented setting that is not there, though the group around it is (or is the log)."""
    *group, name = names
    for beginning in _BEGINNINGS:
        parent = _follow(document, beginning, group)
        if (
            parent is None
            and beginning == "primus"
            and group == ["log"]
            and document.get("primus") is not None
        ):
            parent = "primus.log"
        if parent is not None and spec_of(path_below(parent, name)):
            return path_below(parent, name)
    return None


def _remedy(document: Document, names: Sequence[str]) -> str:
    """The names that are there where the path leaves what is known: similar ones, else all of a few."""
    length = len(names) - 1
    while length and all(_follow(document, beginning, names[:length]) is None for beginning in _BEGINNINGS):
        length -= 1
    shown = ".".join(names[:length])
    there = list(dict.fromkeys(_names_below(document, names[:length])))
    wrong = names[length]
    if numbered := _NUMBERED.fullmatch(wrong):
        alike = [name for name in there if re.fullmatch(rf"{numbered[1]}\d+", name)]
        if alike:
            more = ", …" if len(alike) > _MOST_NAMES else ""
            listed = ", ".join(path_below(shown, name) for name in alike[:_MOST_NAMES])
            return f"there is: {listed}{more}"
    if similar := get_close_matches(wrong, there, n=3):
        meant = " or ".join(path_below(shown, name) for name in similar)
        return f"did you mean {meant}?"
    if not there:
        return f"there is nothing in {shown}" if shown else "the file has no settings"
    more = ", …" if len(there) > _MOST_NAMES else ""
    listed = ", ".join(there[:_MOST_NAMES]) + more
    return f"in {shown} there is: {listed}" if shown else f"a path begins with one of: {listed}"


def _names_below(document: Document, names: Sequence[str]) -> Iterator[str]:
    for beginning in _BEGINNINGS:
        path = _follow(document, beginning, names)
        if path is None:
            continue
        for group in (path, f"{path}.slots") if _is_hsm(path) else (path,):
            setting = document.get(group) if group else document.root
            if setting is not None and setting.kind is Kind.GROUP:
                yield from (child.name for child in setting.children if child.name)
        level = level_of(path)
        if path and level:
            yield from level.specs


def set_or_insert(document: Document, path: str, value: Scalar) -> Document:
    """The document with a setting set, or inserted where it is missing.

    ``path`` is one in full, as ``resolve_path(…, must_exist=False)`` gives it. Missing groups
    around it are made too. Raises EditRefused as ``set_value`` and ``insert`` do.
    """
    if document.get(path) is not None:
        return set_value(document, path, value)
    parent, _, name = path.rpartition(".")
    return insert_with_groups(document, parent, name, value)


def insert_with_groups(
    document: Document, parent: str, name: str, value: Scalar | Mapping[str, object]
) -> Document:
    """Insert a setting; groups that are missing around it are made."""
    while parent and document.get(parent) is None:
        parent, _, group = parent.rpartition(".")
        name, value = group, {name: value}
    return insert(document, parent, name, value)
