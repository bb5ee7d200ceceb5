"""SoftHSM2 token directories: any number of tokens with chosen labels and PINs, made in one go."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.rig.patience import patient

USER_PIN = "4711-user-pin"
SO_PIN = "0815-so-pin"

_INITIALISER = Path(__file__).with_name("softhsm_initialise.py")
_MODULE_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/*/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class Token:
    """One token as it was asked for; SoftHSM draws serial and slot id itself."""

    label: str
    pin: str = field(default=USER_PIN, repr=False)
    so_pin: str = field(default=SO_PIN, repr=False)
    slot_id: int = -1
    serial: str = ""


@dataclass(frozen=True)
class SoftHsm:
    """A token directory of its own, and the environment in which the module finds it.

    Not for several processes at once: SoftHSM2 2.6 fails now and then when they share a directory.
    """

    module: Path
    folder: Path
    tokens: tuple[Token, ...]

    @property
    def configuration(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def environ(self) -> dict[str, str]:
        """The variables to lay over a process's own environment."""
        return {"SOFTHSM2_CONF": str(self.configuration)}

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(token.label for token in self.tokens)

    @property
    def slot_ids(self) -> tuple[int, ...]:
        return tuple(token.slot_id for token in self.tokens)

    @property
    def pins(self) -> dict[str, str]:
        """PIN of each label."""
        return {token.label: token.pin for token in self.tokens}

    def token(self, label: str) -> Token:
        return next(token for token in self.tokens if token.label == label)


@cache
def find_softhsm() -> Path:
    """The SoftHSM2 module of this machine; FileNotFoundError names the places looked at."""
    for place in _MODULE_PLACES:
        for path in sorted(Path("/").glob(place.lstrip("/"))):
            return path
    raise FileNotFoundError(
        f"SoftHSM2 is not installed (apt install softhsm2): looked at {', '.join(_MODULE_PLACES)}"
    )


def make_softhsm(folder: Path, tokens: Iterable[str | Token], *, module: Path | None = None) -> SoftHsm:
    """Make the token directory `folder` with these tokens (a str is the label of one with `USER_PIN`).

    The module is loaded in a child process: it never touches the process of the tests.
    """
    library = module or find_softhsm()
    wanted = tuple(Token(token) if isinstance(token, str) else token for token in tokens)
    (folder / "tokens").mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    order = {"module": str(library), "tokens": [[token.label, token.pin, token.so_pin] for token in wanted]}
    # -I -S: the initialiser needs the standard library only, and starts in half the time.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(_INITIALISER)],
        input=json.dumps(order),
        env={"SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(120),
    )
    if done.returncode != 0:
        raise RuntimeError(f"SoftHSM2 tokens were not made in {folder}: {done.stderr}")
    made = tuple(
        Token(token.label, token.pin, token.so_pin, slot_id, serial)
        for token, (slot_id, serial) in zip(wanted, json.loads(done.stdout), strict=True)
    )
    return SoftHsm(library, folder, made)
