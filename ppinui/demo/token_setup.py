"""A child process that fills a SoftHSM2 token directory: the order on stdin, the slot ids on stdout, as JSON.

Through ctypes, because python-pkcs11 has no C_InitToken, and because softhsm2-util takes PINs as arguments,
where every process of the machine can read them. The library is loaded here and nowhere else. Only the
standard library is imported: this file is started by its path, isolated from what else could be installed.

The order: ``{"module": path, "so_pin": text, "tokens": [[label, pin], …]}``. The answer: ``{"slots": [id,
…]}`` in the same order, or ``{"function": "C_InitToken", "code": number}`` for the function that failed.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Final

_CKF_TOKEN_INITIALIZED: Final = 0x400
_CKF_SERIAL_SESSION_RW: Final = 0x2 | 0x4
_CKU_SO: Final = 0
_LABEL_BYTES: Final = 32


class _CallError(Exception):
    """A function of the module did not answer CKR_OK."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(function, code)
        self.function = function
        self.code = code


class _TokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO (PKCS#11 v2.40, 3.2), without names for what is not read here."""

    _fields_ = (
        ("label", ctypes.c_char * _LABEL_BYTES),
        ("manufacturer_and_model", ctypes.c_char * 48),
        ("serial", ctypes.c_char * 16),
        ("flags", ctypes.c_ulong),
        ("counts_and_sizes", ctypes.c_ulong * 10),
        ("versions", ctypes.c_ubyte * 4),
        ("time", ctypes.c_char * 16),
    )


class _Module:
    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)

    def call(self, function: str, *arguments: object) -> None:
        code = getattr(self._library, function)(*arguments) & 0xFFFFFFFF
        if code:
            raise _CallError(function, code)

    def slots(self) -> list[int]:
        count = ctypes.c_ulong()
        self.call("C_GetSlotList", 0, None, ctypes.byref(count))
        slots = (ctypes.c_ulong * count.value)()
        self.call("C_GetSlotList", 0, slots, ctypes.byref(count))
        return list(slots[: count.value])

    def token(self, slot: int) -> _TokenInfo:
        info = _TokenInfo()
        self.call("C_GetTokenInfo", ctypes.c_ulong(slot), ctypes.byref(info))
        return info

    def initialise(self, label: str, pin: bytes, so_pin: bytes) -> bytes:
        """Make one token with its PINs in the module's free slot; gives its serial number."""
        free = next(slot for slot in self.slots() if not self.token(slot).flags & _CKF_TOKEN_INITIALIZED)
        slot, session = ctypes.c_ulong(free), ctypes.c_ulong()
        so_length, pin_length = ctypes.c_ulong(len(so_pin)), ctypes.c_ulong(len(pin))
        self.call("C_InitToken", slot, so_pin, so_length, label.encode().ljust(_LABEL_BYTES))
        flags = ctypes.c_ulong(_CKF_SERIAL_SESSION_RW)
        self.call("C_OpenSession", slot, flags, None, None, ctypes.byref(session))
        self.call("C_Login", session, ctypes.c_ulong(_CKU_SO), so_pin, so_length)
        self.call("C_InitPIN", session, pin, pin_length)
        self.call("C_CloseSession", session)
        return bytes(self.token(free).serial)


def _fill(module: _Module, tokens: list[tuple[str, str]], so_pin: str) -> list[int]:
    module.call("C_Initialize", None)
    serials = [module.initialise(label, pin.encode(), so_pin.encode()) for label, pin in tokens]
    # SoftHSM2 numbers a slot anew, by its token's serial, when it is next initialised.
    module.call("C_Finalize", None)
    module.call("C_Initialize", None)
    slot_of = {bytes(module.token(slot).serial): slot for slot in module.slots()}
    module.call("C_Finalize", None)
    return [slot_of[serial] for serial in serials]


def main() -> None:
    """Read the order, carry it out, print the answer."""
    order = json.load(sys.stdin)
    answer: dict[str, object]
    try:
        answer = {"slots": _fill(_Module(order["module"]), order["tokens"], order["so_pin"])}
    except _CallError as failure:
        answer = {"function": failure.function, "code": failure.code}
    except OSError as error:  # the library does not load
        answer = {"function": f"dlopen ({error})", "code": None}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
