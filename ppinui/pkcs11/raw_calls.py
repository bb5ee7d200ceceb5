"""The raw calls on a module's function list that python-pkcs11 lacks; for worker processes only.

python-pkcs11 0.10 lacks C_InitToken, the limits of a PIN's length, a login without a PIN, PINs that are no
text, copies of PINs that are wiped, slots of a module whose other slots fail, and one call for attributes of
which some are not there. Here nothing is kept between calls, and each return value but CKR_OK is an error
with exactly that code.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from ppinui.pkcs11.structures import CK_RV, CK_ULONG, UNAVAILABLE, CkAttribute, SlotInfo, TokenInfo
from ppinui.pkcs11.token_flags import UserType

LABEL_BYTES: Final = 32
"""The length of a token's label, padded with blanks (C_InitToken)."""
CKR_OK: Final = 0
FUNCTION_NOT_SUPPORTED: Final = 0x54
FUNCTIONS: Final = 69
"""Pointers in CK_FUNCTION_LIST: a CK_VERSION, padded to one, then the 68 functions."""
INDEX: Final = {
    "C_GetSlotList": 5,
    "C_GetSlotInfo": 6,
    "C_GetTokenInfo": 7,
    "C_InitToken": 10,
    "C_InitPIN": 11,
    "C_SetPIN": 12,
    "C_Login": 19,
    "C_Logout": 20,
    "C_GetAttributeValue": 25,
    "C_FindObjectsInit": 27,
    "C_FindObjects": 28,
    "C_FindObjectsFinal": 29,
}
"""The place of a function in CK_FUNCTION_LIST (PKCS#11 v2.40, pkcs11f.h)."""

_ATTRIBUTE_SENSITIVE: Final = 0x11
_ATTRIBUTE_TYPE_INVALID: Final = 0x12
_BUFFER_TOO_SMALL: Final = 0x150
_PARTLY_ANSWERED: Final = frozenset({_ATTRIBUTE_SENSITIVE, _ATTRIBUTE_TYPE_INVALID, _BUFFER_TOO_SMALL})
"""C_GetAttributeValue's answers when it has nevertheless set the length of each attribute."""
_HANDLES_AT_ONCE: Final = 256


class CryptokiError(Exception):
    """A function of the module answered with something else than CKR_OK."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(f"{function} answered 0x{code:08X}")
        self.function = function
        self.code = code


@contextmanager
def wiped_copy(clear: bytes | bytearray) -> Iterator[ctypes.Array[ctypes.c_char]]:
    """A buffer that holds a PIN for one call, overwritten with zeros behind it."""
    buffer = (ctypes.c_char * max(1, len(clear))).from_buffer_copy(clear or b"\0")
    try:
        yield buffer
    finally:
        ctypes.memset(buffer, 0, len(buffer))


class RawCalls:
    """Functions of a module that is loaded and initialised. Every method raises CryptokiError."""

    def __init__(self, function_list: int, before_call: Callable[[str], None]) -> None:
        """``function_list``: its address; ``before_call`` gets the name of each function before its call."""
        self._function_list = function_list
        self._before_call = before_call

    def _call(self, name: str, *arguments: Any) -> None:
        self._before_call(name)
        entry = self._function_list + ctypes.sizeof(ctypes.c_void_p) * INDEX[name]
        pointer = ctypes.c_void_p.from_address(entry).value
        if pointer is None:  # some modules leave out what they do not support
            raise CryptokiError(name, FUNCTION_NOT_SUPPORTED)
        value = ctypes.CFUNCTYPE(CK_RV, *map(_c_type, arguments))(pointer)(*arguments)
        if value != CKR_OK:
            raise CryptokiError(name, value)

    # -- what is there -----------------------------------------------------------------------------------

    def slot_ids(self) -> list[int]:
        """All slots, those without a token too."""
        count = CK_ULONG()
        self._call("C_GetSlotList", False, None, ctypes.byref(count))
        # some modules look at the list even when there is nothing to write
        found = (CK_ULONG * max(1, count.value))()
        self._call("C_GetSlotList", False, found, ctypes.byref(count))
        return list(found)[: count.value]

    def slot_info(self, slot_id: int) -> SlotInfo:
        info = SlotInfo()
        self._call("C_GetSlotInfo", slot_id, ctypes.byref(info))
        return info

    def token_info(self, slot_id: int) -> TokenInfo:
        info = TokenInfo()
        self._call("C_GetTokenInfo", slot_id, ctypes.byref(info))
        return info

    # -- token and PINs ----------------------------------------------------------------------------------

    def init_token(self, slot_id: int, so_pin: bytes | bytearray, label: bytes) -> None:
        """C_InitToken: all that is on the token goes. ``label``: LABEL_BYTES, padded with blanks."""
        if len(label) != LABEL_BYTES:
            raise ValueError(f"a label has {LABEL_BYTES} bytes, not {len(label)}")
        padded = ctypes.create_string_buffer(label, LABEL_BYTES)
        with wiped_copy(so_pin) as pin:
            self._call("C_InitToken", slot_id, pin, len(so_pin), padded)

    def init_pin(self, session: int, new: bytes | bytearray) -> None:
        """C_InitPIN: the security officer, who is logged in, sets the user's PIN."""
        with wiped_copy(new) as pin:
            self._call("C_InitPIN", session, pin, len(new))

    def set_pin(self, session: int, old: bytes | bytearray, new: bytes | bytearray) -> None:
        """C_SetPIN: of the user who is logged in, or without a login of CKU_USER."""
        with wiped_copy(old) as old_pin, wiped_copy(new) as new_pin:
            self._call("C_SetPIN", session, old_pin, len(old), new_pin, len(new))

    def login(self, session: int, user: UserType, pin: bytes | bytearray | None) -> None:
        """C_Login; with None the module gets a null pointer, and may ask for a PIN at its own keypad."""
        if pin is None:
            self._call("C_Login", session, int(user), None, 0)
            return
        with wiped_copy(pin) as buffer:
            self._call("C_Login", session, int(user), buffer, len(pin))

    def logout(self, session: int) -> None:
        self._call("C_Logout", session)

    # -- objects -----------------------------------------------------------------------------------------

    def find(self, session: int, template: Mapping[int, bytes] | None = None) -> list[int]:
        """The handles of all objects that this session sees and that have these attributes."""
        kept = [ctypes.create_string_buffer(value, len(value)) for value in (template or {}).values()]
        wanted = (CkAttribute * len(kept))(*map(_entry, template or {}, kept, map(len, kept)))
        self._call("C_FindObjectsInit", session, wanted, len(kept))
        handles: list[int] = []
        batch, count = (CK_ULONG * _HANDLES_AT_ONCE)(), CK_ULONG(1)
        try:
            while count.value:
                self._call("C_FindObjects", session, batch, _HANDLES_AT_ONCE, ctypes.byref(count))
                handles += list(batch)[: count.value]
        except CryptokiError:
            with suppress(CryptokiError):
                self._call("C_FindObjectsFinal", session)
            raise
        self._call("C_FindObjectsFinal", session)
        return handles

    def attributes(self, session: int, handle: int, sizes: Mapping[int, int]) -> dict[int, bytes | None]:
        """The values of these attributes, None for one that the object does not have or does not give out.

        ``sizes``: for each attribute the bytes that are expected; a longer value is fetched all the same,
        with another call. Whatever else there is comes with a single one.
        """
        # One byte too many: the length of an attribute that the module left alone is still the buffer's.
        buffers = [ctypes.create_string_buffer(size + 1) for size in sizes.values()]
        asked = (CkAttribute * len(buffers))(*map(_entry, sizes, buffers, map(len, buffers)))
        complete = True
        try:
            self._call("C_GetAttributeValue", session, handle, asked, len(asked))
        except CryptokiError as error:
            if error.code not in _PARTLY_ANSWERED:
                raise
            complete = False
        values: dict[int, bytes | None] = {}
        for entry, buffer in zip(asked, buffers, strict=True):
            fixed_size = len(buffer) <= ctypes.sizeof(CK_ULONG) + 1
            if entry.length < len(buffer) or (complete and entry.length == len(buffer)):
                values[entry.type] = buffer.raw[: entry.length]
            elif complete or (entry.length == UNAVAILABLE and fixed_size):
                values[entry.type] = None
            else:  # not looked at, or too long, or not there: the module does not say which
                values[entry.type] = self._attribute(session, handle, entry.type)
        return values

    def length(self, session: int, handle: int, kind: int) -> int | None:
        """How many bytes an attribute has, without fetching it; None as for :meth:`attributes`."""
        return self._fill(session, handle, CkAttribute(kind, None, 0))

    def _attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        expected = self.length(session, handle, kind)
        if expected is None:
            return None
        buffer = ctypes.create_string_buffer(max(1, expected))
        length = self._fill(session, handle, _entry(kind, buffer, len(buffer)))
        return None if length is None else buffer.raw[:length]

    def _fill(self, session: int, handle: int, entry: CkAttribute) -> int | None:
        """Let the module write one attribute to where ``entry`` points; returns its length."""
        try:
            self._call("C_GetAttributeValue", session, handle, ctypes.byref(entry), 1)
        except CryptokiError as error:
            if error.code in _PARTLY_ANSWERED:
                return None
            raise
        return None if entry.length == UNAVAILABLE else int(entry.length)


def ulong(value: int) -> bytes:
    """A CK_ULONG as the value of an attribute."""
    return bytes(CK_ULONG(value))


def _c_type(argument: object) -> Any:
    if isinstance(argument, bool):
        return ctypes.c_ubyte
    return CK_ULONG if isinstance(argument, int) else ctypes.c_void_p


def _entry(kind: int, buffer: ctypes.Array[ctypes.c_char], length: int) -> CkAttribute:
    return CkAttribute(kind, ctypes.cast(buffer, ctypes.c_void_p), length)
