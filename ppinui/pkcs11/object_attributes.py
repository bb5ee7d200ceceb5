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


_BOOLEAN: Final = 1
_NUMBER: Final = 8
_NAME: Final = 256
COMMON: Final[dict[int, int]] = {
    Attribute.TOKEN: _BOOLEAN,
    Attribute.PRIVATE: _BOOLEAN,
    Attribute.LABEL: _NAME,
}
_KEY: Final[dict[int, int]] = {
    **COMMON,
    Attribute.KEY_TYPE: _NUMBER,
    Attribute.ID: _NAME,
    Attribute.DERIVE: _BOOLEAN,
}
_KEPT: Final[dict[int, int]] = {
    Attribute.SENSITIVE: _BOOLEAN,
    Attribute.EXTRACTABLE: _BOOLEAN,
    Attribute.NEVER_EXTRACTABLE: _BOOLEAN,
}
ASKED: Final[dict[ObjectClass, dict[int, int]]] = {
    ObjectClass.DATA: {**COMMON, Attribute.APPLICATION: _NAME},
    ObjectClass.CERTIFICATE: {
        **COMMON,
        Attribute.CERTIFICATE_TYPE: _NUMBER,
        Attribute.ID: _NAME,
        Attribute.VALUE: 4096,
    },
    ObjectClass.PUBLIC_KEY: {
        **_KEY,
        Attribute.ENCRYPT: _BOOLEAN,
        Attribute.VERIFY: _BOOLEAN,
        Attribute.WRAP: _BOOLEAN,
        Attribute.MODULUS: 1024,
        Attribute.PUBLIC_EXPONENT: 64,
        Attribute.EC_PARAMS: 64,
        Attribute.EC_POINT: 256,
    },
    ObjectClass.PRIVATE_KEY: {
        **_KEY,
        **_KEPT,
        Attribute.DECRYPT: _BOOLEAN,
        Attribute.SIGN: _BOOLEAN,
        Attribute.UNWRAP: _BOOLEAN,
        Attribute.MODULUS: 1024,
        Attribute.EC_PARAMS: 64,
    },
    ObjectClass.SECRET_KEY: {
        **_KEY,
        **_KEPT,
        Attribute.ENCRYPT: _BOOLEAN,
        Attribute.DECRYPT: _BOOLEAN,
        Attribute.SIGN: _BOOLEAN,
        Attribute.VERIFY: _BOOLEAN,
        Attribute.WRAP: _BOOLEAN,
        Attribute.UNWRAP: _BOOLEAN,
        Attribute.VALUE_LEN: _NUMBER,
    },
}
"""What is asked of an object of each class, with the bytes that are expected. The value of a key or of a data
object never is."""

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
