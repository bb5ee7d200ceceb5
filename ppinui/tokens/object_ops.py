"""A worker's part of looking at objects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ppinui.pkcs11.raw_calls import Cryptoki, ulong
from ppinui.pkcs11.user_type import UserType
from ppinui.tokens.object_attributes import ASKED, COMMON, Attribute, ObjectClass
from ppinui.tokens.pin_ops import heed_flags, take_slot
from ppinui.tokens.worker_channel import Talk
from ppinui.workers.channel import Message

_BATCH: Final = 50
"""Objects in one message."""


@contextmanager
def session_of(
    talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes], *, writable: bool = False
) -> Iterator[int]:
    """A session on the token of the order, logged in where a PIN came with it."""
    info = take_slot(talk, module, order)
    if secrets:
        heed_flags(info, UserType.USER, order)
    with module.session(order["slot"], writable=writable) as session:
        for pin in secrets:
            module.login(session, UserType.USER, pin)
        yield session


def list_objects(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Say ``objects`` with the attributes of some of them at a time, for at most ``order["seconds"]``.

    ``found``: how many there are. Values are hexadecimal, by the attribute's number.
    """
    end = time.monotonic() + order["seconds"]
    with session_of(talk, module, order, secrets) as session:
        handles = _by_class(module, session)
        batch: list[dict[str, Any]] = []
        for handle, kind in handles.items():
            if time.monotonic() > end:
                break
            batch.append(read_object(module, session, handle, kind))
            if len(batch) == _BATCH:
                talk.say("objects", objects=batch)
                batch = []
        talk.say("objects", objects=batch)
    return {"found": len(handles)}


def count_objects(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """How many objects can be seen: ``found``."""
    with session_of(talk, module, order, secrets) as session:
        return {"found": len(module.find(session))}


def _by_class(module: Cryptoki, session: int) -> dict[int, int | None]:
    """The handles of all objects, each with its class, None for one that we do not know."""
    handles: dict[int, int | None] = dict.fromkeys(module.find(session))
    for kind in ObjectClass:
        for handle in module.find(session, {Attribute.CLASS: ulong(kind)}):
            handles[handle] = kind
    return handles


def read_object(module: Cryptoki, session: int, handle: int, kind: int | None) -> dict[str, Any]:
    """What :func:`ppinui.tokens.objects.object_of` makes an object of."""
    asked = COMMON if kind is None else ASKED[ObjectClass(kind)]
    values = module.attributes(session, handle, asked)
    length = module.length(session, handle, Attribute.VALUE) if kind == ObjectClass.DATA else None
    return {
        "class": kind,
        "length": length,
        "values": {str(int(name)): value.hex() for name, value in values.items() if value is not None},
    }
