"""A signature by a key pair made for it, checked outside of the token; in worker processes only.

Connection tests do it with keys that live as long as the session, tests of a token's keys also on the token.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, cast

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism

from ppinui.pkcs11.curves import bare_point
from ppinui.pkcs11.loaded_module import LoadedModule
from ppinui.pkcs11.object_ops import session_of
from ppinui.pkcs11.raw_calls import CryptokiError
from ppinui.pkcs11.worker import ModuleWorker, RefusedError
from ppinui.workers.channel import Message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TEST_LABEL: Final = "ppinui test key, to be removed"
_TEST_ID: Final = b"ppinui-test-key"
_MESSAGE: Final = b"ppinui test key"
_DIGEST: Final = sha256(_MESSAGE).digest()
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
"""The object identifier of prime256v1, in DER (RFC 5480): CKA_EC_PARAMS of a P-256 key."""
_RSA_BITS: Final = 2048
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in an RSA signature, in DER (RFC 8017, 9.2)."""

KeyPair = tuple[pkcs11.PublicKey, pkcs11.PrivateKey]


@dataclass(frozen=True)
class SigningWay:
    """A way to sign: what the token has to offer for it, and what has to be done."""

    generate: Mechanism
    sign: Mechanism
    is_rsa: bool
    signed: bytes
    """What the token gets to sign."""
    note: str | None
    """None for what nearly every token has."""

    @property
    def key(self) -> tuple[str, str]:
        """Type and size of the key."""
        return ("RSA", f"{_RSA_BITS} bits") if self.is_rsa else ("EC", "P-256")


_WAYS: Final = (
    SigningWay(Mechanism.EC_KEY_PAIR_GEN, Mechanism.ECDSA, False, _DIGEST, None),
    SigningWay(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        Mechanism.SHA256_RSA_PKCS,
        True,
        _MESSAGE,
        "signed with RSA (CKM_SHA256_RSA_PKCS), as the token has no ECDSA",
    ),
    SigningWay(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        Mechanism.RSA_PKCS,
        True,
        _SHA256_INFO + _DIGEST,
        "signed with RSA (CKM_RSA_PKCS), as the token has no ECDSA",
    ),
)
"""The one that costs the token least goes first."""


def choose_way(offered: Collection[Mechanism | int]) -> SigningWay | None:
    """The first way that a token with these mechanisms has."""
    return next((way for way in _WAYS if {way.generate, way.sign} <= set(offered)), None)


def sign_and_verify(
    module: LoadedModule, session: pkcs11.Session, way: SigningWay, *, on_token: bool = False
) -> bool:
    """Make a key pair, sign with it, remove it; returns whether the signature verifies here.

    Raises CryptokiError; ``C_GenerateKeyPair`` is its function where no key could be made.
    """
    with module.calling("C_GenerateKeyPair"):
        public, private = _make_pair(session, way, on_token=on_token)
    with _removed_afterwards(lambda: _destroy(module, (private, public))):
        with module.calling("C_Sign"):
            signature = cast(pkcs11.SignMixin, private).sign(way.signed, mechanism=way.sign)
        with module.calling("C_GetAttributeValue"):
            kinds = (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT) if way.is_rsa else (Attribute.EC_POINT,)
            values = [public[kind] for kind in kinds]
    return _is_good(signature, *values)


def _make_pair(session: pkcs11.Session, way: SigningWay, *, on_token: bool) -> KeyPair:
    options: dict[str, Any] = {
        "id": _TEST_ID,
        "label": TEST_LABEL,
        "store": on_token,
        "capabilities": pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
        "public_template": {Attribute.PRIVATE: False},
        "private_template": {Attribute.EXTRACTABLE: False},
    }
    if way.is_rsa:
        return session.generate_keypair(KeyType.RSA, _RSA_BITS, **options)
    parameters = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
    return parameters.generate_keypair(**options)


@contextmanager
def _removed_afterwards(remove: Callable[[], object]) -> Iterator[None]:
    """Remove keys at the end; after a failure that one is reported, not what removing says."""
    try:
        yield
    except CryptokiError:
        with suppress(CryptokiError):
            remove()
        raise
    remove()


def _destroy(module: LoadedModule, objects: Collection[pkcs11.Object]) -> int:
    for one in objects:
        with module.calling("C_DestroyObject"):
            one.destroy()
    return len(objects)


def _is_good(signature: bytes, *values: bytes) -> bool:
    """Whether it is a signature of the message's SHA-256 by the key that these attributes make.

    A modulus and a public exponent, both big endian, with PKCS#1 v1.5; or a point on P-256, uncompressed, in
    a DER octet string or, as some tokens give it, bare. ECDSA as PKCS#11 has it: r and s of the same length.
    """
    from cryptography.exceptions import InvalidSignature  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    key: RSAPublicKey | EllipticCurvePublicKey
    try:
        if len(values) == 2:
            modulus, exponent = map(int.from_bytes, values)
            key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
            key.verify(signature, _MESSAGE, padding.PKCS1v15(), SHA256())
        else:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bare_point(values[0]))
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(utils.encode_dss_signature(r, s), _MESSAGE, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def make_test_key(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """Make a key pair, sign with it and remove it: ``type``, ``size`` and whether the signature is ``good``.

    It lives in the session, and goes with it, or with ``request["on_token"]`` on the token, marked by its
    label and id; what an interrupted test has left there is removed first.
    """
    module, on_token = worker.module, request["on_token"]
    with session_of(worker, request, secrets, writable=on_token) as session:
        with module.calling("C_GetMechanismList"):
            way = choose_way(session.token.slot.get_mechanisms())
        if way is None:
            raise RefusedError("no-signatures")
        if on_token:
            _remove_test_keys(module, session)
            with _removed_afterwards(lambda: _remove_test_keys(module, session)):
                good = sign_and_verify(module, session, way, on_token=True)
        else:
            good = sign_and_verify(module, session, way)
    kind, size = way.key
    return {"type": kind, "size": size, "good": good}


def remove_test_keys(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """Remove test keys that an interrupted test has left on the token; ``removed``: how many."""
    with session_of(worker, request, secrets, writable=True) as session:
        return {"removed": _remove_test_keys(worker.module, session)}


def _remove_test_keys(module: LoadedModule, session: pkcs11.Session) -> int:
    with module.calling("C_FindObjects"):
        left = list(session.get_objects({Attribute.LABEL: TEST_LABEL, Attribute.ID: _TEST_ID}))
    return _destroy(module, left)
