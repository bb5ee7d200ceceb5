"""Watching for canaries: values that nobody may see, wherever on the machine others could find them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.rig.canary import disguises, files_with, processes_showing
from tests.rig.processes import all_processes

TREES = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/run")))


class Watch:
    """Looks for canaries in all that has changed since it was made."""

    def __init__(self, canaries: list[str], home: Path) -> None:
        self.canaries = canaries
        self._home = home
        self._since = time.time() - 0.1

    def found(self) -> list[str]:
        """Files, processes: whatever shows a canary."""
        files = set(self._changed())
        everybody = [process for process in all_processes() if process.pid != os.getpid()]
        return [
            f"{canary}: {place}"
            for canary in self.canaries
            for place in (*files_with(canary, *files), *processes_showing(canary, everybody))
        ]

    def in_text(self, text: str) -> list[str]:
        seen = text.encode()
        return [canary for canary in self.canaries if any(form in seen for form in disguises(canary))]

    def _changed(self) -> Iterator[Path]:
        for tree in (*TREES, self._home):
            for folder, _, names in os.walk(tree):
                for path in (Path(folder, name) for name in names):
                    try:
                        if path.lstat().st_ctime >= self._since and path.is_file():
                            yield path
                    except OSError:
                        continue  # it has gone
