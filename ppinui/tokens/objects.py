"""The objects on a token: what they are, what they may be used for, and whether they can leave it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ppinui.pkcs11.curves import curve_name
from ppinui.pkcs11.object_attributes import KEY_TYPES, Attribute, ObjectClass
from ppinui.secrets.secret import Secret
from ppinui.tokens.certificates import Certificate, read_certificate
from ppinui.tokens.module_client import Access, carry_out, result_of
from ppinui.tokens.pins import check_length, check_offer, place_of, request_for, token_of
from ppinui.tokens.slot import TokenSlot
from ppinui.workers.channel import Message

_USES = {
    Attribute.SIGN: "sign",
    Attribute.VERIFY: "verify",
    Attribute.ENCRYPT: "encrypt",
    Attribute.DECRYPT: "decrypt",
    Attribute.WRAP: "wrap",
    Attribute.UNWRAP: "unwrap",
    Attribute.DERIVE: "derive",
}


@dataclass(frozen=True)
class TokenObject:
    """One object, as the token described it."""

    cls: ObjectClass | None
    """None for a class that is not PKCS#11's own or not one that people keep."""
    values: Mapping[Attribute, bytes] = field(repr=False)
    """What the token gave out. No value of a private or secret key is among it."""
    length: int | None = None
    """Bytes of a data object."""

    @property
    def kind(self) -> str:
        """Its class in words."""
        return "other" if self.cls is None else self.cls.words

    @property
    def label(self) -> str:
        return self.values.get(Attribute.LABEL, b"").decode("utf-8", "surrogateescape")

    @property
    def id(self) -> str:
        """CKA_ID, hexadecimal; empty where there is none."""
        return self.values.get(Attribute.ID, b"").hex()

    @property
    def type(self) -> str | None:
        """The type of a key, such as ``RSA`` or ``AES``; ``X.509`` for a certificate; None for others."""
        if self.cls is ObjectClass.CERTIFICATE:
            kind = _number(self.values.get(Attribute.CERTIFICATE_TYPE))
            return "X.509" if kind == 0 else "another kind"
        number = _number(self.values.get(Attribute.KEY_TYPE))
        return None if number is None else KEY_TYPES.get(number, f"type 0x{number:X}")

    @property
    def size(self) -> str | None:
        """``2048 bits``, the name of the curve, or ``16 bytes``; None where it is not known."""
        values = self.values
        if Attribute.EC_PARAMS in values:
            return curve_name(values[Attribute.EC_PARAMS])
        if Attribute.MODULUS in values:
            return f"{int.from_bytes(values[Attribute.MODULUS]).bit_length()} bits"
        if (length := _number(values.get(Attribute.VALUE_LEN))) is not None:
            return f"{8 * length} bits"
        return None if self.length is None else f"{self.length} bytes"

    @property
    def uses(self) -> tuple[str, ...]:
        """What it may be used for."""
        return tuple(word for attribute, word in _USES.items() if self._flag(attribute))

    @property
    def private(self) -> bool | None:
        """Seen after a login only."""
        return self._flag(Attribute.PRIVATE)

    @property
    def sensitive(self) -> bool | None:
        return self._flag(Attribute.SENSITIVE)

    @property
    def extractable(self) -> bool | None:
        return self._flag(Attribute.EXTRACTABLE)

    @property
    def never_extractable(self) -> bool | None:
        return self._flag(Attribute.NEVER_EXTRACTABLE)

    @property
    def leaving(self) -> str | None:
        """Whether the value of a key can leave the token, in words; None where that is no question."""
        if self.cls not in {ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY} or self.extractable is None:
            return None
        if not self.extractable:
            return "never left the token, and cannot" if self.never_extractable else "cannot leave the token"
        return "can leave the token wrapped" if self.sensitive else "can leave the token in the clear"

    @cached_property
    def certificate(self) -> Certificate | None:
        """What an X.509 certificate says; None for anything else, also for one that cannot be read."""
        value = self.values.get(Attribute.VALUE)
        if self.cls is not ObjectClass.CERTIFICATE or value is None:
            return None
        return read_certificate(value)

    def _flag(self, attribute: Attribute) -> bool | None:
        value = self.values.get(attribute)
        return None if value is None else any(value)

    def has(self, text: str) -> bool:
        """Whether a search for this text finds the object; capitals make no difference."""
        words = [self.kind, self.label, self.id, self.type or "", self.size or "", *self.uses]
        if self.certificate is not None:
            words += [self.certificate.subject, self.certificate.issuer, self.certificate.serial]
        return any(text.casefold() in word.casefold() for word in words)

    def as_json(self) -> dict[str, Any]:
        return {
            "class": self.kind,
            "label": self.label,
            "id": self.id,
            "type": self.type,
            "size": self.size,
            "uses": list(self.uses),
            "private": self.private,
            "sensitive": self.sensitive,
            "extractable": self.extractable,
            "never_extractable": self.never_extractable,
            "certificate": None if self.certificate is None else self.certificate.as_json(),
        }


@dataclass(frozen=True)
class ObjectList:
    """The objects of a token that could be seen."""

    slot: TokenSlot
    objects: tuple[TokenObject, ...]
    found: int
    """How many there are; more than there are ``objects`` when the time was up."""
    logged_in: bool
    """False: there may be private ones besides."""

    @property
    def complete(self) -> bool:
        return len(self.objects) == self.found


def list_objects(
    access: Access,
    slot: TokenSlot,
    pin: Secret | None = None,
    *,
    seconds: float = 60.0,
    spend_final_try: bool = False,
) -> ObjectList:
    """What is on the token of this slot; private objects too with a PIN, which is offered once.

    ``seconds``: for how long objects are asked for; then the list ends where it is. Raises TokenRefusal, and
    TokenError with the token's ``flags`` afterwards.
    """
    request = request_with_login(
        "object_ops:list_objects", access, slot, pin, spend_final_try=spend_final_try
    )
    found: list[TokenObject] = []
    result: Message = {}
    with closing(carry_out(access, request | {"seconds": seconds}, *secrets_of(pin))) as messages:
        for message in messages:
            if message["kind"] == "objects":
                found += [object_of(row) for row in message["objects"]]
            result = message
    return ObjectList(slot, tuple(found), result["found"], logged_in=pin is not None)


def count_objects(access: Access, slot: TokenSlot) -> int:
    """How many objects can be seen on the token without a login. Raises as :func:`list_objects`."""
    request = request_with_login("object_ops:count_objects", access, slot, None)
    return int(result_of(access, request)["found"])


def request_with_login(
    do: str, access: Access, slot: TokenSlot, pin: Secret | None, *, spend_final_try: bool = False
) -> Message:
    """A request about a token that may need the user's login; with a PIN it has to be one to offer."""
    token_of(slot, access.module)
    if pin is not None:
        token = check_offer(slot, access.module, spend_final_try=spend_final_try)
        check_length(token, pin, "the user PIN", place_of(slot, access.module))
    return request_for(do, slot, spend_final_try=spend_final_try)


def secrets_of(pin: Secret | None) -> tuple[Secret, ...]:
    """What travels with such a request."""
    return () if pin is None else (pin,)


def object_of(row: dict[str, Any]) -> TokenObject:
    """A worker's row of an object."""
    values = {Attribute(int(name)): bytes.fromhex(value) for name, value in row["values"].items()}
    cls = None if row["class"] is None else ObjectClass(row["class"])
    return TokenObject(cls, values, row["length"])


def _number(value: bytes | None) -> int | None:
    """A CK_ULONG; worker and parent are of one machine, so its bytes are in the machine's order."""
    return None if value is None else int.from_bytes(value, sys.byteorder)
