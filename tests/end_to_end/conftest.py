"""What end-to-end tests use: a Primus to talk to, and a vault to keep secrets in."""

from __future__ import annotations

from tests.primus_sim.fixtures import primus_both, primus_cluster, primus_parts, primus_standalone

__all__ = ["primus_both", "primus_cluster", "primus_parts", "primus_standalone"]
