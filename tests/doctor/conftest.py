"""What the tests of the doctor share: a machine on which nothing is set up yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppinui.doctor.host import Surroundings
from tests.doctor.doctor_rig import ALICE
from tests.primus_sim.fixtures import primus_cluster, primus_parts

__all__ = ["primus_cluster", "primus_parts"]


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Surroundings]:
    """`machine(group=Group(7, ()))`: an empty root folder, alice, nothing in the environment."""

    def make(**changes: Any) -> Surroundings:
        facts = {"environ": {}, "account": ALICE, "group": None, "core_limit": 0, "root": tmp_path}
        return Surroundings(**{**facts, **changes})

    return make
