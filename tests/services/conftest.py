"""What the tests of services share: a Primus."""

from __future__ import annotations

from tests.primus_sim.fixtures import primus_cluster, primus_parts, primus_standalone

__all__ = ["primus_cluster", "primus_parts", "primus_standalone"]
