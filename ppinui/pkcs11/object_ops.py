"""A worker's part of reading objects.

Raw calls: python-pkcs11 asks each object four times, and rejects labels that are not UTF-8.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pkcs11

from ppinui.pkcs11.loaded_module import handle_of
from ppinui.pkcs11.object_attributes import ASKED, Attribute, ObjectClass
from ppinui.pkcs11.pin_ops import begin_token, check_flags
from ppinui.pkcs11.raw_calls import RawCalls, ulong
from ppinui.pkcs11.token_flags import UserType
from ppinui.pkcs11.worker import ModuleWorker
from ppinui.workers.channel import Message

_BATCH: Final = 50
"""Objects in one message."""


@contextmanager
def session_of(
    worker: ModuleWorker, request: Message, secrets: list[bytearray], *, writable: bool = False
) -> Iterator[pkcs11.Session]:
    """A session on the token of the request, logged in where a PIN came with it."""
    info = begin_token(worker, request)
    if secrets:
        check_flags(info, UserType.USER, request)
    with worker.module.session(request["slot"], writable=writable) as session:
        for pin in secrets:
            worker.module.raw.login(handle_of(session), UserType.USER, pin)
        yield session


def list_objects(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """Send ``objects`` with the attributes of some of them at a time, for at most ``request["seconds"]``.

    ``found``: how many there are. Values are hexadecimal, by the attribute's number.
    """
    end = time.monotonic() + request["seconds"]
    with session_of(worker, request, secrets) as session:
        raw = worker.module.raw
        handles = _by_class(raw, handle_of(session))
        batch: list[dict[str, Any]] = []
        for handle, kind in handles.items():
            if time.monotonic() > end:
                break
            batch.append(_read_object(raw, handle_of(session), handle, kind))
            if len(batch) == _BATCH:
                worker.send("objects", objects=batch)
                batch = []
        worker.send("objects", objects=batch)
    return {"found": len(handles)}


def count_objects(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """How many objects can be seen: ``found``."""
    with session_of(worker, request, secrets) as session:
        raw = worker.module.raw
        return {"found": len(raw.find(handle_of(session)))}


def _by_class(raw: RawCalls, session: int) -> dict[int, int | None]:
    """The handles of all objects, each with its class, None for one that we do not know."""
    handles: dict[int, int | None] = dict.fromkeys(raw.find(session))
    for kind in ObjectClass:
        for handle in raw.find(session, {Attribute.CLASS: ulong(kind)}):
            handles[handle] = kind
    return handles


def _read_object(raw: RawCalls, session: int, handle: int, kind: int | None) -> dict[str, Any]:
    """What :func:`ppinui.tokens.objects.object_of` makes an object of."""
    values = raw.attributes(session, handle, ASKED[kind])
    length = raw.length(session, handle, Attribute.VALUE) if kind == ObjectClass.DATA else None
    return {
        "class": kind,
        "length": length,
        "values": {str(int(name)): value.hex() for name, value in values.items() if value is not None},
    }
