"""PKCS#11's structures as C lays them out (PKCS#11 v2.40, pkcs11t.h; natural alignment, as on Linux)."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

CK_ULONG = ctypes.c_ulong
CK_RV = ctypes.c_ulong
UNAVAILABLE = CK_ULONG(-1).value
"""CK_UNAVAILABLE_INFORMATION, in lengths and counts."""

_VERSION = ctypes.c_ubyte * 2


def text_of(field: ctypes.Array[ctypes.c_ubyte]) -> str:
    """A field of a fixed size as text, without the blanks (or, from careless modules, zeros) that pad it.

    Bytes that are not UTF-8 become lone surrogates, so that two labels that differ stay different.
    """
    return bytes(field).rstrip(b" \0").decode("utf-8", "surrogateescape")


def version_of(field: ctypes.Array[ctypes.c_ubyte]) -> str:
    """A CK_VERSION as ``major.minor``."""
    return f"{field[0]}.{field[1]}"


def characters(size: int) -> type[ctypes.Array[ctypes.c_ubyte]]:
    """A field of CK_UTF8CHAR: ``c_char`` arrays would end at the first zero."""
    return ctypes.c_ubyte * size


class SlotInfo(ctypes.Structure):
    """CK_SLOT_INFO."""

    _fields_ = (
        ("description", characters(64)),
        ("manufacturer", characters(32)),
        ("flags", CK_ULONG),
        ("hardware_version", _VERSION),
        ("firmware_version", _VERSION),
    )


class TokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO."""

    _fields_ = (
        ("label", characters(32)),
        ("manufacturer", characters(32)),
        ("model", characters(16)),
        ("serial", characters(16)),
        ("flags", CK_ULONG),
        ("max_sessions", CK_ULONG),
        ("sessions", CK_ULONG),
        ("max_rw_sessions", CK_ULONG),
        ("rw_sessions", CK_ULONG),
        ("max_pin", CK_ULONG),
        ("min_pin", CK_ULONG),
        ("total_public_memory", CK_ULONG),
        ("free_public_memory", CK_ULONG),
        ("total_private_memory", CK_ULONG),
        ("free_private_memory", CK_ULONG),
        ("hardware_version", _VERSION),
        ("firmware_version", _VERSION),
        ("utc_time", characters(16)),
    )


class CkAttribute(ctypes.Structure):
    """CK_ATTRIBUTE; ``length`` is in bytes."""

    _fields_ = (("type", CK_ULONG), ("value", ctypes.c_void_p), ("length", CK_ULONG))


@dataclass(frozen=True)
class ModuleInfo:
    """The answer of C_GetInfo; versions are ``major.minor``."""

    manufacturer: str
    description: str
    version: str
    cryptoki: str
    """The version of PKCS#11."""
