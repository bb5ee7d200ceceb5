"""Fixtures with a Primus to test against; a conftest.py imports those that its tests use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.primus_sim.stand import Parts, Stand, build_parts

__all__ = ["primus_both", "primus_cluster", "primus_parts", "primus_standalone"]


@pytest.fixture(scope="session")
def primus_parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The compiled library and tokens with keys."""
    return build_parts(tmp_path_factory.mktemp("primus-parts"))


@pytest.fixture
def primus_cluster(primus_parts: Parts, tmp_path: Path) -> Iterator[Stand]:
    """Two HSMs (hsm1, hsm2) with two partitions (slot ids 1 and 2) behind a service proxy."""
    with Stand(tmp_path / "primus-cluster", primus_parts, cluster=True, standalone=False) as stand:
        yield stand


@pytest.fixture
def primus_standalone(primus_parts: Parts, tmp_path: Path) -> Iterator[Stand]:
    """One HSM (hsm0) with one partition (slot id 0), without a proxy."""
    with Stand(tmp_path / "primus-standalone", primus_parts, cluster=False, standalone=True) as stand:
        yield stand


@pytest.fixture
def primus_both(primus_parts: Parts, tmp_path: Path) -> Iterator[Stand]:
    """The stand-alone HSM and the cluster in one primus.cfg (slot ids 0, 1 and 2)."""
    with Stand(tmp_path / "primus-both", primus_parts, cluster=True, standalone=True) as stand:
        yield stand
