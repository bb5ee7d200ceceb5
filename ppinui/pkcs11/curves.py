"""The elliptic curves that CKA_EC_PARAMS names, and the points that CKA_EC_POINT holds."""

from __future__ import annotations

from typing import Final

_OBJECT_IDENTIFIER, _PRINTABLE_STRING, _OCTET_STRING = 0x06, 0x13, 0x04

CURVES: Final = {
    "1.2.840.10045.3.1.1": "P-192",
    "1.3.132.0.33": "P-224",
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.3.132.0.35": "P-521",
    "1.3.132.0.10": "secp256k1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.3.6.1.4.1.11591.15.1": "Ed25519",
    "1.3.6.1.4.1.3029.1.5.1": "X25519",
}
"""Names of object identifiers. The last two were in use before RFC 8410."""

_NAMED: Final = {
    "edwards25519": "Ed25519",
    "edwards448": "Ed448",
    "curve25519": "X25519",
    "curve448": "X448",
}
"""PKCS#11 3.0 lets a curve be named by a text."""


def curve_name(parameters: bytes) -> str:
    """The curve's name, its object identifier if it has no name here, or ``own parameters``."""
    identifier = curve_identifier(parameters)
    if identifier is not None:
        return CURVES.get(identifier, identifier)
    named = _content(parameters, _PRINTABLE_STRING)
    if named:
        text = named.decode("ascii", "replace")
        return _NAMED.get(text, text)
    return "own parameters"


def curve_identifier(parameters: bytes) -> str | None:
    """The object identifier with dots, None where the curve is given in another way."""
    content = _content(parameters, _OBJECT_IDENTIFIER)
    return dotted(content) if content else None


def dotted(content: bytes) -> str:
    """An object identifier's content in DER as numbers with dots (X.690, 8.19)."""
    numbers: list[int] = []
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]])) if numbers else ""


def bare_point(point: bytes) -> bytes:
    """The point itself, of an EC_POINT that is in a DER octet string or, as some tokens give it, bare."""
    content = _content(point, _OCTET_STRING)
    return point if content is None else content


def _content(der: bytes, tag: int) -> bytes | None:
    """The content of a DER value of this tag that fills the bytes; None for anything else."""
    if len(der) < 2 or der[0] != tag:
        return None
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start])
    return der[start:] if len(der) == start + length else None
