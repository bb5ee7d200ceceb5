"""A module's bare function list, for what python-pkcs11 lacks; for worker processes only."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ppinui.pkcs11.structures import CK_RV, CK_ULONG, SlotInfo

CKR_OK = 0

# CK_FUNCTION_LIST starts with a CK_VERSION, padded to a pointer; the functions follow in the standard's
# order (PKCS#11 v2.40, pkcs11f.h), up to the last one that is called.
_FUNCTIONS = (
    "C_Initialize",
    "C_Finalize",
    "C_GetInfo",
    "C_GetFunctionList",
    "C_GetSlotList",
    "C_GetSlotInfo",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_GetMechanismInfo",
    "C_InitToken",
    "C_InitPIN",
    "C_SetPIN",
    "C_OpenSession",
    "C_CloseSession",
    "C_CloseAllSessions",
    "C_GetSessionInfo",
    "C_GetOperationState",
    "C_SetOperationState",
    "C_Login",
    "C_Logout",
    "C_CreateObject",
    "C_CopyObject",
    "C_DestroyObject",
    "C_GetObjectSize",
    "C_GetAttributeValue",
    "C_SetAttributeValue",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_EncryptInit",
    "C_Encrypt",
    "C_EncryptUpdate",
    "C_EncryptFinal",
    "C_DecryptInit",
    "C_Decrypt",
    "C_DecryptUpdate",
    "C_DecryptFinal",
    "C_DigestInit",
    "C_Digest",
    "C_DigestUpdate",
    "C_DigestKey",
    "C_DigestFinal",
    "C_SignInit",
    "C_Sign",
    "C_SignUpdate",
    "C_SignFinal",
    "C_SignRecoverInit",
    "C_SignRecover",
    "C_VerifyInit",
    "C_Verify",
    "C_VerifyUpdate",
    "C_VerifyFinal",
    "C_VerifyRecoverInit",
    "C_VerifyRecover",
    "C_DigestEncryptUpdate",
    "C_DecryptDigestUpdate",
    "C_SignEncryptUpdate",
    "C_DecryptVerifyUpdate",
    "C_GenerateKey",
    "C_GenerateKeyPair",
)
_POINTER = ctypes.sizeof(ctypes.c_void_p)

Function = Callable[..., int]

_GET_SLOT_INFO = ctypes.CFUNCTYPE(CK_RV, CK_ULONG, ctypes.c_void_p)
_LOGIN = ctypes.CFUNCTYPE(CK_RV, CK_ULONG, CK_ULONG, ctypes.c_void_p, CK_ULONG)


class FunctionList:
    """The function list of a module in this process, which is loaded where it is not there yet."""

    def __init__(self, path: str) -> None:
        """``path``: the module, by the name under which it was loaded (another name would load it again).

        Raises OSError, in the dynamic linker's words, and AttributeError for what is no PKCS#11 module.
        """
        library = ctypes.CDLL(path)
        address = ctypes.c_void_p()
        value = library.C_GetFunctionList(ctypes.byref(address))
        if address.value is None:
            raise OSError(f"C_GetFunctionList answered 0x{value & 0xFFFFFFFF:08X}, and gave no functions")
        self._address = address.value

    def _entry(self, name: str) -> int:
        return self._address + _POINTER * (1 + _FUNCTIONS.index(name))

    def has(self, name: str) -> bool:
        """Whether the module has this function; some leave out what they do not support."""
        return ctypes.c_void_p.from_address(self._entry(name)).value is not None

    def function(self, name: str, prototype: Callable[[int], Function]) -> Function:
        """One function of the list, by its name in the standard."""
        pointer = ctypes.c_void_p.from_address(self._entry(name)).value
        assert pointer is not None
        return prototype(pointer)

    @contextmanager
    def failing_slots_look_empty(self) -> Iterator[dict[int, int]]:
        """While this lasts, C_GetSlotInfo answers with zeros for a slot for which it fails.

        Gives a dictionary into which each such slot's id and CK_RV are written.

        python-pkcs11 lists all slots or none, so that one bad slot of a module hides the good ones. The list
        is the module's own memory, hence in a worker process only, and put back as it was.
        """
        original = self.function("C_GetSlotInfo", _GET_SLOT_INFO)
        # CK_SLOT_INFO: 104 bytes of zeros are a slot without description, flags or versions.
        empty = bytes(ctypes.sizeof(SlotInfo))
        failing: dict[int, int] = {}

        def forgiving(slot_id: int, info: int) -> int:
            value = original(slot_id, info)
            if value != CKR_OK:
                failing[slot_id] = value
                ctypes.memmove(info, empty, len(empty))
            return CKR_OK

        with self._replaced("C_GetSlotInfo", ctypes.cast(_GET_SLOT_INFO(forgiving), ctypes.c_void_p)):
            yield failing

    @contextmanager
    def empty_pin_is_null(self) -> Iterator[None]:
        """While this lasts, C_Login is given a null pointer for an empty PIN.

        python-pkcs11 offers a null pointer to tokens with a PIN pad alone, and others take it for "no PIN".
        """
        original = self.function("C_Login", _LOGIN)

        def login(session: int, user: int, pin: int, length: int) -> int:
            return original(session, user, pin if length else None, length)

        with self._replaced("C_Login", ctypes.cast(_LOGIN(login), ctypes.c_void_p)):
            yield

    @contextmanager
    def _replaced(self, name: str, function: ctypes.c_void_p) -> Iterator[None]:
        entry = self._entry(name)
        before = ctypes.c_void_p.from_address(entry).value
        _make_writable(entry)
        ctypes.c_void_p.from_address(entry).value = function.value
        try:
            yield
        finally:
            ctypes.c_void_p.from_address(entry).value = before


def _make_writable(address: int) -> None:
    """Many modules keep their list in memory that is read-only once they are loaded."""
    page = mmap.PAGESIZE
    start = address - address % page
    length = address + _POINTER - start
    readable_and_writable = mmap.PROT_READ | mmap.PROT_WRITE
    if (
        ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), readable_and_writable)
        != 0
    ):
        raise OSError("the module's function list cannot be changed")
