"""The program of every worker that loads a PKCS#11 module: it carries out one request after another.

A request is a message with ``do``, the operation as ``module:function``, and what that needs; secrets are its
attachments. Operations are imported by name, since those of a connection test are in a room above this one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from typing import cast

from ppinui.pkcs11.loaded_module import LoadedModule, NotLoadableError
from ppinui.pkcs11.raw_calls import CryptokiError
from ppinui.workers.channel import Channel, Message, wipe


class RefusedError(Exception):
    """An operation is not carried out: ``name`` is one of :data:`ppinui.tokens.token_refusal.REFUSALS`."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail


class ModuleWorker:
    """What an operation works with: the module, and the messages to the parent."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.module: LoadedModule
        """Set by the first operation, which loads it."""

    def send(self, kind: str, **content: object) -> None:
        self._channel.send({"kind": kind} | content)

    def begin_call(self, function: str) -> None:
        """This function of the module is called next: its deadline begins."""
        self.send("call", function=function)

    def begin_slot(self, slot_id: int) -> None:
        """What comes next is about this slot."""
        self.send("slot", id=slot_id)


Operation = Callable[[ModuleWorker, Message, list[bytearray]], Message]
"""Carries out a request with the secrets that came with it; returns what the result says."""


def serve(channel: Channel) -> None:
    """Carry out requests until the parent is gone, or until one that has ``last``.

    The last message for each request is ``done`` (or the operation's own kind), ``refused`` or ``failed``.
    """
    worker = ModuleWorker(channel)
    while True:
        request, secrets = channel.receive()
        module, _, function = request["do"].partition(":")
        operation = cast(Operation, getattr(importlib.import_module(module), function))
        try:
            channel.send({"kind": "done"} | operation(worker, request, secrets))
            if request.get("last"):
                worker.module.finalise()
                return
        except NotLoadableError as error:
            worker.send("refused", name="not-loadable", detail=str(error))
        except RefusedError as error:
            worker.send("refused", name=error.name, detail=error.detail)
        except CryptokiError as error:
            flags = _flags_now(worker, request)
            worker.send("failed", function=error.function, code=error.code, flags=flags)
        finally:
            for secret in secrets:
                wipe(secret)


def load(worker: ModuleWorker, request: Message, _: list[bytearray]) -> Message:
    """Load and initialise ``request["module"]``; each of its calls is announced to the parent.

    Nothing else is asked: the parent decides by the manufacturer whether more follows, secrets too.
    """
    worker.module = LoadedModule(request["module"], worker.begin_call)
    return {"library": asdict(worker.module.initialise())}


def _flags_now(worker: ModuleWorker, request: Message) -> int | None:
    """The token's flags after a failure; None where they cannot be read."""
    if "slot" not in request:
        return None
    try:
        return int(worker.module.raw.token_info(request["slot"]).flags)
    except CryptokiError:
        return None
