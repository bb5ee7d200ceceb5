"""Answers and position of an interrupted walkthrough, in the user's state folder; never a secret."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ppinui.errors import PpinuiError
from ppinui.files.atomic_write import remove_left_overs, sync_folder, written_beside
from ppinui.setup.questions import Value

_VERSION: Final = 1
_LARGEST: Final = 1024 * 1024
"""Bytes of a file that is read; more is not one of ours."""


@dataclass(frozen=True)
class SavedProgress:
    """How far a walkthrough of a kind is: the step's id, and the answers that are not just defaults."""

    kind: str
    step: str
    answers: Mapping[str, Value]


class ProgressFile:
    """The progress of one kind's walkthrough on one primus.cfg, in a file of mode 0600."""

    def __init__(self, state: Path, kind: str, config: Path) -> None:
        """``state`` is the user's state folder, ``config`` the file that is set up. Nothing is touched."""
        self._kind = kind
        self._config = os.fsencode(config.absolute()).hex()
        self.path = state / "setup" / f"{kind}.json"

    def read(self) -> SavedProgress | None:
        """What was kept; None if there is nothing, or nothing that can be used."""
        kept = _read(self.path)
        if kept is None or kept.get("config") != self._config or kept.get("kind") != self._kind:
            return None
        return SavedProgress(self._kind, str(kept["step"]), _values(kept["answers"]))

    def keep(self, step: str, answers: Mapping[str, Value]) -> None:
        """Put it on the disk, in the place of what was kept before. Raises PpinuiError."""
        content = json.dumps(
            {"ppinui": _VERSION, "kind": self._kind, "config": self._config, "step": step, "answers": answers}
        ).encode("ascii")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_left_overs(self.path)
            with written_beside(self.path, content) as (temporary, _):
                temporary.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise PpinuiError(
                f"the answers cannot be kept for later: {error.strerror}",
                str(self.path),
                "make room, or let XDG_STATE_HOME name a folder that can be written",
            ) from None

    def forget(self) -> bool:
        """Drop what was kept; False if there was nothing."""
        with contextlib.suppress(OSError):
            self.path.unlink()
            return True
        return False


def interrupted(state: Path) -> Iterator[str]:
    """The kinds of which a walkthrough was interrupted, on whatever primus.cfg."""
    with contextlib.suppress(OSError):
        for path in sorted((state / "setup").glob("*.json")):
            if _read(path) is not None:
                yield path.stem


def _read(path: Path) -> dict[str, Any] | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_size > _LARGEST:
            return None
        content = file.read()
    try:
        kept = json.loads(content)
    except ValueError:
        return None
    known = (
        isinstance(kept, dict) and kept.get("ppinui") == _VERSION and isinstance(kept.get("answers"), dict)
    )
    return kept if known and isinstance(kept.get("step"), str) else None


def _values(answers: Mapping[str, Any]) -> dict[str, Value]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in answers.items()}
