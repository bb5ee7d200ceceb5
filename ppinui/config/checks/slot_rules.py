"""Rules on slots: names of partitions, slot ids, users of service proxies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ppinui.config.checks.subject import Subject, problem, rule
from ppinui.config.primus_config import PrimusConfig, Slot
from ppinui.config.validators import check_user_name
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.text import quoted


def _name(slot: Slot) -> str:
    return f"{slot.hsm}.{slot.name}"


@rule
def user_names(subject: Subject) -> Iterator[Diagnostic]:
    """missing-user-name, empty-user-name, user-name-with-blanks."""
    for slot in subject.slots:
        setting = subject.at(slot).get("user_name")
        if setting is None:
            if subject.complete:
                yield problem(
                    "missing-user-name",
                    Severity.ERROR,
                    subject.at(slot),
                    f"{_name(slot)} has no user_name",
                    'add user_name = "…"; with the name of the partition',
                )
        elif slot.user_name is not None and (flaw := check_user_name(slot.user_name)):
            yield problem(flaw.code, flaw.severity, setting, f"{_name(slot)}: {flaw.message}", flaw.remedy)


@rule
def similar_user_names(subject: Subject) -> Iterator[Diagnostic]:
    """similar-user-names: names that differ in case or white space alone are different partitions."""
    first: dict[str, Slot] = {}
    for name, slots in subject.config.partitions().items():
        other = first.setdefault("".join(name.split()).casefold(), slots[0])
        if other.user_name != name:
            yield problem(
                "similar-user-names",
                Severity.WARNING,
                subject.at(slots[0]).get("user_name") or subject.at(slots[0]),
                f"{_name(slots[0])} has user_name {quoted(name)}, "
                f"{_name(other)} has {quoted(other.user_name)}: "
                "to the HSM these are two partitions",
                "write both in the same way if one partition is meant",
            )


@rule
def missing_ids(subject: Subject) -> Iterator[Diagnostic]:
    """missing-id: applications find a partition by its slot id."""
    for slot in subject.slots:
        if subject.at(slot).get("id") is None and subject.complete:
            yield problem(
                "missing-id",
                Severity.ERROR,
                subject.at(slot),
                f"{_name(slot)} has no id",
                f"add id = {_right_id(subject.config, slot)};",
            )


@rule
def ids_of_one_hsm(subject: Subject) -> Iterator[Diagnostic]:
    """duplicate-id-in-hsm: two slots of one HSM with one id."""
    for hsm in subject.hsms:
        first: dict[int, Slot] = {}
        for slot in hsm.slots:
            if slot.id is None:
                continue
            other = first.setdefault(slot.id, slot)
            if other is not slot:
                yield problem(
                    "duplicate-id-in-hsm",
                    Severity.ERROR,
                    subject.at(slot).get("id") or subject.at(slot),
                    f"{_name(slot)} and {_name(other)} both have id {slot.id}",
                    f"give {_name(slot)} id {_right_id(subject.config, slot)}",
                )


@rule
def ids_of_two_partitions(subject: Subject) -> Iterator[Diagnostic]:
    """id-shared-by-partitions: different partitions, on different HSMs, with one id would be one slot."""
    users: dict[int, dict[str, Slot]] = {}
    for slot in subject.config.slots:
        if slot.id is None or not (slot.user_name and slot.user_name.strip()):
            continue
        known = users.setdefault(slot.id, {})
        if known and slot.user_name not in known and all(other.hsm != slot.hsm for other in known.values()):
            other = next(iter(known.values()))
            yield problem(
                "id-shared-by-partitions",
                Severity.ERROR,
                subject.at(slot).get("id") or subject.at(slot),
                f"id {slot.id} is partition {quoted(slot.user_name)} on {slot.hsm} "
                f"and partition {quoted(other.user_name)} on {other.hsm}",
                f"give {_name(slot)} id {_right_id(subject.config, slot)}, unless a user_name is wrong",
            )
        known.setdefault(slot.user_name, slot)


@rule
def ids_of_one_partition(subject: Subject) -> Iterator[Diagnostic]:
    """ids-differ-across-hsms: the copies of a partition have the same id, or the same ids, on every HSM."""
    if not subject.complete:
        return
    for name, slots in subject.config.partitions().items():
        ids: dict[str, set[int]] = {}
        for slot in slots:
            if slot.id is not None:
                ids.setdefault(slot.hsm, set()).add(slot.id)
        if len(ids) < 2:
            continue
        usual, _ = Counter(frozenset(own) for own in ids.values()).most_common(1)[0]
        for hsm, own in ids.items():
            if own == usual:
                continue
            odd = [slot for slot in slots if slot.hsm == hsm and slot.id not in usual]
            at = (odd or [slot for slot in slots if slot.hsm == hsm])[0]
            yield problem(
                "ids-differ-across-hsms",
                Severity.ERROR,
                subject.at(at).get("id") or subject.at(at),
                f"partition {quoted(name)} has id {_several(own)} on {hsm} and {_several(usual)} elsewhere: "
                "these are different slots, and none stands in for the other",
                f"give the copies of {quoted(name)} the same id on every HSM ({_several(usual)})",
            )


def _several(ids: set[int] | frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ids)))


def _right_id(config: PrimusConfig, slot: Slot) -> int:
    """The id that the partition has on other HSMs and not yet on this one, else the next free one."""
    copies = config.partitions().get(slot.user_name or "", ())
    hsm = config.hsm(slot.hsm)
    here = {other.id for other in hsm.slots} if hsm else set()
    elsewhere = [other.id for other in copies if other.hsm != slot.hsm and other.id is not None]
    return next((number for number in elsewhere if number not in here), config.next_free_id)


@rule
def proxy_users(subject: Subject) -> Iterator[Diagnostic]:
    """slot-without-proxy-user, empty-proxy-user, proxy-password-without-user."""
    for hsm in subject.hsms:
        beside = next((slot for slot in hsm.slots if slot.proxy_user), None)
        for slot in hsm.slots:
            setting = subject.at(slot).get("proxy_user")
            if setting is not None and slot.proxy_user is not None and not slot.proxy_user.strip():
                yield problem(
                    "empty-proxy-user",
                    Severity.ERROR,
                    setting,
                    f"{_name(slot)}: proxy_user is empty",
                    "write the service user, or remove the line where there is no proxy",
                )
            elif setting is None and beside is not None and subject.complete:
                yield problem(
                    "slot-without-proxy-user",
                    Severity.WARNING,
                    subject.at(slot),
                    f"{_name(slot)} has no proxy_user, {_name(beside)} on the same HSM has one",
                    f'add proxy_user = "{beside.proxy_user}"; if both go through the proxy',
                )
            password = subject.at(slot).get("proxy_password")
            if setting is None and password is not None and subject.complete:
                yield problem(
                    "proxy-password-without-user",
                    Severity.WARNING,
                    password,
                    f"{_name(slot)} has a proxy_password and no proxy_user",
                    "add the proxy_user whose password it is, or remove the password",
                )
