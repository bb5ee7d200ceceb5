"""Changing the HSM settings of a kms.toml: what is not changed stays, byte for byte."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tomlkit
from tomlkit.items import Table

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_file import INSTANCES, NO_LOGIN, Instance, KmsFile, Login
from ppinui.kms.toml_arrays import append_element, remove_element, replace_element
from ppinui.kms.toml_places import MARK, Path
from ppinui.secrets.secret import Secret

NEW: Final = "new"
"""As an instance: a table [[hsm_instances]] behind the others."""

_MENDED: Final = frozenset(
    {"no-slots", "no-passwords", "no-model", "unknown-model", "password-placeholder", "slot-not-there"}
)
"""Errors of a file that writing the settings anew mends."""

_BARE_LINE_FEED: Final = re.compile(r"(?<!\r)\n")
_NO_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_HEAD: Final = "# The HSM of the KMS, written by ppinui kms export.\n"


@dataclass(frozen=True)
class Wanted:
    """The settings to write. ``model`` and ``admins``: None leaves what is there."""

    slots: tuple[int, ...]
    """All of the HSM's slots; those of the file that are not among them go."""
    pins: Mapping[int, Secret]
    """The PINs to write, in clear text. Other slots keep the password that they have in the file; one that is
    new gets ``<NO_LOGIN>``."""
    model: Model | None = None
    admins: tuple[str, ...] | None = None


def instance_to_write(file: KmsFile, instance: int | str | None) -> Instance | None:
    """The HSM of a file that ``instance`` means: its number, "new", or None where there is but one.

    The result is None for an HSM that is not there yet. Raises PpinuiError.
    """
    file.require_sound("it is not written", _MENDED)
    if instance == NEW:
        return None
    if instance is None and len(file.instances) <= 1:
        return file.instances[0] if file.instances else None
    found = next((one for one in file.instances if one.number == instance), None)
    if found is None:
        known = ", ".join(
            f"{one.number} ({one.model.value if one.model else 'no model'}, {one.path or 'flat settings'})"
            for one in file.instances
        )
        raise PpinuiError(
            "the file has several HSMs" if instance is None else f"there is no HSM {instance}",
            file.origin,
            f"name one with --instance: {known or 'there is none yet'}; or new",
        )
    return found


def change(file: KmsFile, instance: Instance | None, wanted: Wanted, *, as_table: bool = False) -> str:
    """The file's text with the settings of one HSM changed; None: of one that is added.

    ``as_table``: one that is added becomes a table of [[hsm_instances]], and not flat settings. Raises
    PpinuiError where the result would not say what is wanted.
    """
    mark = MARK if file.text.startswith(MARK) else ""
    old = file.text.removeprefix(MARK) or _HEAD
    meant = tomllib.loads(old)
    target = meant
    path: Path = ()
    if instance is None and as_table:
        target = {}
        meant.setdefault(INSTANCES, []).append(target)
    elif instance is not None and instance.path:
        path = (INSTANCES, instance.number)
        target = meant[INSTANCES][instance.number]
    slots, passwords = _arrays(target, instance, wanted)
    kept = [number for number, slot in enumerate(instance.slots) if slot.id in slots] if instance else []
    text = _with_array(old, (*path, "hsm_slot"), kept, slots)
    text = _with_array(text, (*path, "hsm_password"), kept, passwords)
    settings: dict[str, Any] = {}
    if wanted.model is not None and (instance is None or instance.model is not wanted.model):
        settings["hsm_model"] = wanted.model.value
    if wanted.admins is not None and (instance is None or instance.admins != wanted.admins):
        settings["hsm_admin"] = list(wanted.admins)
    arrays = {"hsm_slot": list(slots), "hsm_password": list(passwords)}
    settings |= {name: value for name, value in arrays.items() if name not in target}
    target.update(arrays | settings)
    if settings:
        text = _with_settings(text, path, settings, as_table=instance is None and as_table)
    if "\r\n" in old and not _BARE_LINE_FEED.search(old):
        text = _BARE_LINE_FEED.sub("\r\n", text)
    if not _says(text, meant):
        raise PpinuiError(
            "the file is written in a way that leaves no room for this change",
            file.origin,
            "write the settings with an editor: ppinui kms export shows them for a file that does not exist",
        )
    return mark + text


def _arrays(
    target: Mapping[str, Any], instance: Instance | None, wanted: Wanted
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Slots and passwords as they are to be: those that stay in their order, then those that come."""
    old: dict[int, str] = {}
    for number, slot in enumerate(instance.slots if instance else ()):
        if slot.id in wanted.slots:
            is_kept = slot.login not in (Login.PLACEHOLDER, Login.MISSING)
            old[slot.id] = target["hsm_password"][number] if is_kept else NO_LOGIN
    slots = tuple(dict.fromkeys((*old, *wanted.slots)))
    return slots, tuple(
        _clear(wanted.pins[slot], slot) if slot in wanted.pins else old.get(slot, NO_LOGIN) for slot in slots
    )


def _clear(pin: Secret, slot: int) -> str:
    # From here on it is part of a text: the user wants it in the file in the clear.
    text = pin.reveal_bytes().decode("utf-8", "surrogateescape")
    if _NO_CHARACTER.search(text):
        raise PpinuiError(
            "the PIN is not UTF-8, as a TOML file has to be",
            f"slot {slot}",
            "type it again, with the terminal set to UTF-8",
        )
    return text


def _with_array(text: str, path: Path, kept: Sequence[int], values: Sequence[int | str]) -> str:
    """The array with these values, if it is there: the elements in ``kept`` stay as they are written."""
    there: Any = tomllib.loads(text)
    for part in path[:-1]:
        there = there[part]
    elements = list(there.get(path[-1], ()))
    if path[-1] not in there:
        return text
    for number in reversed(range(len(elements))):
        if number not in kept:
            text = remove_element(text, path, number)
            del elements[number]
    for number, value in enumerate(values):
        if number >= len(elements):
            text = append_element(text, path, _notation(value))
        elif elements[number] != value:
            text = replace_element(text, path, number, _notation(value))
    return text


def _notation(value: int | str) -> str:
    return tomlkit.item(value).as_string()


def _with_settings(text: str, path: Path, settings: Mapping[str, Any], *, as_table: bool) -> str:
    """The text with other settings in one table, or in a further one."""
    document = tomlkit.parse(text)
    table: Any = document
    for part in path:
        table = table[part]
    if as_table:
        table = _add_table(document)
    for name, value in settings.items():
        table[name] = value
    if as_table and document.body[-1][1] is not document[INSTANCES]:
        table.add(tomlkit.nl())
    return tomlkit.dumps(document)


def _says(text: str, meant: Mapping[str, Any]) -> bool:
    """Whether another reader than tomlkit finds in a text what is meant."""
    try:
        return tomllib.loads(text) == meant
    except tomllib.TOMLDecodeError:
        return False


def _add_table(document: tomlkit.TOMLDocument) -> Table:
    table = tomlkit.table()
    if INSTANCES in document:
        there: Any = document[INSTANCES]
        there.append(table)
        return there[-1]  # type: ignore[no-any-return]
    tables = tomlkit.aot()
    tables.append(table)
    document[INSTANCES] = tables
    return table
