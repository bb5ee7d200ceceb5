"""Rules on HSMs and their slots: addresses, names of partitions, slot ids, users of service proxies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.config.settings import DEFAULT_PORT
from ppinui.config.value_input import check_host, check_port, check_user_name, endpoint
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting
from ppinui.text import quoted

_PLACEHOLDERS: Final = re.compile(
    r"HSM\d*_HostnameOrIpOrProxyURL|[ab]-api\.cloudshsm\.com|PARTITION_?NAME\d*|SERVICE_?USER\d*",
    re.IGNORECASE,
)
"""What the vendor's templates have in the place of hosts, partitions and service users."""


@rule
def hosts(subject: Subject) -> Iterator[Diagnostic]:
    """missing-host, empty-host, host-with-blanks, host-with-scheme, host-with-brackets, host-with-port,
    host-not-an-address, host-invalid.
    """
    remedy = 'add host = "…"; with the name or the IP address of the HSM or of its proxy'
    for hsm in subject.hsms:
        yield from _needed(subject, hsm, "host", hsm.host, check=check_host, remedy=remedy)


@rule
def ports(subject: Subject) -> Iterator[Diagnostic]:
    """missing-port, empty-port, port-not-a-number, port-out-of-range."""
    for hsm in subject.hsms:
        remedy = f'add port = "{DEFAULT_PORT}"; (the usual one), in quotes'
        yield from _needed(subject, hsm, "port", hsm.port, check=check_port, remedy=remedy)


def _needed(
    subject: Subject,
    entry: Hsm | Slot,
    name: str,
    value: str | None,
    *,
    check: Callable[[str], Diagnostic | None],
    remedy: str,
) -> Iterator[Diagnostic]:
    """The problem of a setting that is needed: it is absent (``remedy`` says what to add), or has a flaw."""
    setting = subject.at(entry).get(name)
    whose = _name(entry)
    if setting is None:
        if subject.complete:
            code = f"missing-{name.replace('_', '-')}"
            yield problem(code, Severity.ERROR, subject.at(entry), f"{whose} has no {name}", remedy)
    elif value is not None and (flaw := check(value)):
        yield problem(flaw.code, flaw.severity, setting, f"{whose}: {flaw.message}", flaw.remedy)


@rule
def same_endpoints(subject: Subject) -> Iterator[Diagnostic]:
    """same-endpoint-twice: two groups for one host and port are no redundancy."""
    first: dict[tuple[str, str], str] = {}
    for hsm in subject.config.hsms:
        if not hsm.host or not hsm.port:
            continue
        other = first.setdefault(endpoint(hsm.host, hsm.port), hsm.name)
        if other != hsm.name:
            yield problem(
                "same-endpoint-twice",
                Severity.WARNING,
                subject.at(hsm).get("host") or subject.at(hsm),
                f"{hsm.name} has the host and port of {other}: the same HSM twice is no redundancy",
                f"correct the host or the port, or put the slots into {other} and remove {hsm.name}",
            )


@rule
def placeholders(subject: Subject) -> Iterator[Diagnostic]:
    """placeholder-value: what the vendor's template has there, once for each value."""
    found: dict[str, list[Setting]] = {}
    for hsm in subject.config.hsms:
        if not _is_placeholder(hsm.host) and not any(
            _is_placeholder(slot.user_name) or _is_placeholder(slot.proxy_user) for slot in hsm.slots
        ):
            continue
        groups = (subject.at(hsm), *(subject.at(slot) for slot in hsm.slots))
        for setting in (child for group in groups for child in group.children):
            if setting.name in ("host", "user_name", "proxy_user") and setting.kind is Kind.STRING:
                value = str(setting.value)
                if _is_placeholder(value):
                    found.setdefault(value, []).append(setting)
    for value, settings in found.items():
        more = f" (and {len(settings) - 1} more)" if len(settings) > 1 else ""
        yield problem(
            "placeholder-value",
            Severity.NOTE,
            settings[0],
            f"{called(settings[0])}{more} is still {quoted(value)}, as in the vendor's template",
            "write the value of your HSM or service",
        )


@lru_cache(maxsize=20_000)
def _is_placeholder(value: str | None) -> bool:
    return value is not None and _PLACEHOLDERS.fullmatch(value) is not None


def _name(entry: Hsm | Slot) -> str:
    return f"{entry.hsm}.{entry.name}" if isinstance(entry, Slot) else entry.name


@rule
def user_names(subject: Subject) -> Iterator[Diagnostic]:
    """missing-user-name, empty-user-name, user-name-with-blanks."""
    remedy = 'add user_name = "…"; with the name of the partition'
    for slot in subject.slots:
        yield from _needed(subject, slot, "user_name", slot.user_name, check=check_user_name, remedy=remedy)


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
