"""A child process that initialises SoftHSM2 tokens: order as JSON on stdin, slot ids and serials on stdout.

Through ctypes, because python-pkcs11 has no C_InitToken and a run of softhsm2-util for each token is slow.
SOFTHSM2_CONF in the environment says which directory is filled.
"""

from __future__ import annotations

import ctypes
import json
import sys

CKF_SERIAL_SESSION_RW = 0x6
CKF_TOKEN_INITIALIZED = 0x400
CKU_SO = 0
LABEL_LENGTH = 32


class TokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO; what nobody reads here is kept as one run of bytes."""

    _fields_ = (
        ("label", ctypes.c_char * LABEL_LENGTH),
        ("manufacturer", ctypes.c_char * 32),
        ("model", ctypes.c_char * 16),
        ("serial", ctypes.c_char * 16),
        ("flags", ctypes.c_ulong),
        ("numbers", ctypes.c_ulong * 10),
        ("versions", ctypes.c_ubyte * 4),
        ("time", ctypes.c_char * 16),
    )


def serial_of(info: TokenInfo) -> str:
    return bytes(info.serial).decode()


class Module:
    """The few functions needed; any return value but CKR_OK ends the process with its name and value."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)

    def call(self, function: str, *arguments: object) -> None:
        value = getattr(self._library, function)(*arguments)
        if value != 0:
            sys.exit(f"{function} answered 0x{value & 0xFFFFFFFF:08X}")

    def slots(self) -> list[int]:
        count = ctypes.c_ulong()
        self.call("C_GetSlotList", 0, None, ctypes.byref(count))
        found = (ctypes.c_ulong * count.value)()
        self.call("C_GetSlotList", 0, found, ctypes.byref(count))
        return list(found)

    def info(self, slot: int) -> TokenInfo:
        info = TokenInfo()
        self.call("C_GetTokenInfo", ctypes.c_ulong(slot), ctypes.byref(info))
        return info

    def initialise(self, slot: int, label: str, pin: str, so_pin: str) -> str:
        """Initialise the token in this slot and give back its serial number."""
        session = ctypes.c_ulong()
        so, user = so_pin.encode(), pin.encode()
        padded = label.encode().ljust(LABEL_LENGTH)
        if len(padded) > LABEL_LENGTH:
            sys.exit(f"the label {label!r} is longer than {LABEL_LENGTH} bytes")
        self.call("C_InitToken", ctypes.c_ulong(slot), so, ctypes.c_ulong(len(so)), padded)
        self.call(
            "C_OpenSession",
            ctypes.c_ulong(slot),
            ctypes.c_ulong(CKF_SERIAL_SESSION_RW),
            None,
            None,
            ctypes.byref(session),
        )
        self.call("C_Login", session, ctypes.c_ulong(CKU_SO), so, ctypes.c_ulong(len(so)))
        self.call("C_InitPIN", session, user, ctypes.c_ulong(len(user)))
        self.call("C_CloseSession", session)
        return serial_of(self.info(slot))


def main() -> None:
    order = json.load(sys.stdin)
    module = Module(order["module"])
    module.call("C_Initialize", None)
    serials = []
    for label, pin, so_pin in order["tokens"]:
        # A list asked anew offers one more uninitialised token than there are tokens.
        blank = next(s for s in reversed(module.slots()) if not module.info(s).flags & CKF_TOKEN_INITIALIZED)
        serials.append(module.initialise(blank, label, pin, so_pin))
    # A slot keeps its first number until the module is initialised anew; the lasting id follows the serial.
    module.call("C_Finalize", None)
    module.call("C_Initialize", None)
    slot_of = {serial_of(module.info(slot)): slot for slot in module.slots()}
    module.call("C_Finalize", None)
    json.dump([[slot_of[serial], serial] for serial in serials], sys.stdout)


if __name__ == "__main__":
    main()
