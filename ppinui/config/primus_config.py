"""The typed view of a primus.cfg: its HSMs, their slots, the global settings and those of the log."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ppinui.config.settings import MAXIMUM_INT, Level, SettingType
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, Kind, Setting
from ppinui.libconfig.scalars import read_scalar

Value = str | int | bool | None
"""What a documented scalar holds; None where it is absent without a default, or of another type."""

INTS: Final = frozenset((Kind.INT, Kind.INT64))
KINDS: Final = {
    SettingType.STRING: frozenset((Kind.STRING,)),
    SettingType.INT: INTS,
    SettingType.BOOL: frozenset((Kind.BOOL,)),
    SettingType.GROUP: frozenset((Kind.GROUP,)),
}
"""Which kinds of value the library takes for a documented type; an int may have an ``L`` behind it."""

_GROUP_NAMES: Final = frozenset(
    spec.name for level in Level for spec in level.specs.values() if spec.type is SettingType.GROUP
)


@dataclass(frozen=True)
class Slot:
    """One partition on one HSM, as a group ``slotM`` describes it.

    A field is None where its setting is absent or of another type than the documented one.
    """

    name: str
    path: str
    hsm: str
    """The name of the HSM's group."""
    user_name: str | None
    id: int | None
    client_id: str | None
    proxy_user: str | None
    has_clear_proxy_password: bool
    unknown: tuple[Setting, ...] = field(repr=False)


@dataclass(frozen=True)
class Hsm:
    """One HSM, or one endpoint of a service proxy, as a group ``hsmN`` describes it.

    ``port`` is the text as written, or the digits of an int (which the provider does not take);
    ``priority`` is the documented default 0 where it is absent, and where it is no int.
    """

    name: str
    path: str
    host: str | None
    port: str | None
    priority: int
    slots: tuple[Slot, ...]
    has_clear_pin: bool
    unknown: tuple[Setting, ...] = field(repr=False)


@dataclass(frozen=True)
class PrimusConfig:
    """A whole primus.cfg. ``globals`` and ``log`` hold every documented scalar, absent ones with their
    default.

    ``unknown`` are the settings that are documented nowhere at the top, in ``primus``, ``primus.hsms`` and
    ``primus.log``; those of HSMs and slots stand with these.
    """

    document: Document = field(repr=False)
    hsms: tuple[Hsm, ...]
    globals: Mapping[str, Value]
    log: Mapping[str, Value]
    unknown: tuple[Setting, ...] = field(repr=False)
    hsm_settings: tuple[Setting, ...] = field(repr=False)
    """The group of each HSM."""

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of all HSMs in the order of the file."""
        return tuple(slot for hsm in self.hsms for slot in hsm.slots)

    def hsm(self, name: str) -> Hsm | None:
        """The HSM whose group has this name."""
        return self._hsms_by_name.get(name)

    def setting_of(self, entry: Hsm | Slot) -> Setting:
        """The group of an HSM or slot of this configuration."""
        if isinstance(entry, Hsm):
            return self._hsm_settings_by_id[id(entry)]
        hsm, index = self._places_of_slots[id(entry)]
        return _entries(_group_of(hsm, "slots"))[0][index]

    def partitions(self) -> Mapping[str, tuple[Slot, ...]]:
        """The slots by ``user_name``: those of one name are the copies of one redundant partition, or several
        slots of it on one HSM. Slots without a name are left out."""
        return self._partitions

    def credentials(self, partitions: Collection[str] = ()) -> SecretOwners:
        """Whose secrets are needed for these partitions; for all that the file has, where none is named."""
        return SecretOwners(
            self,
            tuple(
                slot
                for slot in self.slots
                if slot.user_name is not None and (not partitions or slot.user_name in partitions)
            ),
        )

    @cached_property
    def next_free_id(self) -> int:
        """The smallest slot id above all that the file has; 0 where it has none."""
        used = {slot.id for slot in self.slots if slot.id is not None}
        above = max(used, default=-1) + 1
        if 0 <= above <= MAXIMUM_INT:
            return above
        return next(number for number in range(len(used) + 1) if number not in used)

    @cached_property
    def _partitions(self) -> dict[str, tuple[Slot, ...]]:
        found: dict[str, list[Slot]] = {}
        for slot in self.slots:
            if slot.user_name and not slot.user_name.isspace():
                found.setdefault(slot.user_name, []).append(slot)
        return {name: tuple(slots) for name, slots in found.items()}

    # By identity: where a name is there twice, two may be equal.

    @cached_property
    def _hsm_settings_by_id(self) -> dict[int, Setting]:
        return {id(hsm): setting for hsm, setting in zip(self.hsms, self.hsm_settings, strict=True)}

    @cached_property
    def _places_of_slots(self) -> dict[int, tuple[Setting, int]]:
        """The group of the HSM, and the number of the slot in it."""
        entries = zip(self.hsms, self.hsm_settings, strict=True)
        return {id(slot): (setting, n) for hsm, setting in entries for n, slot in enumerate(hsm.slots)}

    @cached_property
    def _hsms_by_name(self) -> dict[str, Hsm]:
        return {hsm.name: hsm for hsm in reversed(self.hsms)}


@dataclass(frozen=True)
class SecretOwners:
    """Who needs a secret: the partitions of some slots, and the service users of the proxies before them.

    A partition has a permanent secret, and may have a PIN; a service user has a password. ``slots`` are slots
    of the configuration, each with a ``user_name``.
    """

    config: PrimusConfig = field(repr=False)
    slots: tuple[Slot, ...]

    @property
    def origin(self) -> str:
        """The file, for errors."""
        return self.config.document.origin

    @cached_property
    def partitions(self) -> tuple[str, ...]:
        """Names of partitions, each once, in the order of the file."""
        return _names(slot.user_name for slot in self.slots)

    @cached_property
    def proxies(self) -> tuple[str, ...]:
        """Names of service users, each once, in the order of the file."""
        return _names(slot.proxy_user for slot in self.slots)

    @cached_property
    def clear_proxies(self) -> frozenset[str]:
        """The service users whose password is in the file, in one slot at least."""
        return frozenset(_names(slot.proxy_user for slot in self.slots if slot.has_clear_proxy_password))

    @cached_property
    def partitions_to_store(self) -> tuple[str, ...]:
        """The partitions on an HSM for which the file has no setup password."""
        return _names(slot.user_name for slot in self.slots if not self._hsm_of(slot).has_clear_pin)

    @cached_property
    def proxies_to_store(self) -> tuple[str, ...]:
        """The service users of slots that have no password in the file."""
        return _names(slot.proxy_user for slot in self.slots if not slot.has_clear_proxy_password)

    def copies(self, partition: str) -> tuple[Slot, ...]:
        """The slots of a partition, that of the HSM with the smallest priority first. Raises PpinuiError."""
        require_safe_name(partition)
        found = [slot for slot in self.slots if slot.user_name == partition]
        if not found:
            raise self._unknown(partition, "partition", self.partitions)
        return self._by_priority(found)

    def behind(self, proxy: str) -> tuple[Slot, ...]:
        """The slots that a service user passes the proxy for, one for each HSM. Raises PpinuiError."""
        require_safe_name(proxy)
        found = {slot.hsm: slot for slot in reversed(self.slots) if slot.proxy_user == proxy}
        if not found:
            raise self._unknown(proxy, "service user", self.proxies)
        return self._by_priority(reversed(found.values()))

    def proxies_of(self, partition: str) -> tuple[str, ...]:
        """The service users that are needed for a partition. Raises PpinuiError."""
        return _names(slot.proxy_user for slot in self.copies(partition))

    def _by_priority(self, slots: Iterable[Slot]) -> tuple[Slot, ...]:
        return tuple(sorted(slots, key=lambda slot: self._hsm_of(slot).priority))

    def _hsm_of(self, slot: Slot) -> Hsm:
        hsm = self.config.hsm(slot.hsm)
        assert hsm is not None
        return hsm

    def _unknown(self, name: str, what: str, known: tuple[str, ...]) -> PpinuiError:
        near = difflib.get_close_matches(name, known, n=3) or known[:3]
        remedy = f"did you mean {', '.join(near)}?" if near else "add the slot to primus.cfg first"
        return PpinuiError(
            f"User not found in Primus configuration file: no {what} '{name}'", self.origin, remedy
        )


def require_safe_name(name: str) -> None:
    """Reject the name of a user that a program could read as an option, or a terminal as a command.

    Raises PpinuiError for an empty name, one that begins with ``-``, and one with control characters.
    """
    controls = any(character < " " or "\x7f" <= character < "\xa0" for character in name)
    if not name or name.startswith("-") or controls:
        raise PpinuiError(
            "this is no name of a partition or service user", repr(name), "name one that primus.cfg has"
        )


def _names(users: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user for user in users if user is not None))


def read(document: Document, before: PrimusConfig | None = None) -> PrimusConfig:
    """The typed view of a document. It never fails: what is missing or of a wrong type is for the checks.

    ``before`` is the view of a document that this one was made from by edits: HSMs that they did not change
    are not read again, and are the same objects.
    """
    top = _Group(document.root, Level.FILE)
    primus = _Group(top.groups.get("primus"), Level.GLOBAL)
    log = _Group(primus.groups.get("log"), Level.LOG)
    hsms, stray = _entries(primus.groups.get("hsms"))
    return PrimusConfig(
        document,
        _read_hsms(hsms, before),
        top.with_defaults() | primus.with_defaults(),
        log.with_defaults(),
        (*top.unknown, *primus.unknown, *stray, *log.unknown),
        tuple(hsms),
    )


def _read_hsms(settings: Iterable[Setting], before: PrimusConfig | None) -> tuple[Hsm, ...]:
    known: dict[int, Hsm] = {}
    if before is not None:
        known = {
            id(setting.node): hsm
            for hsm, setting in zip(before.hsms, before.hsm_settings, strict=True)
            # Unknown settings are views of one document, and stand elsewhere in another.
            if not hsm.unknown and not any(slot.unknown for slot in hsm.slots)
        }
    return tuple(known.get(id(setting.node)) or _read_hsm(setting) for setting in settings)


def _read_hsm(setting: Setting) -> Hsm:
    group = _Group(setting, Level.HSM)
    name, path = setting.name or "", setting.path
    slots, stray = _entries(group.groups.get("slots"))
    priority = group.number("priority")
    return Hsm(
        name,
        path,
        group.text("host"),
        group.text("port", digits=True),
        0 if priority is None else priority,
        tuple(_read_slot(slot, f"{path}.slots.{slot.name}", name) for slot in slots),
        "pin" in group.values,
        (*group.unknown, *stray),
    )


def _read_slot(setting: Setting, path: str, hsm: str) -> Slot:
    group = _Group(setting, Level.SLOT)
    return Slot(
        setting.name or "",
        path,
        hsm,
        group.text("user_name"),
        group.number("id"),
        group.text("client_id"),
        group.text("proxy_user"),
        "proxy_password" in group.values,
        tuple(group.unknown),
    )


def is_entry(setting: Setting) -> bool:
    """Whether what stands in ``hsms`` or ``slots`` is an HSM or a slot: a group of any name, but for the
    documented groups, which got there by mistake."""
    return setting.kind is Kind.GROUP and setting.name not in _GROUP_NAMES


def _group_of(setting: Setting, name: str) -> Setting | None:
    return next(
        (child for child in setting.children if child.name == name and child.kind is Kind.GROUP), None
    )


def _entries(setting: Setting | None) -> tuple[list[Setting], list[Setting]]:
    """The HSMs or slots in ``hsms`` or ``slots``, and what else stands there."""
    entries: list[Setting] = []
    others: list[Setting] = []
    for child in setting.children if setting else ():
        (entries if is_entry(child) else others).append(child)
    return entries, others


class _Group:
    """The children of one group: documented scalars by name, documented groups by name, and the rest.

    Of settings that are there twice (which libconfig rejects) the first counts.
    """

    __slots__ = ("_level", "groups", "unknown", "values")

    def __init__(self, setting: Setting | None, level: Level) -> None:
        self._level = level
        self.values: dict[str, tuple[Kind, str]] = {}
        """Kind and source text."""
        self.groups: dict[str, Setting] = {}
        self.unknown: list[Setting] = []
        specs = level.specs
        if setting is None:
            return
        for index, (node, raw) in enumerate(setting.sources()):
            spec = specs.get(node.name or "")
            if spec is None:
                self.unknown.append(setting.children[index])
            elif spec.type is not SettingType.GROUP:
                self.values.setdefault(spec.name, (node.kind, raw))
            elif node.kind is Kind.GROUP:
                self.groups.setdefault(spec.name, setting.children[index])

    def text(self, name: str, *, digits: bool = False) -> str | None:
        """A string; with ``digits`` the digits of an int as well."""
        kind, raw = self.values.get(name, (Kind.GROUP, ""))
        return str(read_scalar(kind, raw)) if kind is Kind.STRING or (digits and kind in INTS) else None

    def number(self, name: str) -> int | None:
        kind, raw = self.values.get(name, (Kind.GROUP, ""))
        return int(read_scalar(kind, raw)) if kind in INTS else None

    def with_defaults(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, spec in self._level.specs.items():
            value = self.values.get(name)
            if spec.type is not SettingType.GROUP:
                found[name] = spec.default if value is None else _value(*value, spec.type)
        return found


def _value(kind: Kind, raw: str, wanted: SettingType) -> Value:
    if kind not in KINDS[wanted]:
        return None
    value = read_scalar(kind, raw)
    assert not isinstance(value, float)
    return value
