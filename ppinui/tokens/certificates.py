"""What an X.509 certificate says: whose it is, who issued it, and for how long it is valid."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

SOON: Final = timedelta(days=30)


class Validity(Enum):
    """Whether a certificate is valid at a moment; the values are words of the JSON output."""

    VALID = "valid"
    EXPIRES_SOON = "expires soon"
    EXPIRED = "expired"
    NOT_YET = "not valid yet"


@dataclass(frozen=True)
class Certificate:
    """Names are RFC 4514's (``CN=www,O=Example``), times are UTC, the serial number is hexadecimal."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime

    def validity(self, now: datetime, soon: timedelta = SOON) -> Validity:
        """``soon``: how long before its end a certificate counts as one that expires soon."""
        if now < self.not_before:
            return Validity.NOT_YET
        if now > self.not_after:
            return Validity.EXPIRED
        return Validity.EXPIRES_SOON if self.not_after - now <= soon else Validity.VALID

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
        }


def read_certificate(der: bytes) -> Certificate | None:
    """What the certificate says; None if it cannot be read."""
    from cryptography import x509  # slow to import, and many tokens have none

    try:
        with faults_as_value_errors():
            found = x509.load_der_x509_certificate(der)
            return Certificate(
                found.subject.rfc4514_string(),
                found.issuer.rfc4514_string(),
                f"{found.serial_number:x}",
                found.not_valid_before_utc,
                found.not_valid_after_utc,
            )
    except ValueError:
        return None


@contextmanager
def faults_as_value_errors() -> Iterator[None]:
    """Whatever cryptography has against a certificate is a ValueError, and nothing a warning.

    A version that there is not is an error of its own to it, a name of the wrong type a TypeError, and a
    negative serial number a warning on stderr.
    """
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509 import InvalidVersion

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            yield
    except (InvalidVersion, TypeError) as error:
        raise ValueError(str(error)) from error
