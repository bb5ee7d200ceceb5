"""Whether a text says on which machine it was made."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What gives a machine away: folders as they are written, and names as whole words."""

    folders: tuple[str, ...]
    names: tuple[str, ...]

    def traces_in(self, text: str, ours: Iterable[str] = ()) -> list[str]:
        """The folders and names that a text has; a name that is also one of our words says nothing."""
        known = {word.casefold() for word in ours}
        folders = [folder for folder in self.folders if folder in text]
        names = [
            name
            for name in self.names
            if name.casefold() not in known and re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
        ]
        return folders + names


def this_machine() -> Machine:
    """Home, working folder, checkout and temporary folders; user and host."""
    paths = {
        Path.home(),
        Path.cwd(),
        Path(__file__).parents[2],
        Path(tempfile.gettempdir()),
        Path(os.path.realpath(tempfile.gettempdir())),
    }
    host = socket.gethostname()
    names = {getpass.getuser(), host, host.partition(".")[0]}
    # The root folder is part of every path.
    folders = tuple(sorted(str(path) for path in paths if path.parent != path))
    return Machine(folders, tuple(sorted(name for name in names if name)))
