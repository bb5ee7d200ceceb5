"""The bytes of a vault: header, sealed contents, checksum. Nothing here touches a disk.

::

    offset  bytes
         0     12  b"ppinui-vault"
        12      2  version of the format, 1
        14      1  key derivation, 1 = Argon2id (RFC 9106)
        15      1  cipher, 1 = AES-256-GCM
        16      4  Argon2id: memory in KiB
        20      4  Argon2id: iterations
        24      4  Argon2id: lanes
        28     32  salt, new with each passphrase
        60     16  key check: distinguishes a wrong passphrase from changed contents
        76     12  nonce, new with each save
        88      8  length of what follows, without the checksum
        96      …  contents, encrypted, with the tag of the cipher at their end
         …     32  SHA-256 of everything before it: tells damage from a wrong passphrase

Integers are big endian. The whole header is the cipher's associated data: nobody without the passphrase can
change any part of it, cost or version included.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ppinui.secrets.secret import Secret

_MAGIC: Final = b"ppinui-vault"
_VERSION: Final = 1
_ARGON2ID: Final = 1
_AES_256_GCM: Final = 1
_HEADER: Final = struct.Struct(">12sHBBIII32s16s12sQ")
_SALT_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_CHECK_SIZE: Final = 16
_CHECKED: Final = 60
"""How much of the header the key check covers: all that goes into the key."""
_DIGEST_SIZE: Final = 32
_TAG_SIZE: Final = 16
MEMORY_LIMIT: Final = 4 * 1024 * 1024
"""KiB: a header that asks for more is not obeyed."""
_ITERATION_LIMIT: Final = 1000
_LANE_LIMIT: Final = 255


class Fault(Enum):
    """Why bytes cannot be opened."""

    NOT_A_VAULT = auto()
    """They do not begin as a vault does."""
    DAMAGED = auto()
    """Bytes changed or are missing, by accident: checksum or lengths do not fit."""
    UNKNOWN_VERSION = auto()
    """Written by a newer ppinui, or by one that uses other algorithms."""
    WRONG_PASSPHRASE = auto()
    """The file is whole, and the passphrase is not its own."""
    OTHER_KEY = auto()
    """The file is whole, and was sealed with another passphrase since the key was derived."""
    TAMPERED = auto()
    """Passphrase and checksum are right, and the contents are not what was sealed with that passphrase."""


class VaultFormatError(Exception):
    """These bytes cannot be opened, for the reason ``fault``. Holds nothing of the contents."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass(frozen=True)
class KdfCost:
    """What a guess at the passphrase costs: memory in KiB, iterations, lanes.

    The default is the second recommended option of RFC 9106 (for machines that cannot spare 2 GiB); it takes
    about 0.15 s here.
    """

    memory: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4


@dataclass(frozen=True)
class VaultKey:
    """A derived key with the parameters it was derived with."""

    cost: KdfCost
    salt: bytes
    check: bytes
    key: Secret = field(repr=False)


@dataclass(frozen=True)
class _Header:
    cost: KdfCost
    salt: bytes
    check: bytes
    nonce: bytes


def new_key(passphrase: Secret, cost: KdfCost | None = None) -> VaultKey:
    """A key for a new vault or a new passphrase, with a fresh salt. Takes the time that the cost asks for."""
    return _derive(passphrase, cost or KdfCost(), secrets.token_bytes(_SALT_SIZE))


def check(vault: bytes) -> None:
    """Raise :class:`VaultFormatError` for what can be seen without a passphrase."""
    _read_header(vault)


def key_of(vault: bytes, passphrase: Secret) -> VaultKey:
    """The key of an existing vault.

    Raises :class:`VaultFormatError` (``WRONG_PASSPHRASE``, or what is wrong with the file).
    """
    header = _read_header(vault)
    key = _derive(passphrase, header.cost, header.salt)
    if not hmac.compare_digest(key.check, header.check):
        key.key.wipe()
        raise VaultFormatError(Fault.WRONG_PASSPHRASE)
    return key


def seal(contents: bytes, key: VaultKey) -> bytes:
    """The bytes of a vault that holds ``contents``, with a fresh nonce."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_SIZE)
    header = _pack_header(key.cost, key.salt, key.check, nonce, len(contents) + _TAG_SIZE)
    body = header + AESGCM(key.key.reveal_bytes()).encrypt(nonce, contents, header)
    return body + hashlib.sha256(body).digest()


def unseal(vault: bytes, key: VaultKey) -> bytes:
    """The contents of a vault.

    Raises :class:`VaultFormatError` (``OTHER_KEY``, ``TAMPERED``, or what is wrong with the file).
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = _read_header(vault)
    if header.salt != key.salt or header.cost != key.cost:
        raise VaultFormatError(Fault.OTHER_KEY)
    sealed = vault[_HEADER.size : -_DIGEST_SIZE]
    try:
        return AESGCM(key.key.reveal_bytes()).decrypt(header.nonce, sealed, vault[: _HEADER.size])
    except InvalidTag:
        raise VaultFormatError(Fault.TAMPERED) from None


def _derive(passphrase: Secret, cost: KdfCost, salt: bytes) -> VaultKey:
    """Argon2id makes 64 bytes: the cipher's key, and a second one whose only use is the key check."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=salt, length=64, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory
    )
    derived = kdf.derive(passphrase.reveal_bytes())
    covered = _pack_header(cost, salt, bytes(_CHECK_SIZE), bytes(_NONCE_SIZE), 0)[:_CHECKED]
    check = hmac.digest(derived[32:], covered, "sha256")[:_CHECK_SIZE]
    return VaultKey(cost, salt, check, Secret(derived[:32]))


def _pack_header(cost: KdfCost, salt: bytes, check: bytes, nonce: bytes, length: int) -> bytes:
    return _HEADER.pack(
        _MAGIC,
        _VERSION,
        _ARGON2ID,
        _AES_256_GCM,
        cost.memory,
        cost.iterations,
        cost.lanes,
        salt,
        check,
        nonce,
        length,
    )


def _read_header(vault: bytes) -> _Header:
    """Check all that can be checked without a key: beginning, checksum, version, cost, length."""
    if not vault.startswith(_MAGIC):
        raise VaultFormatError(Fault.NOT_A_VAULT)
    if len(vault) < _HEADER.size + _TAG_SIZE + _DIGEST_SIZE:
        raise VaultFormatError(Fault.DAMAGED)
    if not hmac.compare_digest(hashlib.sha256(vault[:-_DIGEST_SIZE]).digest(), vault[-_DIGEST_SIZE:]):
        raise VaultFormatError(Fault.DAMAGED)
    _, version, kdf, cipher, memory, iterations, lanes, salt, check, nonce, length = _HEADER.unpack_from(
        vault
    )
    if (version, kdf, cipher) != (_VERSION, _ARGON2ID, _AES_256_GCM):
        raise VaultFormatError(Fault.UNKNOWN_VERSION)
    if not (8 * lanes <= memory <= MEMORY_LIMIT and 1 <= iterations <= _ITERATION_LIMIT):
        raise VaultFormatError(Fault.DAMAGED)
    if not 1 <= lanes <= _LANE_LIMIT or length != len(vault) - _HEADER.size - _DIGEST_SIZE:
        raise VaultFormatError(Fault.DAMAGED)
    return _Header(KdfCost(memory, iterations, lanes), salt, check, nonce)
