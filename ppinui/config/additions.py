"""Adding HSMs and slots to a primus.cfg, in the style of those that are there and by the rules for ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ppinui.config.paths import insert_with_groups
from ppinui.config.primus_config import Hsm, PrimusConfig, read
from ppinui.config.settings import DEFAULT_PORT, MAXIMUM_INT, Level, SettingSpec
from ppinui.config.value_input import check_host, check_port, check_user_name, endpoint
from ppinui.diagnostic import Diagnostic
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, Scalar, Setting
from ppinui.libconfig.insert import copy
from ppinui.text import quoted

_NUMBERED: Final = re.compile(r"(.*?)(\d+)", re.DOTALL)


def add_hsm(
    document: Document,
    *,
    host: str,
    port: str = DEFAULT_PORT,
    priority: int | None = None,
    like: str | None = None,
) -> tuple[Document, str]:
    """The document with one more HSM, and the path of its group: ``hsmN`` with the next free number.

    ``like`` names an HSM (``hsm0``) whose settings and slots the new one gets, ids included: its redundant
    copy. Without it the new HSM has no slots yet. Raises PpinuiError for a host, port or priority that
    cannot be, and for an address that an HSM of the file has already.
    """
    _refuse_flaw(document, check_host(host) or check_port(port))
    _refuse_number(document, "priority", priority, Level.HSM.specs["priority"])
    config = read(document)
    _refuse_same_address(config, host, port)
    name = _next_name((hsm.name for hsm in config.hsms), "hsm")
    values: dict[str, Scalar] = {"host": host, "port": port}
    if priority is not None:
        values["priority"] = priority
    if like is None:
        settings = _in_style(values, config.hsm_settings, Level.HSM.specs)
        new = insert_with_groups(document, "primus.hsms", name, {**settings, "slots": {}})
    else:
        new = copy(document, _hsm(config, like).path, name, values)
    return new, f"primus.hsms.{name}"


def add_slot(
    document: Document,
    hsm: str,
    *,
    user_name: str,
    id: int,
    client_id: str | None = None,
    proxy_user: str | None = None,
) -> tuple[Document, str]:
    """The document with one more slot on an HSM, and the path of its group: ``slotM`` with the next free
    number.

    ``hsm`` is the name of the HSM's group, its path, or its host as written. Raises PpinuiError for an id
    that breaks the rules of primus-cfg: one id is one partition, and the copies of a partition on several
    HSMs have the same id; the remedy names an id that is right.
    """
    config = read(document)
    model = _hsm(config, hsm)
    _refuse_flaw(document, check_user_name(user_name))
    _refuse_number(document, "id", id, Level.SLOT.specs["id"])
    _refuse_id(config, model, user_name, id)
    given: dict[str, Scalar | None] = {
        "client_id": client_id,
        "user_name": user_name,
        "proxy_user": proxy_user,
        "id": id,
    }
    values = {key: value for key, value in given.items() if value is not None}
    siblings = [config.setting_of(slot) for slot in (*config.slots, *model.slots)]
    settings = _in_style(values, siblings, Level.SLOT.specs)
    name = _next_name((slot.name for slot in model.slots), "slot")
    slots = f"{model.path}.slots"
    return insert_with_groups(document, slots, name, settings), f"{slots}.{name}"


def _hsm(config: PrimusConfig, wanted: str) -> Hsm:
    by_name = [hsm for hsm in config.hsms if wanted in (hsm.name, hsm.path)]
    found = by_name or [hsm for hsm in config.hsms if hsm.host == wanted]
    if len(found) == 1:
        return found[0]
    names = ", ".join(hsm.name for hsm in found or config.hsms)
    if found:
        message = f"{len(found)} HSMs have the host {quoted(wanted)}"
        raise PpinuiError(message, config.document.origin, f"name one of them: {names}")
    raise PpinuiError(
        f"there is no HSM {quoted(wanted)}",
        config.document.origin,
        f"name one of these: {names}" if names else "add an HSM first: ppinui config add-hsm --host HOST",
    )


def _refuse_flaw(document: Document, flaw: Diagnostic | None) -> None:
    if flaw:
        raise PpinuiError(flaw.message, document.origin, flaw.remedy)


def _refuse_number(document: Document, name: str, value: int | None, spec: SettingSpec) -> None:
    if value is not None and not (spec.minimum or 0) <= value <= (spec.maximum or MAXIMUM_INT):
        message = f"{name} {value} is not within {spec.limits}"
        raise PpinuiError(message, document.origin, f"choose {name} within {spec.limits}")


def _refuse_same_address(config: PrimusConfig, host: str, port: str) -> None:
    for hsm in config.hsms:
        if hsm.host and hsm.port and endpoint(hsm.host, hsm.port) == endpoint(host, port):
            message = f"{hsm.name} has host {quoted(host)} and port {port} already"
            remedy = f"add slots to {hsm.name} (ppinui config add-slot {hsm.name} …), or name another address"
            raise PpinuiError(message, str(config.setting_of(hsm).place), remedy)


def _refuse_id(config: PrimusConfig, hsm: Hsm, user_name: str, new_id: int) -> None:
    """Raise where a slot of this partition with this id would break a rule for ids."""
    copies = config.partitions().get(user_name, ())
    elsewhere = {slot.id for slot in copies if slot.hsm != hsm.name and slot.id is not None}
    missing = elsewhere - {slot.id for slot in copies if slot.hsm == hsm.name}
    if missing:
        remedy = f"take id {min(missing)}, which {quoted(user_name)} has on its other HSMs"
    else:
        remedy = f"the next free id is {config.next_free_id}"
    for slot in config.slots:
        if slot.id == new_id and (slot.hsm == hsm.name or slot.user_name != user_name):
            raise PpinuiError(
                f"id {new_id} belongs to {slot.hsm}.{slot.name} (partition {quoted(slot.user_name)})",
                str(config.setting_of(slot).place),
                remedy,
            )
    if missing and new_id not in elsewhere:
        raise PpinuiError(
            f"partition {quoted(user_name)} has another id on its other HSMs: the copies need the same",
            config.document.origin,
            remedy,
        )


def _next_name(names: Iterable[str], prefix: str) -> str:
    """The name with the next number, in the prefix and the number of digits that most of the names have."""
    numbered = [match for name in names if (match := _NUMBERED.fullmatch(name))]
    if not numbered:
        return f"{prefix}0"
    usual = Counter(match[1] for match in numbered).most_common(1)[0][0]
    numbers = [match[2] for match in numbered if match[1] == usual]
    width = len(numbers[-1]) if numbers[-1].startswith("0") else 1
    return f"{usual}{max(map(int, numbers)) + 1:0{width}}"


def _in_style(
    values: Mapping[str, Scalar], siblings: Sequence[Setting], specs: Mapping[str, SettingSpec]
) -> dict[str, Scalar]:
    """The values in the order of the last sibling that has all these settings, else in the documented one."""
    order = list(specs)
    for sibling in reversed(siblings):
        names = [child.name for child in sibling.children if child.name]
        if values.keys() <= set(names):
            order = names
            break
    return {name: values[name] for name in sorted(values, key=order.index)}
