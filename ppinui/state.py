"""Where what outlives the program lies: the user's state folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for this user's state: below XDG_STATE_HOME, else below ~/.local/state."""
    named = environ.get("XDG_STATE_HOME", "")
    home = Path(environ.get("HOME") or Path("~").expanduser())
    return (Path(named) if os.path.isabs(named) else home / ".local/state") / "ppinui"
