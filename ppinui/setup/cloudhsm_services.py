"""The vendor's published services: which endpoints they have, and in which order they are tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ppinui.config.cloudhsm_clusters import SERVICES, host_of
from ppinui.config.settings import DEFAULT_PORT


@dataclass(frozen=True)
class ServiceEndpoint:
    """Where an HSM or its service proxy listens. ``role`` in words: master, clone, the HSM's name."""

    host: str
    port: str
    role: str


_REGIONS: Final = {
    "ECO01/ECO02": "Switzerland",
    "CCM01": "Switzerland, Common Criteria and FIPS",
    "CCMUS01": "United States, Common Criteria and FIPS",
    "ECOWR01": "international",
    "ECODE01": "Germany",
    "ECOUS01": "United States",
    "ECOSG01": "Singapore",
    "SBX01": "sandbox, for trying things out",
}
PLATINUM: Final = "PLAXX"
"""The Platinum service: one endpoint, with the customer's number in its name."""
OTHER: Final = "other"
"""No published service: private endpoints, aliases."""

CLUSTERS: Final = {
    **{name: _REGIONS[name] for name in SERVICES},
    PLATINUM: "Platinum, with a number of your own",
    OTHER: "addresses of your own: a private endpoint, an alias",
}
"""What can be chosen as a CloudHSM cluster, in words."""

DEVELOPER: Final = {
    "grimsel": ServiceEndpoint("grimsel.securosys.ch", "2410", "grimsel"),
    "nufenen": ServiceEndpoint("nufenen.securosys.ch", "2411", "nufenen"),
    "oberalp": ServiceEndpoint("oberalp.securosys.ch", "2412", "oberalp"),
}
"""The HSMs of the developer program; oberalp is on an older page only, and behind a service proxy."""
BEHIND_PROXY: Final = frozenset({"oberalp"})


def endpoints_of(cluster: str, platinum: int | None = None) -> tuple[ServiceEndpoint, ...]:
    """The endpoints of a CloudHSM cluster, the master first; () for one that is not published.

    ``platinum``: the customer's number, for PLAXX.
    """
    if cluster == PLATINUM:
        return (ServiceEndpoint(host_of(f"pla{platinum:02}"), DEFAULT_PORT, "master"),) if platinum else ()
    return tuple(
        ServiceEndpoint(host_of(name), DEFAULT_PORT, "clone" if number else "master")
        for number, name in enumerate(SERVICES.get(cluster, ()))
    )


def cluster_of(hosts: tuple[str, ...]) -> tuple[str, int | None] | None:
    """The first cluster that has exactly these hosts, and a Platinum customer's number; None if none has."""
    wanted = {host.lower().removesuffix(".") for host in hosts}
    for name in SERVICES:
        if wanted == {endpoint.host for endpoint in endpoints_of(name)}:
            return name, None
    platinum = re.fullmatch(r"pla(\d+)" + re.escape(host_of("")), next(iter(wanted), ""))
    return (PLATINUM, int(platinum[1])) if platinum and len(wanted) == 1 else None
