"""A runtime folder of each run's own, so that others' private folders are not taken for its own."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

_VARIABLE: Final = "XDG_RUNTIME_DIR"


def make_runtime_folder() -> Callable[[], None]:
    """Make a runtime folder in memory, for this process and all that it starts; returns what removes it."""
    before = os.environ.get(_VARIABLE)
    folder = Path("/dev/shm") / f"tests-of-ppinui-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    os.environ[_VARIABLE] = str(folder)

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = before

    return remove


def private_folders() -> set[Path]:
    """The private folders of this moment: ppinui makes them in a runtime folder that is in memory."""
    return set(Path(os.environ[_VARIABLE]).glob("ppinui-*"))
