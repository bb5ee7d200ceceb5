"""What end-to-end tests use: a Primus to talk to, an example to edit, and a home for the app."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.primus_sim.fixtures import primus_both, primus_cluster, primus_parts, primus_standalone
from tests.rig.app_screen import EXAMPLE
from tests.rig.processes import MarkedProcesses

__all__ = ["primus_both", "primus_cluster", "primus_parts", "primus_standalone"]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A primus.cfg: the vendor's template of a cluster."""
    file = tmp_path / "primus.cfg"
    file.write_bytes(EXAMPLE.read_bytes())
    return file


@pytest.fixture
def app_environ(tmp_path: Path, marked: MarkedProcesses) -> Mapping[str, str]:
    """A home and a state folder of the test's own; no process may be left."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PRIMUS_HOME": str(tmp_path),
        **marked.environ,
    }
