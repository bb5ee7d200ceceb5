"""A worker's part of making a test key, and of leaving nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ppinui.pkcs11.raw_calls import Cryptoki, CryptokiError, boolean, ulong
from ppinui.pkcs11.signatures import P256, RSA_BITS, SHA256_INFO
from ppinui.tokens.object_attributes import Attribute, ObjectClass
from ppinui.tokens.object_ops import read_object, session_of
from ppinui.tokens.worker_channel import RefusedError, Talk
from ppinui.workers.channel import Message

TEST_LABEL: Final = "ppinui test key, to be removed"
_TEST_ID: Final = b"ppinui-test-key"
_EC_KEY_PAIR_GEN, _ECDSA = 0x1040, 0x1041
_RSA_KEY_PAIR_GEN, _RSA_PKCS, _SHA256_RSA_PKCS = 0x0, 0x1, 0x40
_EC_KEY: Final[dict[int, bytes]] = {Attribute.EC_PARAMS: P256}
_RSA_KEY: Final[dict[int, bytes]] = {
    Attribute.MODULUS_BITS: ulong(RSA_BITS),
    Attribute.PUBLIC_EXPONENT: b"\1\0\1",
}


@dataclass(frozen=True)
class _Way:
    """A way to sign: mechanisms, what is asked of the key, and what the token gets of the message."""

    generate: int
    sign: int
    key: dict[int, bytes]
    signed: Callable[[bytes], bytes]


_WAYS: Final = (
    _Way(_EC_KEY_PAIR_GEN, _ECDSA, _EC_KEY, lambda message: sha256(message).digest()),
    _Way(_RSA_KEY_PAIR_GEN, _SHA256_RSA_PKCS, _RSA_KEY, lambda message: message),
    _Way(_RSA_KEY_PAIR_GEN, _RSA_PKCS, _RSA_KEY, lambda message: SHA256_INFO + sha256(message).digest()),
)
"""The one that costs the token least goes first."""


def make_test_key(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Make a key pair, sign ``order["message"]`` with it, remove it; gives what shows that it worked.

    A P-256 pair where the token knows elliptic curves, else RSA with 2048 bits. It lives in the session, and
    goes with it, or with ``order["on_token"]`` on the token, marked by its label and id; what an interrupted
    test may have left there is removed first.
    """
    offered = module.mechanisms(order["slot"])
    way = next((way for way in _WAYS if {way.generate, way.sign} <= offered), None)
    if way is None:
        raise RefusedError("no-signatures")
    on_token = order["on_token"]
    both: dict[int, bytes] = {
        Attribute.TOKEN: boolean(on_token),
        Attribute.LABEL: TEST_LABEL.encode(),
        Attribute.ID: _TEST_ID,
    }
    with session_of(talk, module, order, secrets, writable=on_token) as session:
        if on_token:
            _remove_test_keys(module, session)
        with _removing_afterwards(module, session) if on_token else nullcontext():
            public, private = module.generate_key_pair(
                session,
                way.generate,
                {**both, **way.key, Attribute.VERIFY: boolean(True), Attribute.PRIVATE: boolean(False)},
                {
                    **both,
                    Attribute.SIGN: boolean(True),
                    Attribute.PRIVATE: boolean(True),
                    Attribute.SENSITIVE: boolean(True),
                    Attribute.EXTRACTABLE: boolean(False),
                },
            )
            signature = module.sign(session, way.sign, private, way.signed(bytes.fromhex(order["message"])))
            made = read_object(module, session, public, ObjectClass.PUBLIC_KEY)
    return {"public_key": made, "signature": signature.hex()}


@contextmanager
def _removing_afterwards(module: Cryptoki, session: int) -> Iterator[None]:
    try:
        yield
    except CryptokiError:
        with suppress(CryptokiError):  # the first failure is the one to report
            _remove_test_keys(module, session)
        raise
    _remove_test_keys(module, session)


def remove_test_keys(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Remove test keys that an interrupted test has left on the token; ``removed``: how many."""
    with session_of(talk, module, order, secrets, writable=True) as session:
        return {"removed": _remove_test_keys(module, session)}


def _remove_test_keys(module: Cryptoki, session: int) -> int:
    left = module.find(session, {Attribute.LABEL: TEST_LABEL.encode(), Attribute.ID: _TEST_ID})
    for handle in left:
        module.destroy(session, handle)
    return len(left)
