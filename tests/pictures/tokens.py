"""The made-up module of the pictures: its slots, and what is on the token of one of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ppinui.pkcs11.object_attributes import Attribute, ObjectClass
from ppinui.pkcs11.structures import ModuleInfo
from ppinui.pkcs11.token_flags import TokenFlag
from ppinui.tokens.module_client import Access
from ppinui.tokens.objects import ObjectList, TokenObject
from ppinui.tokens.slot import SlotList, Token, TokenSlot
from ppinui.tokens.token_errors import of_answer
from tests.tokens.made_certificates import certificate

NOW: Final = datetime(2026, 3, 2, 9, 14, tzinfo=UTC)
_READY = TokenFlag.INITIALISED | TokenFlag.LOGIN_REQUIRED | TokenFlag.USER_PIN_SET


def _token(number: int, label: str, flags: int = _READY) -> Token:
    serial = f"A7000{number:03}" if label else ""
    memory = (1_048_576, 1_012_224 - 4096 * number)
    return Token(label, "Example HSMs", "EX-2000", serial, "2.0", "3.4", flags, 6, 32, *memory)


_SLOTS: Final = (
    TokenSlot(0, "Example HSM port 0", "Example HSMs", _token(0, "PAYMENTS")),
    TokenSlot(1, "Example HSM port 1", "Example HSMs", _token(1, "ARCHIVE")),
    TokenSlot(
        2,
        "Example HSM port 2",
        "Example HSMs",
        _token(2, "SIGNING", _READY | TokenFlag.USER_PIN_COUNT_LOW),
    ),
    TokenSlot(3, "Example HSM port 3", "Example HSMs", failure=of_answer("C_GetTokenInfo", 0x30)),
    TokenSlot(4, "Example HSM port 4", "Example HSMs", _token(4, "", 0)),
    TokenSlot(5, "Example HSM port 5", "Example HSMs"),
)


def list_slots(access: Access, *, on_slot: Callable[[TokenSlot], None]) -> SlotList:
    """What the module says of itself."""
    return SlotList(str(access.module), ModuleInfo("Example HSMs", "Example PKCS#11", "4.2", "2.40"), _SLOTS)


def _ulong(number: int) -> bytes:
    return number.to_bytes(8, sys.byteorder)


def _object(cls: ObjectClass, label: str, id_: int, **values: bytes) -> TokenObject:
    named = {Attribute[name.upper()]: value for name, value in values.items()}
    return TokenObject(cls, {Attribute.LABEL: label.encode(), Attribute.ID: bytes([id_]), **named})


_P256 = bytes.fromhex("06082a8648ce3d030107")
_YES, _NO = b"\1", b"\0"


def _pair(label: str, id_: int) -> list[TokenObject]:
    key: dict[str, Any] = {"key_type": _ulong(3), "ec_params": _P256}
    kept = {"private": _YES, "sensitive": _YES, "extractable": _NO, "never_extractable": _YES}
    return [
        _object(ObjectClass.PRIVATE_KEY, label, id_, sign=_YES, **key, **kept),
        _object(ObjectClass.PUBLIC_KEY, label, id_, verify=_YES, private=_NO, **key),
    ]


def _certificate(name: str, id_: int, days: int) -> TokenObject:
    since = NOW + timedelta(days=days - 365)
    der = certificate(365, name=f"{name}.example.net", since=since)
    return _object(ObjectClass.CERTIFICATE, name, id_, certificate_type=_ulong(0), value=der, private=_NO)


def list_objects(_: Access, slot: TokenSlot, pin: object, **__: object) -> ObjectList:
    """What is on the token; private keys with a PIN."""
    found = [
        *_pair("pay", 1),
        *_pair("portal", 2),
        *_pair("archive", 3),
        _certificate("pay", 1, 211),
        _certificate("portal", 2, 12),
        _certificate("archive", 3, -40),
        _object(
            ObjectClass.SECRET_KEY,
            "wrap",
            4,
            key_type=_ulong(0x1F),
            value_len=_ulong(32),
            wrap=_YES,
            private=_YES,
        ),
    ]
    seen = [one for one in found if pin is not None or not one.private]
    return ObjectList(slot, tuple(seen), len(seen), logged_in=pin is not None)
