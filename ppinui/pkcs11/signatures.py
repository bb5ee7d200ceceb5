"""Whether what a token has signed verifies outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

P256: Final = bytes.fromhex("06082a8648ce3d030107")
"""The object identifier of prime256v1, in DER (RFC 5480): CKA_EC_PARAMS of a P-256 key."""
RSA_BITS: Final = 2048
SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in an RSA signature, in DER (RFC 8017, 9.2)."""


def signature_is_good(key: PublicKeyTypes, signature: bytes, message: bytes) -> bool:
    """Whether it is a signature of the message's SHA-256 by this key.

    ECDSA as PKCS#11 has it, r and s of the same length; RSA with PKCS#1 v1.5. False for keys of other kinds.
    """
    from cryptography.exceptions import InvalidSignature  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    half = len(signature) // 2
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), SHA256())
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
            return True
    except (InvalidSignature, ValueError):
        pass
    return False
