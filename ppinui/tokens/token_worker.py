"""The process that has a PKCS#11 module loaded, and carries out one order with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ppinui.pkcs11.raw_calls import Cryptoki, CryptokiError, NotLoadableError
from ppinui.pkcs11.structures import text_of, version_of
from ppinui.provider.library import is_primus
from ppinui.tokens import key_test_ops, object_ops, pin_ops, slot_ops
from ppinui.tokens.worker_channel import RefusedError, Talk
from ppinui.workers.channel import Channel, Message

Work = Callable[[Talk, Cryptoki, Message, list[bytes]], Message]
"""Does what an order says, with the secrets that came with it; gives what the result says."""

_WORK: Final[dict[str, Work]] = {
    "list slots": slot_ops.list_slots,
    "initialise": pin_ops.initialise,
    "init PIN": pin_ops.init_pin,
    "change PIN": pin_ops.change_pin,
    "try PIN": pin_ops.try_pin,
    "list objects": object_ops.list_objects,
    "count objects": object_ops.count_objects,
    "make test key": key_test_ops.make_test_key,
    "remove test keys": key_test_ops.remove_test_keys,
}


def serve(channel: Channel) -> None:
    """Take one order from the channel: the work of a :class:`provider.isolation.Worker`.

    Before each call of the module goes ``call`` with its name, before each slot ``slot`` with its id. The
    last message is ``done``, ``refused`` or ``failed``.
    """
    message, secrets = channel.receive()
    order = message["order"]
    talk = Talk(channel)
    module: Cryptoki | None = None
    try:
        module = Cryptoki(order["module"], talk.call)
        _initialise(talk, module, order)
        channel.send(
            {"kind": "done"} | _WORK[order["do"]](talk, module, order, [bytes(secret) for secret in secrets])
        )
        module.finalise()
    except NotLoadableError as error:
        talk.refused("not-loadable", str(error))
    except RefusedError as error:
        talk.refused(error.name, error.detail)
    except CryptokiError as error:
        talk.failed(error, _flags_afterwards(module, order))


def _initialise(talk: Talk, module: Cryptoki, order: Message) -> None:
    module.initialise()
    info = module.info()
    manufacturer = text_of(info.manufacturer)
    order["on_primus"] = is_primus(manufacturer)
    if order["on_primus"] and order["against_primus"] is not None:
        raise RefusedError(order["against_primus"])
    library = {
        "manufacturer": manufacturer,
        "description": text_of(info.description),
        "version": version_of(info.library_version),
        "cryptoki": version_of(info.cryptoki_version),
    }
    talk.say("library", library=library)


def _flags_afterwards(module: Cryptoki | None, order: Message) -> int | None:
    """The token's flags, now that something has failed there."""
    if module is None or "slot" not in order:
        return None
    try:
        return int(module.token_info(order["slot"]).flags)
    except CryptokiError:
        return None
