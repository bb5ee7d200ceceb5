"""Fixtures for the tests of configurations: the C libconfig, and the vendor's two templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.witness import Witness, compile_witness

EXAMPLES = Path(__file__).with_name("examples")


@pytest.fixture(scope="session")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """The C libconfig of this machine."""
    return compile_witness(tmp_path_factory.mktemp("libconfig"))


@pytest.fixture
def cluster() -> Path:
    """The vendor's template of two HSMs with two partitions each."""
    return EXAMPLES / "cluster-two-partitions.cfg"


@pytest.fixture
def standalone() -> Path:
    """The vendor's template of one HSM with one partition."""
    return EXAMPLES / "standalone-one-partition.cfg"
