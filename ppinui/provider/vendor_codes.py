"""A Primus provider's codes: name, meaning and remedy, and what each says of the secrets that were offered.

The table is vendor_codes.tsv beside this module. It has the vendor's published list, each code under its
published meaning (0x8nnnnnnn; the HSM system's codes, 0xCnnnnnnn, are published nowhere), one more code that
a documented log shows, and PKCS#11's own codes where a Primus means more by them. The table holds only for
modules that say that they are Securosys' (:func:`ppinui.provider.library.is_primus`); for other modules
:mod:`ppinui.pkcs11.return_codes` is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

from ppinui.pkcs11 import return_codes
from ppinui.pkcs11.return_codes import ErrorEntry, PinVerdict, pkcs11_codes, read_table

NOT_LOGGED_IN: Final = 0x8000000C
CONNECT_TIMEOUT: Final = 0x8000003B
SESSION_OBJECTS_DISABLED: Final = 0x8000005F
CONFIGURATION_INVALID: Final = 0x80005005
CONNECTION_FAILED: Final = 0x80005015
LOGIN_REFUSED: Final = 0x80005017

_AS_PKCS11: Final = "="


class ConnectionVerdict(Enum):
    """What a code says of proxy password and permanent secret, which the provider offers as it connects.

    The column ``secret`` of the table.
    """

    NONE = "none"
    """The code is about networks, limits, settings or files: no secret was rejected."""
    NOT_REACHED = "not reached"
    """No HSM was reached, so no secret was spent, and the next HSM may be asked."""
    ANY = "any"
    """One of those that were offered was rejected; a code that the table does not have counts as such too, as
    the code of a wrong proxy password is published nowhere."""
    PERMANENT = "permanent"
    """The permanent secret, the setup password or the PIN was rejected: the proxy let the connection pass."""
    MAY_BE_ANY = "may be any"
    """Not known: safety comes first, and the secrets are offered to no other HSM in the same run."""
    SEE_LOG = "see log"
    """The general answer when no HSM of a slot can be reached; a rejected secret shows in the log only."""

    @property
    def rejects(self) -> bool:
        """Whether the secrets are offered never again, until they are replaced."""
        return self in {ConnectionVerdict.ANY, ConnectionVerdict.PERMANENT}


@dataclass(frozen=True)
class PrimusEntry(ErrorEntry):
    """What one code of a Primus provider says."""

    secret: ConnectionVerdict
    fix_in: str | None
    """The id of the set-up step in which the cause is mended."""

    @property
    def expires_setup_password(self) -> bool:
        """Whether only a new setup password helps."""
        return self.pin is PinVerdict.EXPIRED and self.secret is ConnectionVerdict.PERMANENT


def describe(code: int) -> PrimusEntry:
    """The entry of a Primus provider's return value, or of a code in its log or in the output of ppin."""
    if (entry := vendor_codes().get(code)) is not None:
        return entry
    general = _unlisted(code)
    verdict = ConnectionVerdict.ANY if general.pin is PinVerdict.UNLISTED else ConnectionVerdict.MAY_BE_ANY
    return PrimusEntry(code, general.name, general.meaning, general.remedy, general.pin, verdict, None)


@cache
def vendor_codes() -> Mapping[int, PrimusEntry]:
    """Every code of vendor_codes.tsv."""
    entries: dict[int, PrimusEntry] = {}
    for digits, name, secret, pin, step, own_meaning, own_remedy in read_table(
        Path(__file__).with_name("vendor_codes.tsv")
    ):
        code = int(digits, 16)
        meaning = pkcs11_codes()[code].meaning if own_meaning == _AS_PKCS11 else own_meaning
        remedy = pkcs11_codes()[code].remedy if own_remedy == _AS_PKCS11 else own_remedy
        fix_in = None if step == "-" else step
        verdicts = PinVerdict(pin), ConnectionVerdict(secret)
        entries[code] = PrimusEntry(code, name, meaning, remedy, *verdicts, fix_in)
    return entries


def _unlisted(code: int) -> ErrorEntry:
    entry = return_codes.describe(code)
    log = "read the lines before it in the provider's log (ppinui config get primus.log.file)"
    match code >> 28:
        case 0x8:
            name = f"Unknown vendor code {entry.hex}"
            meaning = (
                "The code is in the vendor's own range, and the vendor's published list does not have it"
            )
            ask = "then ask the vendor's support with the code and the provider's version (ppin -v)"
            return replace(entry, name=name, meaning=meaning, remedy=f"{log}, {ask}")
        case 0xC:
            name = f"HSM system code {entry.hex}"
            meaning = "The code is in the range of the HSM system itself, of which no list is published"
            ask = "then ask the vendor's support with the code and the firmware version"
            return replace(entry, name=name, meaning=meaning, remedy=f"{log} and the HSM's own, {ask}")
    return entry


@dataclass(frozen=True)
class Suspect:
    """A secret that was offered, and may be the wrong one."""

    what: str
    """Its kind, in words: ``proxy password``."""
    owner: str
    """The partition or service user."""
    remedy: str
    """The command that replaces it."""


def refusal(code: int, suspects: Sequence[Suspect]) -> PrimusEntry:
    """The entry of a code that says that one of these was refused.

    The vendor's text for 0x80005017 speaks of setup passwords, whichever secret it was.
    """
    kinds = " or ".join(suspect.what for suspect in suspects)
    owned = " or the ".join(f"{suspect.what} of '{suspect.owner}'" for suspect in suspects)
    return replace(
        describe(code),
        name=f"{kinds[:1].upper()}{kinds[1:]} refused",
        meaning=f"The login with the {owned} was refused, and may count towards a lock",
        remedy="replace the "
        + "; if it was the right one, the ".join(f"{one.what}: {one.remedy}" for one in suspects),
    )
