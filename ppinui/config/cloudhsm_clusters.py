"""Which endpoints belong together in the vendor's CloudHSM services: a master and its clones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_DOMAIN: Final = ".cloudshsm.com"
_NAME: Final = re.compile(r"([a-z]+[0-9]+)-api" + re.escape(_DOMAIN))
_PLATINUM: Final = re.compile(r"pla[0-9]+")

SERVICES: Final = {
    "ECO01/ECO02": ("ch01", "ch02"),
    "CCM01": ("ch01", "ch02"),
    "CCMUS01": ("us01", "us02"),
    "ECOWR01": ("de01", "ch01", "us01", "us02", "sg01"),
    "ECODE01": ("de01", "ch01"),
    "ECOUS01": ("us01", "us02"),
    "ECOSG01": ("sg01", "ch01"),
    "SBX01": ("ch01", "ch02", "us02", "sg01"),
}
"""The published services; each with its endpoints ``NAME-api.cloudshsm.com``, the master first."""


def host_of(name: str) -> str:
    """The host of an endpoint by its name in :data:`SERVICES`."""
    return f"{name}-api{_DOMAIN}"


def missing_endpoints(hosts: Iterable[str]) -> tuple[str, ...] | None:
    """The endpoints that are missing for some hosts to be a whole service: the fewest that make one.

    () for a whole service; None where some host belongs to no published service with the others. A Platinum
    service (``plaXX``) has one endpoint.
    """
    names = set()
    for host in hosts:
        match = _NAME.fullmatch(host.lower().removesuffix("."))
        if match is None:
            return None
        names.add(match[1])
    if len(names) == 1 and _PLATINUM.fullmatch(next(iter(names))):
        return ()
    lacks = [
        [name for name in endpoints if name not in names]
        for endpoints in SERVICES.values()
        if names <= set(endpoints)
    ]
    if not names or not lacks:
        return None
    return tuple(host_of(name) for name in min(lacks, key=len))
