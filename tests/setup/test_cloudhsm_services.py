"""The vendor's published services, as endpoints, and which of them a file already has."""

from __future__ import annotations

import pytest

from ppinui.config.cloudhsm_clusters import SERVICES
from ppinui.setup.cloudhsm_services import CLUSTERS, OTHER, PLATINUM, cluster_of, endpoints_of


def hosts(cluster: str, platinum: int | None = None) -> tuple[str, ...]:
    return tuple(endpoint.host for endpoint in endpoints_of(cluster, platinum))


def test_the_master_of_a_cluster_comes_before_its_clones() -> None:
    assert [(one.host, one.port, one.role) for one in endpoints_of("ECOSG01")] == [
        ("sg01-api.cloudshsm.com", "2310", "master"),
        ("ch01-api.cloudshsm.com", "2310", "clone"),
    ]


def test_a_platinum_cluster_has_the_number_of_its_customer() -> None:
    assert hosts(PLATINUM, 7) == ("pla07-api.cloudshsm.com",)
    assert hosts(PLATINUM, 42) == ("pla42-api.cloudshsm.com",)
    assert hosts(PLATINUM) == ()


def test_addresses_of_ones_own_are_not_known() -> None:
    assert hosts(OTHER) == ()


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ("CCM01", "CCMUS01")])
def test_a_cluster_is_known_again_by_its_hosts(name: str) -> None:
    found = cluster_of(hosts(name))

    assert found is not None
    assert SERVICES[found[0]] == SERVICES[name] or set(SERVICES[found[0]]) == set(SERVICES[name])


def test_a_platinum_customer_is_known_again() -> None:
    assert cluster_of(("PLA12-api.cloudshsm.com.",)) == (PLATINUM, 12)


@pytest.mark.parametrize("given", [(), ("hsm.example.com",), ("ch01-api.cloudshsm.com", "hsm.example.com")])
def test_other_hosts_are_of_no_cluster(given: tuple[str, ...]) -> None:
    assert cluster_of(given) is None


def test_every_published_service_can_be_chosen() -> None:
    assert set(CLUSTERS) == {*SERVICES, PLATINUM, OTHER}
    assert all(endpoints_of(name) for name in SERVICES)
