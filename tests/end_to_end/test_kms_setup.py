"""``ppinui setup kms`` by a file of answers: twice, from nothing to a test of every slot."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.empty_machine import PASSPHRASE, pipe_with
from tests.rig.patience import patient
from tests.rig.program import PPINUI, environment
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm

ANSWERS = """
kms_model = "softhsm2"
keyring = "vault"
kms_admin = "alice"
kms_pins_in_file = true

[[tokens]]
label = "PAYMENTS"

[[tokens]]
label = "SIGNING"
"""


@pytest.fixture
def set_up(make_tokens: Callable[..., SoftHsm], tmp_path: Path) -> Callable[..., tuple[int, Any]]:
    """`set_up(pins="…", so_pins="…")`: the exit code and the JSON, on a SoftHSM2 with the token PAYMENTS."""
    hsm = make_tokens("PAYMENTS")
    answers = tmp_path / "answers.toml"
    answers.write_text(ANSWERS)
    environ = {
        **hsm.environ,
        "SOFTHSM2_PKCS11_LIB": str(hsm.module),
        "HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": "",
    }

    def run(pins: str, so_pins: str = "") -> tuple[int, Any]:
        with contextlib.ExitStack() as pipes:
            given = {"--pin-fd": pins, "--so-pin-fd": so_pins, "--vault-passphrase-fd": f"{PASSPHRASE}\n"}
            words = []
            for option, content in given.items():
                descriptor = pipe_with(content)
                pipes.callback(os.close, descriptor)
                words += [option, str(descriptor)]
            done = subprocess.run(
                [
                    *PPINUI,
                    "-c",
                    tmp_path / "kms.toml",
                    "setup",
                    "kms",
                    "--answers",
                    answers,
                    "--format",
                    "json",
                    *words,
                ],
                capture_output=True,
                text=True,
                check=False,
                env=environment(environ),
                pass_fds=[int(word) for word in words if word.isdigit()],
                timeout=patient(120),
            )
        assert USER_PIN not in done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def results(done: Any) -> dict[str, str]:
    return {step["step"]: step["result"] for step in done["steps"]}


def test_it_is_set_up_once_and_left_alone_the_second_time(
    set_up: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    code, done = set_up(pins=f"PAYMENTS={USER_PIN}\nSIGNING=signing-pin\n", so_pins=f"SIGNING={SO_PIN}\n")
    assert (code, done["failed"]) == (0, False), done
    assert results(done) == {
        "library": "unchanged",
        "keyring": "changed",
        "tokens": "changed",
        "pins": "changed",
        "kms": "changed",
        "test": "done",
    }
    kms = tmp_path / "kms.toml"
    written = kms.read_bytes()
    assert tomllib.loads(written.decode())["hsm_password"] == [USER_PIN, "signing-pin"]

    code, done = set_up(pins="")
    assert (code, done["changed"]) == (0, False), done
    assert kms.read_bytes() == written
