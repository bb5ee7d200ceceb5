"""What the tests of set-ups share: a Primus to set up."""

from __future__ import annotations

from tests.primus_sim.fixtures import primus_cluster, primus_parts, primus_standalone

__all__ = ["primus_cluster", "primus_parts", "primus_standalone"]
