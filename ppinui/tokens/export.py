"""Public keys and certificates of a token as PEM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ppinui.errors import PpinuiError
from ppinui.pkcs11.curves import bare_point, curve_identifier
from ppinui.pkcs11.object_attributes import Attribute, ObjectClass
from ppinui.tokens.certificates import faults_as_value_errors
from ppinui.tokens.objects import ObjectList, TokenObject
from ppinui.tokens.pins import place_of
from ppinui.tokens.token_refusal import TokenRefusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

EXPORTED: Final = (ObjectClass.PUBLIC_KEY, ObjectClass.CERTIFICATE)


def choose(
    found: ObjectList, module: object, *, id_: str | None, label: str | None, cls: ObjectClass | None = None
) -> TokenObject:
    """The one public key or certificate with this id (hexadecimal) or label.

    Raises TokenRefusal ``nothing-to-export`` or ``several-to-export``.
    """
    wanted = [
        one
        for one in found.objects
        if one.cls in EXPORTED
        and (cls is None or one.cls is cls)
        and (id_ is None or one.id == id_.lower().replace(":", ""))
        and (label is None or one.label == label)
    ]
    place = place_of(found.slot, module)
    if not wanted:
        raise TokenRefusal("nothing-to-export", place)
    if len(wanted) > 1:
        several = ", ".join(f"{one.kind} '{one.label}' (id {one.id or 'none'})" for one in wanted[:4])
        raise TokenRefusal("several-to-export", place, several)
    return wanted[0]


def as_pem(wanted: TokenObject, place: str) -> str:
    """A certificate, or a public key as SubjectPublicKeyInfo. Raises TokenRefusal ``not-exportable``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    if wanted.cls not in EXPORTED:
        raise TokenRefusal("not-exportable", place, "only public keys and certificates can")
    pem = serialization.Encoding.PEM
    try:
        if wanted.cls is ObjectClass.CERTIFICATE:
            with faults_as_value_errors():
                certificate = x509.load_der_x509_certificate(wanted.values.get(Attribute.VALUE, b""))
                return certificate.public_bytes(pem).decode("ascii")
        key = public_key(wanted)
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(pem, spki).decode("ascii")
    except ValueError as error:
        raise TokenRefusal("not-exportable", place, f"{wanted.kind} '{wanted.label}': {error}") from None


def write_pem(file: Path, pem: str) -> None:
    """Write it to a new file. Raises PpinuiError; one that is there already is not touched."""
    try:
        with file.open("x", encoding="ascii") as output:
            output.write(pem)
    except FileExistsError:
        raise PpinuiError(
            "there is a file of this name already", str(file), "name another one, or remove it first"
        ) from None
    except OSError as error:
        raise PpinuiError(
            f"the file cannot be written: {error.strerror}", str(file), "name another place"
        ) from None


def public_key(wanted: TokenObject) -> PublicKeyTypes:
    """The public key that the attributes make. Raises ValueError for a kind or values that are not known."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
    from cryptography.x509 import ObjectIdentifier

    values = wanted.values
    if Attribute.MODULUS in values and Attribute.PUBLIC_EXPONENT in values:
        exponent = int.from_bytes(values[Attribute.PUBLIC_EXPONENT])
        return rsa.RSAPublicNumbers(exponent, int.from_bytes(values[Attribute.MODULUS])).public_key()
    if not {Attribute.EC_POINT, Attribute.EC_PARAMS} <= values.keys():
        raise ValueError(f"a key of the type {wanted.type} is not known")
    point = bare_point(values[Attribute.EC_POINT])
    match wanted.size:
        case "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(point)
        case "Ed448":
            return ed448.Ed448PublicKey.from_public_bytes(point)
        case "X25519":
            return x25519.X25519PublicKey.from_public_bytes(point)
        case "X448":
            return x448.X448PublicKey.from_public_bytes(point)
    identifier = curve_identifier(values[Attribute.EC_PARAMS])
    try:
        curve = ec.get_curve_for_oid(ObjectIdentifier(identifier or ""))
    except LookupError:
        raise ValueError(f"the curve {wanted.size} is not known") from None
    return ec.EllipticCurvePublicKey.from_encoded_point(curve(), point)
