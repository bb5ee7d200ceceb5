"""The attributes of objects, as far as people look at them (PKCS#11 v2.40, pkcs11t.h)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Attribute(IntEnum):
    """CKA_…"""

    CLASS = 0x000
    TOKEN = 0x001
    PRIVATE = 0x002
    LABEL = 0x003
    APPLICATION = 0x010
    VALUE = 0x011
    CERTIFICATE_TYPE = 0x080
    KEY_TYPE = 0x100
    ID = 0x102
    SENSITIVE = 0x103
    ENCRYPT = 0x104
    DECRYPT = 0x105
    WRAP = 0x106
    UNWRAP = 0x107
    SIGN = 0x108
    VERIFY = 0x10A
    DERIVE = 0x10C
    MODULUS = 0x120
    MODULUS_BITS = 0x121
    PUBLIC_EXPONENT = 0x122
    VALUE_LEN = 0x161
    EXTRACTABLE = 0x162
    NEVER_EXTRACTABLE = 0x164
    EC_PARAMS = 0x180
    EC_POINT = 0x181


class ObjectClass(IntEnum):
    """CKO_…"""

    DATA = 0
    CERTIFICATE = 1
    PUBLIC_KEY = 2
    PRIVATE_KEY = 3
    SECRET_KEY = 4

    @property
    def words(self) -> str:
        """How people call it: ``public key``."""
        return self.name.lower().replace("_", " ")


_SIZES: Final[dict[int, int]] = {
    Attribute.LABEL: 256,
    Attribute.APPLICATION: 256,
    Attribute.ID: 256,
    Attribute.CERTIFICATE_TYPE: 8,
    Attribute.KEY_TYPE: 8,
    Attribute.VALUE_LEN: 8,
    Attribute.VALUE: 4096,
    Attribute.MODULUS: 1024,
    Attribute.PUBLIC_EXPONENT: 64,
    Attribute.EC_PARAMS: 64,
    Attribute.EC_POINT: 256,
}
"""Bytes that are expected; one for the others, which are yes or no."""
_COMMON: Final = "TOKEN PRIVATE LABEL"
_KEY: Final = f"{_COMMON} KEY_TYPE ID DERIVE"
_KEPT: Final = "SENSITIVE EXTRACTABLE NEVER_EXTRACTABLE"
_ASKED: Final = {
    None: _COMMON,
    ObjectClass.DATA: f"{_COMMON} APPLICATION",
    ObjectClass.CERTIFICATE: f"{_COMMON} CERTIFICATE_TYPE ID VALUE",
    ObjectClass.PUBLIC_KEY: f"{_KEY} ENCRYPT VERIFY WRAP MODULUS PUBLIC_EXPONENT EC_PARAMS EC_POINT",
    ObjectClass.PRIVATE_KEY: f"{_KEY} {_KEPT} DECRYPT SIGN UNWRAP MODULUS EC_PARAMS",
    ObjectClass.SECRET_KEY: f"{_KEY} {_KEPT} ENCRYPT DECRYPT SIGN VERIFY WRAP UNWRAP VALUE_LEN",
}
ASKED: Final[dict[int | None, dict[int, int]]] = {
    kind: {Attribute[name]: _SIZES.get(Attribute[name], 1) for name in names.split()}
    for kind, names in _ASKED.items()
}
"""What is asked of an object of each class (None: of any other), with the bytes that are expected. The value
of a key or of a data object never is."""

KEY_TYPES: Final = {
    0x00: "RSA",
    0x01: "DSA",
    0x02: "DH",
    0x03: "EC",
    0x04: "X9.42 DH",
    0x10: "generic secret",
    0x11: "RC2",
    0x12: "RC4",
    0x13: "DES",
    0x14: "DES2",
    0x15: "DES3",
    0x1F: "AES",
    0x20: "Blowfish",
    0x21: "Twofish",
    0x25: "Camellia",
    0x26: "ARIA",
    0x28: "SHA-1 HMAC",
    0x2B: "SHA-256 HMAC",
    0x2C: "SHA-384 HMAC",
    0x2D: "SHA-512 HMAC",
    0x33: "ChaCha20",
    0x40: "EC Edwards",
    0x41: "EC Montgomery",
}
"""CKK_… as people call them."""
