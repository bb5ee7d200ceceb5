"""Watching for canaries: values that nobody may see, wherever on the machine others could find them."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.rig.canary import disguises, files_with, processes_showing
from tests.rig.processes import all_processes

TREES: Final = {*map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/run")), Path(tempfile.gettempdir())}
"""Where any program may leave something. It is found there by its value, which no other run has drawn."""
_OTHER_RUNS: Final = re.compile(r"pytest-.*")
"""Folders of runs, this one included: no program but a run's own tests writes there."""


class Watch:
    """Looks for canaries in all that has changed since it was made.

    `canaries` have to be drawn by this process (`tests.rig.canary.draw`): other runs go on meanwhile.
    """

    def __init__(self, canaries: list[str], folder: Path) -> None:
        """`folder`: that of the test; all of its run's folders are looked through."""
        self.canaries = canaries
        self._run = folder.parent
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
        for tree in (*TREES, self._run):
            yield from self._changed_below(tree)

    def _changed_below(self, folder: Path) -> Iterator[Path]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return  # it has gone, or is another user's
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not _OTHER_RUNS.fullmatch(entry.name):
                        yield from self._changed_below(Path(entry.path))
                elif entry.stat(follow_symlinks=False).st_ctime >= self._since and entry.is_file():
                    yield Path(entry.path)
            except OSError:
                continue  # it has gone
