"""PKCS#11's return values: the name of each, its meaning, the next step, and what it says of an offered PIN.

The table is pkcs11_codes.tsv beside this module: every return value of PKCS#11 2.40, 3.0, 3.1 and 3.2, in
words that fit any module. Values from 0x80000000 on are the module vendor's own; those of a Primus provider
are in ppinui/provider/vendor_codes.tsv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VENDOR_DEFINED: Final = 0x80000000
"""From here on a return value is the vendor's (CKR_VENDOR_DEFINED), not PKCS#11's."""

SLOT_ID_INVALID: Final = 0x03
ACTION_PROHIBITED: Final = 0x1B
PIN_LOCKED: Final = 0xA4
TOKEN_NOT_PRESENT: Final = 0xE0
USER_PIN_NOT_INITIALIZED: Final = 0x102


class PinVerdict(Enum):
    """What a return value says of the PIN that C_Login was called with: the column ``pin`` of both tables."""

    NOT_SENT = "not sent"
    """The call failed before the PIN was sent."""
    MAY_BE_WRONG = "may be wrong"
    """Not known: safety comes first, and the PIN is offered to no other HSM in the same run."""
    WRONG = "wrong"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    LOCKED = "locked"
    UNLISTED = "unlisted"
    """A vendor's code that is in no table: the PIN counts as rejected."""

    @property
    def rejects(self) -> bool:
        """Whether the PIN is offered never again, until it is replaced."""
        return self not in {PinVerdict.NOT_SENT, PinVerdict.MAY_BE_WRONG}


@dataclass(frozen=True)
class ErrorEntry:
    """What one code says."""

    code: int
    name: str
    """``CKR_…`` for PKCS#11's own; for a vendor's code its published meaning."""
    meaning: str
    """One sentence without its full stop, so that more can follow."""
    remedy: str
    """The next step, as an order that can follow ``fix:``."""
    pin: PinVerdict

    @property
    def hex(self) -> str:
        """The code as the vendor writes it: ``0x000000E0``."""
        return f"0x{self.code:08X}"


def describe(code: int) -> ErrorEntry:
    """The entry of any module's return value; one that is not in the table has an entry that says so."""
    return pkcs11_codes().get(code) or _unknown(code)


@cache
def pkcs11_codes() -> Mapping[int, ErrorEntry]:
    """Every code of pkcs11_codes.tsv."""
    return {
        int(code, 16): ErrorEntry(int(code, 16), name, meaning, remedy, PinVerdict(pin))
        for code, name, pin, meaning, remedy in read_table(Path(__file__).with_name("pkcs11_codes.tsv"))
    }


def read_table(path: Path) -> Iterator[list[str]]:
    """The fields of each row of a table of codes, without its comments (``#``) and its head."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    next(lines)
    return (line.split("\t") for line in lines)


def code_of_exception(exception: BaseException) -> int | None:
    """The return value behind an exception of python-pkcs11; None where there was none.

    python-pkcs11 has one class for each return value that it knows and gives them no text, so the class tells
    the code. For the others it raises its base class with a text: the code in hexadecimal, or a sentence of
    its own. A search that finds nothing or too much, and a library that does not load, never had one.
    """
    for cls in type(exception).__mro__:
        if cls.__module__ != "pkcs11.exceptions":
            continue
        if cls.__name__ == "PKCS11Error":
            return _code_in_text(str(exception))
        name = _ODD_CLASSES.get(cls.__name__, "CKR_" + cls.__name__)
        if (code := _codes_by_name().get(_plain(name))) is not None:
            return code
    return None


def _code_in_text(text: str) -> int | None:
    if found := re.fullmatch(r"Unmapped error code (0x[0-9a-fA-F]+)", text):
        return int(found[1], 16)
    name = _NAMES_IN_TEXTS.get(text)
    return _codes_by_name()[_plain(name)] if name else None


@cache
def _codes_by_name() -> Mapping[str, int]:
    return {_plain(entry.name): code for code, entry in pkcs11_codes().items()}


def _plain(name: str) -> str:
    """CKR_PIN_INCORRECT and its class PinIncorrect differ in capitals and underscores only."""
    return name.replace("_", "").lower()


def _unknown(code: int) -> ErrorEntry:
    written = f"0x{code:08X}"
    if code < 0x10000000:
        return ErrorEntry(
            code,
            f"Unknown PKCS#11 code {written}",
            "PKCS#11 keeps this range for itself, and no version up to 3.2 has this code",
            "check that --module names a PKCS#11 library, and ask its vendor what it means by this code",
            PinVerdict.MAY_BE_WRONG,
        )
    if code >= VENDOR_DEFINED:
        return ErrorEntry(
            code,
            f"Vendor's code {written}",
            "The code is in the range of the module's vendor, of which ppinui has no list",
            "look into the module's own log, and ask its vendor what it means by this code",
            PinVerdict.UNLISTED,
        )
    return ErrorEntry(
        code,
        f"Unknown code {written}",
        "The code is in no range that PKCS#11 or a vendor has",
        "check that --module names a PKCS#11 library for this machine, and ask its vendor what this means",
        PinVerdict.MAY_BE_WRONG,
    )


_NAMES_IN_TEXTS: Final = {
    "Buffer was too small. Should never see this.": "CKR_BUFFER_TOO_SMALL",
    "Initialisation error (already initialized). Should never see this.": "CKR_CRYPTOKI_ALREADY_INITIALIZED",
    "Initialisation error (not initialized). Should never see this.": "CKR_CRYPTOKI_NOT_INITIALIZED",
    "Parallel not supported. Should never see this.": "CKR_SESSION_PARALLEL_NOT_SUPPORTED",
    "User type invalid. Should never see this.": "CKR_USER_TYPE_INVALID",
    "Failed to cancel operation": "CKR_OPERATION_CANCEL_FAILED",
}
"""What python-pkcs11 0.10 says instead of some codes."""

_ODD_CLASSES: Final = {
    "AnotherUserAlreadyLoggedIn": "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
    "FunctionCancelled": "CKR_FUNCTION_CANCELED",
    "TokenNotRecognised": "CKR_TOKEN_NOT_RECOGNIZED",
}
"""Classes of pkcs11.exceptions that are not called as their return value is."""
