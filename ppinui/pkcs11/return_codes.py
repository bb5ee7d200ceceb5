"""Every code that a PKCS#11 library can answer with: its name, what it means, what to do next.

Three ranges (the vendor's documentation): 0x0nnnnnnn are PKCS#11's own return values, 0x8nnnnnnn the
vendor's, 0xCnnnnnnn the HSM system's. The texts stand in two tables beside this module: pkcs11_codes.tsv has
every return value of PKCS#11 2.40, 3.0, 3.1 and 3.2; vendor_codes.tsv has the vendor's published list, each
code under its published meaning, and one more that a documented log shows. Of the HSM system's codes no list
is published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES: Final = ("pkcs11_codes.tsv", "vendor_codes.tsv")


@dataclass(frozen=True)
class ErrorEntry:
    """What one code says."""

    code: int
    name: str
    """``CKR_…`` for PKCS#11's own; for a vendor's code its published meaning."""
    meaning: str
    """One sentence without its full stop, so that more can follow."""
    remedy: str
    """The next step, as an order that can follow ``do:``."""

    @property
    def hex(self) -> str:
        """The code as the vendor writes it: ``0x000000E0``."""
        return _hex(self.code)


def describe(code: int) -> ErrorEntry:
    """The entry of a return value; one that no list has gets an entry that says so. Raises nothing."""
    return known_codes().get(code) or _unknown(code)


@cache
def known_codes() -> Mapping[int, ErrorEntry]:
    """Every code that has an entry of its own."""
    entries: dict[int, ErrorEntry] = {}
    for table in _TABLES:
        text = Path(__file__).with_name(table).read_text(encoding="utf-8")
        for line in text.splitlines()[1:]:
            code, name, meaning, remedy = line.split("\t")
            entries[int(code, 16)] = ErrorEntry(int(code, 16), name, meaning, remedy)
    return entries


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
    return {_plain(entry.name): code for code, entry in known_codes().items()}


def _plain(name: str) -> str:
    """CKR_PIN_INCORRECT and its class PinIncorrect differ in capitals and underscores only."""
    return name.replace("_", "").lower()


def _hex(code: int) -> str:
    return f"0x{code:08X}"


def _unknown(code: int) -> ErrorEntry:
    written = _hex(code)
    log = "read the lines before it in the provider's log (ppinui config get primus.log.file)"
    if code >> 28 == 0x0:
        return ErrorEntry(
            code,
            f"Unknown PKCS#11 code {written}",
            "PKCS#11 keeps this range for itself, and no version up to 3.2 has this code",
            "check that --module names a PKCS#11 library, and ask its vendor what it means by this code",
        )
    if code >> 28 == 0x8:
        return ErrorEntry(
            code,
            f"Unknown vendor code {written}",
            "The code is in the library vendor's own range, and the vendor's published list does not have it",
            f"{log}, then ask the vendor's support with the code and the provider's version (ppin -v)",
        )
    if code >> 28 == 0xC:
        return ErrorEntry(
            code,
            f"HSM system code {written}",
            "The code is in the range of the HSM system itself, of which no list is published",
            f"{log} and the HSM's own, then ask the vendor's support with the code and the firmware version",
        )
    return ErrorEntry(
        code,
        f"Unknown code {written}",
        "The code is in no range that PKCS#11 or the vendor has published",
        "check that --module names a PKCS#11 library for this machine, and ask its vendor what this means",
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
