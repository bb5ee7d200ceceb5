"""Rules on HSMs: hosts, ports, and addresses that are there twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.config.settings import DEFAULT_PORT
from ppinui.config.validators import check_host, check_port, endpoint
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
    for hsm in subject.hsms:
        host = subject.at(hsm).get("host")
        if host is None:
            if subject.complete:
                yield problem(
                    "missing-host",
                    Severity.ERROR,
                    subject.at(hsm),
                    f"{hsm.name} has no host",
                    'add host = "…"; with the name or the IP address of the HSM or of its proxy',
                )
        elif hsm.host is not None and (flaw := check_host(hsm.host)):
            yield problem(flaw.code, Severity.ERROR, host, f"{hsm.name}: {flaw.message}", flaw.remedy)


@rule
def ports(subject: Subject) -> Iterator[Diagnostic]:
    """missing-port, empty-port, port-not-a-number, port-out-of-range."""
    for hsm in subject.hsms:
        port = subject.at(hsm).get("port")
        if port is None:
            if subject.complete:
                yield problem(
                    "missing-port",
                    Severity.ERROR,
                    subject.at(hsm),
                    f"{hsm.name} has no port",
                    f'add port = "{DEFAULT_PORT}"; (the usual one), in quotes',
                )
        elif hsm.port is not None and (flaw := check_port(hsm.port)):
            yield problem(flaw.code, Severity.ERROR, port, f"{hsm.name}: {flaw.message}", flaw.remedy)


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
