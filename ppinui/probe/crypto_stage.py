"""A signature by a key pair that lives as long as the session, checked outside of the token.

In worker processes only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.exceptions import PKCS11Error

from ppinui.pkcs11.return_codes import ACTION_PROHIBITED, code_of_exception
from ppinui.pkcs11.signatures import P256, RSA_BITS, SHA256_INFO, signature_is_good
from ppinui.probe.conditions import StageError
from ppinui.provider.vendor_codes import SESSION_OBJECTS_DISABLED

MESSAGE: Final = b"ppinui connection test"
_SIGN_AND_VERIFY: Final = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY

KeyPair = tuple[pkcs11.PublicKey, pkcs11.PrivateKey]


@dataclass(frozen=True)
class _Way:
    """A way to sign: what the token has to offer for it, and what has to be done."""

    generate: Mechanism
    sign: Mechanism
    make: Callable[[pkcs11.Session], KeyPair]
    signed: bytes
    """What the token gets to sign."""
    is_good: Callable[[pkcs11.PublicKey, bytes], bool]
    note: str | None
    """None for what nearly every token has."""


def sign_and_verify(session: pkcs11.Session, offered: Collection[Mechanism]) -> str | None:
    """Sign with the first way that the token offers, and check the signature here; nothing is left of it.

    Returns a note where that is another one than ECDSA. Raises PKCS11Error, or StageError
    ``signature-wrong``, or skipped ``session-objects-disabled`` where policy does not allow session objects,
    and ``no-signature-mechanism`` where none of the ways is offered.
    """
    for way in _WAYS:
        if {way.generate, way.sign} <= set(offered):
            _sign(session, way)
            return way.note
    raise StageError("no-signature-mechanism", skipped=True)


def _sign(session: pkcs11.Session, way: _Way) -> None:
    try:
        public, private = way.make(session)
    except PKCS11Error as error:
        if code_of_exception(error) in (ACTION_PROHIBITED, SESSION_OBJECTS_DISABLED):
            raise StageError("session-objects-disabled", skipped=True) from error
        raise
    try:
        signature = cast(pkcs11.SignMixin, private).sign(way.signed, mechanism=way.sign)
        is_good = way.is_good(public, signature)
    finally:
        for key in (private, public):
            key.destroy()
    if not is_good:
        raise StageError("signature-wrong")


def _make_p256(session: pkcs11.Session) -> KeyPair:
    parameters = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: P256}, local=True)
    return parameters.generate_keypair(store=False, capabilities=_SIGN_AND_VERIFY)


def _make_rsa(session: pkcs11.Session) -> KeyPair:
    return session.generate_keypair(KeyType.RSA, RSA_BITS, store=False, capabilities=_SIGN_AND_VERIFY)


def _is_good_ecdsa(public: pkcs11.PublicKey, signature: bytes) -> bool:
    """CKA_EC_POINT is an uncompressed point, in a DER octet string or, as some tokens give it, bare."""
    from cryptography.hazmat.primitives.asymmetric import ec

    point = public[Attribute.EC_POINT]
    bare = point[2:] if point[:2] == b"\x04\x41" and len(point) == 67 else point
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bare)
    except ValueError:
        return False
    return signature_is_good(key, signature, MESSAGE)


def _is_good_rsa(public: pkcs11.PublicKey, signature: bytes) -> bool:
    """CKA_MODULUS and CKA_PUBLIC_EXPONENT are big endian."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    modulus, exponent = public[Attribute.MODULUS], public[Attribute.PUBLIC_EXPONENT]
    try:
        key = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    except ValueError:
        return False
    return signature_is_good(key, signature, MESSAGE)


_DIGEST: Final = sha256(MESSAGE).digest()
_WAYS: Final = (
    _Way(Mechanism.EC_KEY_PAIR_GEN, Mechanism.ECDSA, _make_p256, _DIGEST, _is_good_ecdsa, None),
    _Way(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        Mechanism.SHA256_RSA_PKCS,
        _make_rsa,
        MESSAGE,
        _is_good_rsa,
        "signed with RSA (CKM_SHA256_RSA_PKCS), as the token has no ECDSA",
    ),
    _Way(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        Mechanism.RSA_PKCS,
        _make_rsa,
        SHA256_INFO + _DIGEST,
        _is_good_rsa,
        "signed with RSA (CKM_RSA_PKCS), as the token has no ECDSA",
    ),
)
"""The one that costs the token least goes first."""
