"""The primus.cfg that a set-up plans: written anew in the vendor's style, or edits of the one there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ppinui.config.additions import add_hsm, add_slot
from ppinui.config.paths import set_or_insert
from ppinui.config.primus_config import Hsm, PrimusConfig, read
from ppinui.config.template import LOG_FILE, NewHsm, NewSlot, render, with_header
from ppinui.config.value_input import endpoint
from ppinui.libconfig.document import Document, Scalar, parse


@dataclass(frozen=True)
class PlannedHsm:
    """An HSM, or the proxy in front of it. ``words``: what it is, for a comment."""

    host: str
    port: str
    priority: int
    words: str


@dataclass(frozen=True)
class PlannedPartition:
    """A partition that is on every planned HSM.

    ``id`` None: the one that it has, else the next free one; ``client_id`` None: as it is, else the name.
    """

    name: str
    id: int | None = None
    client_id: str | None = None


@dataclass(frozen=True)
class ConfigPlan:
    """What the answers of a walkthrough come to. ``proxy_user`` None: no service proxy."""

    hsms: tuple[PlannedHsm, ...]
    partitions: tuple[PlannedPartition, ...]
    proxy_user: str | None = None
    log_file: str = LOG_FILE


def draft(old: Document | None, plan: ConfigPlan, origin: str) -> Document:
    """The document with all that is planned; what else is in it stays, and nothing is changed for nothing.

    ``old`` None: there is no file yet. Raises PpinuiError for what cannot be, such as an id that another
    partition has.
    """
    if old is None or not old.text.strip():
        return parse(render(_new_hsms(plan), log_file=plan.log_file), origin)
    document = with_header(old, origin)
    for hsm in plan.hsms:
        document = _with_hsm(document, hsm, plan)
    if read(document).log["file"] != plan.log_file:
        document = set_or_insert(document, "primus.log.file", plan.log_file)
    return document


def find_hsm(config: PrimusConfig, host: str, port: str) -> Hsm | None:
    """The HSM of a configuration at this address."""
    for hsm in config.hsms:
        if hsm.host and hsm.port and endpoint(hsm.host, hsm.port) == endpoint(host, port):
            return hsm
    return None


def other_hsms(config: PrimusConfig, plan: ConfigPlan) -> tuple[Hsm, ...]:
    """The HSMs of a configuration that are not in the plan: they stay as they are."""
    kept = {found.name for hsm in plan.hsms if (found := find_hsm(config, hsm.host, hsm.port))}
    return tuple(hsm for hsm in config.hsms if hsm.name not in kept)


def _new_hsms(plan: ConfigPlan) -> list[NewHsm]:
    ids = _ids(plan.partitions, None)
    slots = tuple(
        NewSlot(one.name, ids[one.name], one.client_id or one.name, plan.proxy_user)
        for one in plan.partitions
    )
    return [NewHsm(hsm.host, hsm.port, hsm.priority, hsm.words, slots) for hsm in plan.hsms]


def _with_hsm(document: Document, hsm: PlannedHsm, plan: ConfigPlan) -> Document:
    found = find_hsm(read(document), hsm.host, hsm.port)
    if found is None:
        document, path = add_hsm(document, host=hsm.host, port=hsm.port, priority=hsm.priority)
    else:
        path = found.path
        if found.priority != hsm.priority:
            document = set_or_insert(document, f"{path}.priority", hsm.priority)
    ids = _ids(plan.partitions, read(document))
    for partition in plan.partitions:
        document = _with_slot(document, path, partition, ids[partition.name], plan.proxy_user)
    return document


def _with_slot(
    document: Document, hsm: str, partition: PlannedPartition, id: int, proxy_user: str | None
) -> Document:
    slots = [slot for one in read(document).hsms if one.path == hsm for slot in one.slots]
    found = next((slot for slot in slots if slot.user_name == partition.name), None)
    if found is None:
        return add_slot(
            document,
            hsm,
            user_name=partition.name,
            id=id,
            client_id=partition.client_id or partition.name,
            proxy_user=proxy_user,
        )[0]
    given: dict[str, tuple[Scalar | None, Scalar | None]] = {
        "client_id": (found.client_id, partition.client_id),
        "proxy_user": (found.proxy_user, proxy_user),
        "id": (found.id, id if found.id is None else partition.id),
    }
    for name, (is_now, planned) in given.items():
        if planned is not None and planned != is_now:
            document = set_or_insert(document, f"{found.path}.{name}", planned)
    return document


def _ids(partitions: Sequence[PlannedPartition], config: PrimusConfig | None) -> dict[str, int]:
    """The slot id of each partition: the one that was asked for, the one that it has, the next free one."""
    known = {name: slots[0].id for name, slots in config.partitions().items()} if config else {}
    used = {slot.id for slot in config.slots} if config else set()
    used |= {one.id for one in partitions}
    ids: dict[str, int] = {}
    for partition in partitions:
        id = known.get(partition.name) if partition.id is None else partition.id
        if id is None:
            id = next(number for number in range(len(used) + 1) if number not in used)
        used.add(id)
        ids[partition.name] = id
    return ids
