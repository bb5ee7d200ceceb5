"""How long tests wait for something: every time limit of theirs goes through one function.

PPINUI_TEST_PATIENCE is a factor, 1 if it is not set. A limit of the product's own, which a test is about,
does not go through it.
"""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "PPINUI_TEST_PATIENCE"
_SIDE_BY_SIDE: Final = 3.0
"""Workers of pytest-xdist share the cores, so everything takes longer there."""


def patient(seconds: float) -> float:
    """So many seconds on a quiet machine are how many on this one."""
    crowd = _SIDE_BY_SIDE if "PYTEST_XDIST_WORKER" in os.environ else 1.0
    return seconds * float(os.environ.get(VARIABLE) or 1) * crowd
