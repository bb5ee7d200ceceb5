"""The process that has a PKCS#11 module loaded, and carries out one order with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ppinui.provider.cryptoki import Cryptoki, CryptokiError, NotLoadableError
from ppinui.provider.isolation import Channel, Message
from ppinui.provider.library import is_primus
from ppinui.provider.structures import text_of, version_of
from ppinui.token import work_key_trial, work_objects, work_pins, work_slots
from ppinui.token.talk import RefusedError, Talk

Work = Callable[[Talk, Cryptoki, Message, list[bytes]], Message]
"""Does what an order says, with the secrets that came with it; gives what the result says."""

_WORK: Final[dict[str, Work]] = {
    "list slots": work_slots.list_slots,
    "initialise": work_pins.initialise,
    "init PIN": work_pins.init_pin,
    "change PIN": work_pins.change_pin,
    "try PIN": work_pins.try_pin,
    "list objects": work_objects.list_objects,
    "count objects": work_objects.count_objects,
    "make test key": work_key_trial.make_test_key,
    "remove test keys": work_key_trial.remove_test_keys,
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
        channel.send({"kind": "done"} | _WORK[order["do"]](talk, module, order, secrets))
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
