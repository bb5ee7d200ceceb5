"""SoftHSM2 for the demo: finding its module, and making tokens with labels and PINs of our choice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, result_of
from ppinui.tokens.pins import request_for, token_of
from ppinui.tokens.slot_list import list_slots

_PLACES: Final = (
    "usr/lib/softhsm/libsofthsm2.so",
    "usr/lib/*/softhsm/libsofthsm2.so",
    "usr/lib64/softhsm/libsofthsm2.so",
    "usr/lib64/pkcs11/libsofthsm2.so",
    "usr/local/lib/softhsm/libsofthsm2.so",
)


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
    access = Access(module, environ_for(folder))
    try:
        for label, pin in pins.items():
            fresh = next(
                slot for slot in list_slots(access).slots if not token_of(slot, module).is_initialised
            )
            request = request_for("pin_ops:initialise", fresh) | {"label": f"{label:32}"}
            # Not by tokens.initialise, which writes to the system's log: these are nobody's tokens.
            result_of(access, request, Secret(secrets.token_hex(8)), pin, never_on_primus=True)
        # SoftHSM2 numbers a slot anew, by its token's serial, when it is next initialised.
        slots = {slot.token.label: slot.id for slot in list_slots(access).slots if slot.token is not None}
    except PpinuiError as error:
        raise PpinuiError(
            f"SoftHSM2 could not make the tokens of the demo: {error.message}",
            str(module),
            "sudo apt-get install --reinstall softhsm2, and look whether the disk is full",
        ) from None
    return {label: slots[label] for label in pins}
