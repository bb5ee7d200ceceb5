"""A session on a configuration of its own, with a folder for its journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.editing.session import Session, open_file
from tests.rig.configurations import one_hsm

TEXT = one_hsm(hsm0='pin = "CANARY-PIN-1";')


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "primus.cfg"
    file.write_text(TEXT)
    return file


@pytest.fixture
def open_session(config: Path, tmp_path: Path) -> Callable[[], Session]:
    """`open_session()`: a session on `config`; each leaves no line in the system's log."""
    return lambda: Session(open_file(config), state=tmp_path / "state", tracer=lambda *_: None)
