"""A worker's part of listing slots: each is asked by itself, so that one that fails hides no other.

Raw calls: python-pkcs11 keeps neither the limits of a PIN nor bytes of a label that are not UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ppinui.pkcs11.raw_calls import CryptokiError, RawCalls
from ppinui.pkcs11.return_codes import TOKEN_NOT_PRESENT
from ppinui.pkcs11.structures import UNAVAILABLE, TokenInfo, text_of, version_of
from ppinui.pkcs11.worker import ModuleWorker
from ppinui.workers.channel import Message

_TOKEN_PRESENT: Final = 0x1
"""CKF_TOKEN_PRESENT, of a slot."""


def list_slots(worker: ModuleWorker, request: Message, _: list[bytearray]) -> Message:
    """Send ``found`` with the ids of all slots, and ``row`` for each but those of ``request["skip"]``.

    ``request["only"]``: ask for these slots alone, None for all. Each question to a Primus offers
    secrets to an HSM: once a slot of it has failed, no other is asked.
    """
    ids = worker.module.raw.slot_ids()
    worker.send("found", ids=ids)
    for slot_id in _wanted(ids, request):
        worker.begin_slot(slot_id)
        row = _read_slot(worker.module.raw, slot_id, on_primus=request["on_primus"])
        worker.send("row", slot=row)
        if row["failed"] is not None and request["on_primus"]:
            break
    return {}


def _wanted(ids: Iterable[int], request: Message) -> list[int]:
    only = request["only"]
    return [one for one in ids if one not in request["skip"] and (only is None or one in only)]


def _read_slot(raw: RawCalls, slot_id: int, *, on_primus: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": slot_id,
        "description": "",
        "manufacturer": "",
        "token": None,
        "failed": None,
    }
    try:
        info = raw.slot_info(slot_id)
        row |= {"description": text_of(info.description), "manufacturer": text_of(info.manufacturer)}
        if info.flags & _TOKEN_PRESENT:
            row["token"] = read_token(raw.token_info(slot_id))
        elif on_primus:  # it could not reach an HSM, or was not let in
            row["failed"] = ["C_GetSlotInfo", TOKEN_NOT_PRESENT]
    except CryptokiError as error:
        # elsewhere the token may have been taken out between the two calls
        if error.code != TOKEN_NOT_PRESENT or on_primus:
            row["failed"] = [error.function, error.code]
    return row


def read_token(info: TokenInfo) -> dict[str, Any]:
    """The fields of :class:`ppinui.tokens.slot.Token`."""
    return {
        "label": text_of(info.label),
        "manufacturer": text_of(info.manufacturer),
        "model": text_of(info.model),
        "serial": text_of(info.serial),
        "hardware_version": version_of(info.hardware_version),
        "firmware_version": version_of(info.firmware_version),
        "flags": info.flags,
        "min_pin": info.min_pin,
        "max_pin": info.max_pin,
        "public_memory": _known(info.total_public_memory),
        "free_public_memory": _known(info.free_public_memory),
        "private_memory": _known(info.total_private_memory),
        "free_private_memory": _known(info.free_private_memory),
    }


def _known(number: int) -> int | None:
    return None if number == UNAVAILABLE else number
