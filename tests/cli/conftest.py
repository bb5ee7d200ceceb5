"""A primus.cfg as a user has it, to look at and to edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.configurations import two_hsms

TEXT = "# the configuration of the payment servers\n\n" + two_hsms(
    settings="connect_on_init = true;\nvendor_extra = [ 1, 2, 3 ];\nretry_factor = 1.5;",
    hsm0='pin = "FXAJX-XWVQ3";',
    slot0='/* proxy_password = "0LDSECRET"; */',
    slot1='color = "blue";',
    log="trace_mask = 0x00;",
)
SECRETS = ("FXAJX-XWVQ3", "0LDSECRET")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A primus.cfg with two HSMs, unknown settings, a password, and another one in a comment."""
    file = tmp_path / "primus.cfg"
    file.write_text(TEXT)
    file.chmod(0o640)
    return file
