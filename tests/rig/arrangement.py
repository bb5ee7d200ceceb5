"""How tests are spread over the workers of pytest-xdist.

A test that is in no group may run in any worker, as nothing is one per machine. Servers listen at free ports
or at drawn addresses. Buses, keyrings and runtime folders belong to a test or a process. The daemon of
openCryptoki has mounts of its own, or waits for a lock (see `tests.rig.opencryptoki`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

_TOGETHER: Final = ("tests/readme/test_readme.py", "tests/pictures/test_pictures.py")
"""Files whose tests share one fixture that takes long."""
_LONG: Final = (
    "tests/readme",
    "tests/pictures",
    "tests/end_to_end",
    "tests/tui",
    "tests/primus_sim",
    "tests/demo",
)
"""What begins first, so that no worker is left with something long in the end."""


def arrange(items: list[pytest.Item], root: Path) -> None:
    """Mark the groups, and sort `items` (the same way in each worker)."""
    for item in items:
        path = item.path.relative_to(root).as_posix()
        if path in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(path))
    items.sort(key=lambda item: _rank(item.path.relative_to(root)))


def _rank(path: Path) -> int:
    rooms = [rank for rank, room in enumerate(_LONG) if path.is_relative_to(room)]
    return rooms[0] if rooms else len(_LONG)
