"""SoftHSM2 for the demo: finding its module, and making tokens with labels and PINs of our choice."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.pkcs11.return_codes import describe
from ppinui.secrets.secret import Secret

_PLACES: Final = (
    "usr/lib/softhsm/libsofthsm2.so",
    "usr/lib/*/softhsm/libsofthsm2.so",
    "usr/lib64/softhsm/libsofthsm2.so",
    "usr/lib64/pkcs11/libsofthsm2.so",
    "usr/local/lib/softhsm/libsofthsm2.so",
)
_INITIALISER: Final = Path(__file__).with_name("token_setup.py")
_DEADLINE: Final = 60.0
"""Seconds for all tokens; they take about a tenth of one."""


def find_softhsm(root: Path = Path("/")) -> Path:
    """The SoftHSM2 module, where the packages of Debian, Ubuntu, Fedora and SoftHSM2 itself put it.

    Raises PpinuiError, naming all places looked at, when there is none below ``root``.
    """
    for place in _PLACES:
        for path in sorted(root.glob(place)):
            return path
    raise PpinuiError(
        "the demo needs SoftHSM2, a software token, which is not installed",
        ", ".join(str(root / place) for place in _PLACES),
        "sudo apt-get install softhsm2",
    )


def random_pin() -> Secret:
    """Twelve random digits."""
    return Secret("".join(secrets.choice("0123456789") for _ in range(12)))


def environ_for(folder: Path) -> dict[str, str]:
    """The variables with which SoftHSM2 finds the tokens of this folder, and nothing of the user's."""
    return {"SOFTHSM2_CONF": str(folder / "softhsm2.conf"), "PATH": "/usr/bin:/bin"}


def make_tokens(folder: Path, module: Path, pins: Mapping[str, Secret]) -> dict[str, int]:
    """Make a token for each label, with its PIN, in the folder (which exists, and is private).

    The result is the slot id of each label's token, which SoftHSM2 draws. The security officer's PIN is drawn
    at random and forgotten. Raises PpinuiError when the module does not do as told; its process is gone in
    any case.
    """
    tokens = folder / "tokens"
    tokens.mkdir(mode=0o700)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {tokens}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    order = {
        "module": str(module),
        "so_pin": secrets.token_hex(8),
        "tokens": [[label, pin.reveal_bytes().decode()] for label, pin in pins.items()],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_INITIALISER)],
            input=json.dumps(order).encode(),
            env=environ_for(folder),
            capture_output=True,
            check=False,
            timeout=_DEADLINE,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise _not_made(module, f"it did not answer within {_DEADLINE:.0f} seconds") from None
    except ValueError:
        raise _not_made(module, f"its process ended with code {done.returncode}") from None
    if "slots" not in answer:
        code = answer["code"]
        what = answer["function"] if code is None else f"{answer['function']} answered {describe(code).name}"
        raise _not_made(module, what) from None
    return dict(zip(pins, answer["slots"], strict=True))


def _not_made(module: Path, why: str) -> PpinuiError:
    return PpinuiError(
        f"SoftHSM2 could not make the tokens of the demo: {why}",
        str(module),
        "sudo apt-get install --reinstall softhsm2, and look whether the disk is full",
    )
