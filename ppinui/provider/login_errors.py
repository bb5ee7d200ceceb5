"""A refused login in the words of the secrets that were offered.

The vendor's text for it speaks of setup passwords, whichever secret it was (vendor_codes.tsv, 0x80005017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ppinui.pkcs11.return_codes import ErrorEntry

LOGIN_REFUSED: Final = 0x80005017


@dataclass(frozen=True)
class Suspect:
    """A secret that was offered, and may be the wrong one."""

    what: str
    """Its kind, in words: ``proxy password``."""
    owner: str
    """The partition or service user."""
    remedy: str
    """The command that replaces it."""


def refusal(code: int, suspects: Sequence[Suspect]) -> ErrorEntry:
    """The entry of a code that says that one of these was refused."""
    kinds = " or ".join(suspect.what for suspect in suspects)
    owned = " or the ".join(f"{suspect.what} of '{suspect.owner}'" for suspect in suspects)
    return ErrorEntry(
        code,
        f"{kinds[:1].upper()}{kinds[1:]} refused",
        f"The login with the {owned} was refused, and may count towards a lock",
        "replace the "
        + "; if it was the right one, the ".join(f"{one.what}: {one.remedy}" for one in suspects),
    )
