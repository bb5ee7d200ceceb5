"""What README's blocks need: parts of a Primus."""

from __future__ import annotations

from tests.primus_sim.fixtures import primus_parts

__all__ = ["primus_parts"]
