"""A worker's part of looking at objects and of making a test key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final

from ppinui.provider.cryptoki import Cryptoki, CryptokiError, boolean, ulong
from ppinui.provider.isolation import Message
from ppinui.provider.user_type import UserType
from ppinui.token.attributes import ASKED, COMMON, Attribute, ObjectClass
from ppinui.token.talk import RefusedError, Talk
from ppinui.token.work_pins import offer_pin, take_slot

_BATCH: Final = 50
"""Objects in one message."""


@contextmanager
def _session(
    module: Cryptoki, order: Message, secrets: list[bytes], *, writable: bool = False
) -> Iterator[int]:
    """A session, logged in where a PIN came with the order."""
    with module.session(order["slot"], writable=writable) as session:
        for pin in secrets:
            offer_pin(module, session, UserType.USER, pin, order)
        yield session


def list_objects(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Say ``objects`` with the attributes of some of them at a time, for at most ``order["seconds"]``.

    ``found``: how many there are. Values are hexadecimal, by the attribute's number.
    """
    end = time.monotonic() + order["seconds"]
    take_slot(talk, module, order)
    with _session(module, order, secrets) as session:
        handles = _by_class(module, session)
        batch: list[dict[str, Any]] = []
        for handle, kind in handles.items():
            if time.monotonic() > end:
                break
            batch.append(_read(module, session, handle, kind))
            if len(batch) == _BATCH:
                talk.say("objects", objects=batch)
                batch = []
        talk.say("objects", objects=batch)
    return {"found": len(handles)}


def count_objects(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """How many objects can be seen: ``found``."""
    take_slot(talk, module, order)
    with _session(module, order, secrets) as session:
        return {"found": len(module.find(session))}


def _by_class(module: Cryptoki, session: int) -> dict[int, int | None]:
    """The handles of all objects, each with its class, None for one that we do not know."""
    handles: dict[int, int | None] = dict.fromkeys(module.find(session))
    for kind in ObjectClass:
        for handle in module.find(session, {Attribute.CLASS: ulong(kind)}):
            handles[handle] = kind
    return handles


def _read(module: Cryptoki, session: int, handle: int, kind: int | None) -> dict[str, Any]:
    asked = COMMON if kind is None else ASKED[ObjectClass(kind)]
    values = module.attributes(session, handle, asked)
    length = module.length(session, handle, Attribute.VALUE) if kind == ObjectClass.DATA else None
    return {
        "class": kind,
        "length": length,
        "values": {str(int(name)): value.hex() for name, value in values.items() if value is not None},
    }


# -- a test key --------------------------------------------------------------------------------------------

TEST_LABEL: Final = "ppinui test key, to be removed"
_TEST_ID: Final = b"ppinui-test-key"
_EC_GENERATE, _ECDSA = 0x1040, 0x1041
_RSA_GENERATE, _RSA_PKCS = 0x0, 0x1
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
"""The object identifier of prime256v1, in DER (RFC 5480)."""


def make_test_key(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Make a key pair, sign ``order["digest"]`` with it, remove it; gives what shows that it worked.

    A P-256 pair where the token knows elliptic curves, else RSA with 2048 bits. It lives in the session, and
    goes with it, or with ``order["on_token"]`` on the token, marked by its label and id; what an interrupted
    test may have left there is removed first. RSA signs ``order["digest_info"]``.
    """
    take_slot(talk, module, order)
    mechanisms = module.mechanisms(order["slot"])
    if {_EC_GENERATE, _ECDSA} <= mechanisms:
        generate, sign, data = _EC_GENERATE, _ECDSA, order["digest"]
        specific: dict[int, bytes] = {Attribute.EC_PARAMS: _P256}
    elif {_RSA_GENERATE, _RSA_PKCS} <= mechanisms:
        generate, sign, data = _RSA_GENERATE, _RSA_PKCS, order["digest_info"]
        specific = {Attribute.MODULUS_BITS: ulong(2048), Attribute.PUBLIC_EXPONENT: b"\1\0\1"}
    else:
        raise RefusedError("no-signatures")
    on_token = order["on_token"]
    both: dict[int, bytes] = {
        Attribute.TOKEN: boolean(on_token),
        Attribute.LABEL: TEST_LABEL.encode(),
        Attribute.ID: _TEST_ID,
    }
    with _session(module, order, secrets, writable=on_token) as session:
        if on_token:
            _remove_test_keys(module, session)
        with _removing_afterwards(module, session) if on_token else nullcontext():
            public, private = module.generate_key_pair(
                session,
                generate,
                {**both, **specific, Attribute.VERIFY: boolean(True), Attribute.PRIVATE: boolean(False)},
                {
                    **both,
                    Attribute.SIGN: boolean(True),
                    Attribute.PRIVATE: boolean(True),
                    Attribute.SENSITIVE: boolean(True),
                    Attribute.EXTRACTABLE: boolean(False),
                },
            )
            signature = module.sign(session, sign, private, bytes.fromhex(data))
            made = _read(module, session, public, ObjectClass.PUBLIC_KEY)
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
    take_slot(talk, module, order)
    with _session(module, order, secrets, writable=True) as session:
        return {"removed": _remove_test_keys(module, session)}


def _remove_test_keys(module: Cryptoki, session: int) -> int:
    left = module.find(session, {Attribute.LABEL: TEST_LABEL.encode(), Attribute.ID: _TEST_ID})
    for handle in left:
        module.destroy(session, handle)
    return len(left)
