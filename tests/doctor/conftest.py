"""What the tests of the doctor share: a machine on which nothing is set up yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.primus_sim.fixtures import primus_cluster, primus_parts
from tests.rig.hosts import MakeContext, context_on

__all__ = ["primus_cluster", "primus_parts"]


@pytest.fixture
def machine(tmp_path: Path) -> MakeContext:
    """`machine(group=Group(7, ()))`: an empty root folder, alice, nothing in the environment."""
    return lambda environ=None, **changes: context_on(tmp_path, environ or {}, changes)
