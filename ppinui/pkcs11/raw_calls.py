"""PKCS#11 calls on a module's bare function list, one method for each; for worker processes only.

python-pkcs11 lacks C_InitToken, the limits of a PIN's length and single slots of a module whose others fail,
and asks for one attribute at a time. Here nothing is kept between calls, and each return value that is not
CKR_OK comes out as it is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from ppinui.pkcs11.function_table import CKR_OK, FunctionList
from ppinui.pkcs11.structures import (
    CK_RV,
    CK_ULONG,
    UNAVAILABLE,
    Attribute,
    Info,
    Mechanism,
    SlotInfo,
    TokenInfo,
)
from ppinui.pkcs11.user_type import UserType

LABEL_BYTES: Final = 32
"""The length of a token's label, padded with blanks (C_InitToken)."""

_SERIAL_SESSION: Final = 0x4
_RW_SESSION: Final = 0x2
_FUNCTION_NOT_SUPPORTED: Final = 0x54
_ATTRIBUTE_SENSITIVE: Final = 0x11
_ATTRIBUTE_TYPE_INVALID: Final = 0x12
_BUFFER_TOO_SMALL: Final = 0x150
_PARTLY_ANSWERED: Final = frozenset({_ATTRIBUTE_SENSITIVE, _ATTRIBUTE_TYPE_INVALID, _BUFFER_TOO_SMALL})
"""C_GetAttributeValue's answers when it had something to say of each attribute all the same."""
_HANDLES_AT_ONCE: Final = 256


class CryptokiError(Exception):
    """A function of the module answered with something else than CKR_OK."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(f"{function} answered 0x{code:08X}")
        self.function = function
        self.code = code


@contextmanager
def wiped_copy(clear: bytes) -> Iterator[ctypes.Array[ctypes.c_char]]:
    """A buffer that holds a PIN for one call, overwritten with zeros behind it."""
    buffer = ctypes.create_string_buffer(clear, max(1, len(clear)))
    try:
        yield buffer
    finally:
        ctypes.memset(buffer, 0, len(buffer))


class NotLoadableError(Exception):
    """The dynamic linker does not take the file, or it is no PKCS#11 module; the text says which."""


class Cryptoki:
    """A module that is loaded into this process. Every method but the first raises CryptokiError."""

    def __init__(self, path: str, before_call: Callable[[str], None] = lambda _: None) -> None:
        """Load it. ``before_call`` gets the name of each function that is about to be called.

        Raises NotLoadableError.
        """
        self._before_call = before_call
        before_call("dlopen")
        try:
            self._functions = FunctionList(path)
        except (OSError, AttributeError) as error:
            raise NotLoadableError(str(error)) from error

    def _call(self, name: str, *arguments: Any) -> None:
        self._before_call(name)
        if not self._functions.has(name):
            raise CryptokiError(name, _FUNCTION_NOT_SUPPORTED)
        prototype = ctypes.CFUNCTYPE(CK_RV, *map(_c_type, arguments))
        value = self._functions.function(name, prototype)(*arguments)
        if value != CKR_OK:
            raise CryptokiError(name, value)

    def initialise(self) -> None:
        self._call("C_Initialize", None)

    def finalise(self) -> None:
        self._call("C_Finalize", None)

    # -- what is there -----------------------------------------------------------------------------------

    def info(self) -> Info:
        info = Info()
        self._call("C_GetInfo", ctypes.byref(info))
        return info

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

    def mechanisms(self, slot_id: int) -> frozenset[int]:
        count = CK_ULONG()
        self._call("C_GetMechanismList", slot_id, None, ctypes.byref(count))
        found = (CK_ULONG * max(1, count.value))()
        self._call("C_GetMechanismList", slot_id, found, ctypes.byref(count))
        return frozenset(list(found)[: count.value])

    # -- token and PINs ----------------------------------------------------------------------------------

    def init_token(self, slot_id: int, so_pin: bytes, label: bytes) -> None:
        """C_InitToken: all that is on the token goes. ``label``: LABEL_BYTES, padded with blanks."""
        if len(label) != LABEL_BYTES:
            raise ValueError(f"a label has {LABEL_BYTES} bytes, not {len(label)}")
        padded = ctypes.create_string_buffer(label, LABEL_BYTES)
        with wiped_copy(so_pin) as pin:
            self._call("C_InitToken", slot_id, pin, len(so_pin), padded)

    def init_pin(self, session: int, new: bytes) -> None:
        """C_InitPIN: the security officer, who is logged in, gives the user a PIN."""
        with wiped_copy(new) as pin:
            self._call("C_InitPIN", session, pin, len(new))

    def set_pin(self, session: int, old: bytes, new: bytes) -> None:
        """C_SetPIN: of whoever is logged in, or of the user where nobody is."""
        with wiped_copy(old) as old_pin, wiped_copy(new) as new_pin:
            self._call("C_SetPIN", session, old_pin, len(old), new_pin, len(new))

    def login(self, session: int, user: UserType, pin: bytes) -> None:
        with wiped_copy(pin) as buffer:
            self._call("C_Login", session, int(user), buffer, len(pin))

    @contextmanager
    def session(self, slot_id: int, *, writable: bool = False) -> Iterator[int]:
        """A session, closed at the end; closing the last one logs out as well."""
        handle = CK_ULONG()
        flags = _SERIAL_SESSION | (_RW_SESSION if writable else 0)
        self._call("C_OpenSession", slot_id, flags, None, None, ctypes.byref(handle))
        with self._ending("C_CloseSession", handle.value):
            yield handle.value

    @contextmanager
    def _ending(self, function: str, session: int) -> Iterator[None]:
        """Call this function of the session at the end; after a failure that one is reported.

        After an error that is not the module's the process is over anyway.
        """
        try:
            yield
        except CryptokiError:
            with suppress(CryptokiError):
                self._call(function, session)
            raise
        self._call(function, session)

    # -- objects -----------------------------------------------------------------------------------------

    def find(self, session: int, template: Mapping[int, bytes] | None = None) -> list[int]:
        """The handles of all objects that this session sees and that have these attributes."""
        wanted, kept = _template(template or {})
        self._call("C_FindObjectsInit", session, wanted, len(kept))
        handles: list[int] = []
        batch, count = (CK_ULONG * _HANDLES_AT_ONCE)(), CK_ULONG(1)
        with self._ending("C_FindObjectsFinal", session):
            while count.value:
                self._call("C_FindObjects", session, batch, _HANDLES_AT_ONCE, ctypes.byref(count))
                handles += list(batch)[: count.value]
        return handles

    def attributes(self, session: int, handle: int, sizes: Mapping[int, int]) -> dict[int, bytes | None]:
        """The values of these attributes, None for one that the object does not have or does not give out.

        ``sizes``: for each attribute the bytes that are expected; a longer value is fetched all the same,
        with another call. Whatever else there is comes with a single one.
        """
        # One byte too many: the length of an attribute that the module left alone is still the buffer's.
        buffers = [ctypes.create_string_buffer(size + 1) for size in sizes.values()]
        asked = (Attribute * len(buffers))(*map(_entry, sizes, buffers, map(len, buffers)))
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
        return self._fill(session, handle, Attribute(kind, None, 0))

    def _attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        expected = self.length(session, handle, kind)
        if expected is None:
            return None
        buffer = ctypes.create_string_buffer(max(1, expected))
        length = self._fill(session, handle, _entry(kind, buffer, len(buffer)))
        return None if length is None else buffer.raw[:length]

    def _fill(self, session: int, handle: int, entry: Attribute) -> int | None:
        """Have one attribute written where ``entry`` points to; gives its length."""
        try:
            self._call("C_GetAttributeValue", session, handle, ctypes.byref(entry), 1)
        except CryptokiError as error:
            if error.code in _PARTLY_ANSWERED:
                return None
            raise
        return None if entry.length == UNAVAILABLE else int(entry.length)

    def generate_key_pair(
        self, session: int, mechanism: int, public: Mapping[int, bytes], private: Mapping[int, bytes]
    ) -> tuple[int, int]:
        """Handles of the public and the private key."""
        chosen = Mechanism(mechanism, None, 0)
        public_template, public_kept = _template(public)
        private_template, private_kept = _template(private)
        handles = (CK_ULONG(), CK_ULONG())
        self._call(
            "C_GenerateKeyPair",
            session,
            ctypes.byref(chosen),
            public_template,
            len(public_kept),
            private_template,
            len(private_kept),
            ctypes.byref(handles[0]),
            ctypes.byref(handles[1]),
        )
        return handles[0].value, handles[1].value

    def sign(self, session: int, mechanism: int, key: int, data: bytes) -> bytes:
        """A signature of ``data`` (up to 1024 bytes of it)."""
        chosen = Mechanism(mechanism, None, 0)
        self._call("C_SignInit", session, ctypes.byref(chosen), key)
        signature, length = ctypes.create_string_buffer(1024), CK_ULONG(1024)
        given = ctypes.create_string_buffer(data, max(1, len(data)))
        self._call("C_Sign", session, given, len(data), signature, ctypes.byref(length))
        return signature.raw[: length.value]

    def destroy(self, session: int, handle: int) -> None:
        self._call("C_DestroyObject", session, handle)


def ulong(value: int) -> bytes:
    """A CK_ULONG as the value of an attribute."""
    return bytes(CK_ULONG(value))


def boolean(value: bool) -> bytes:
    """A CK_BBOOL as the value of an attribute."""
    return b"\1" if value else b"\0"


def _c_type(argument: object) -> Any:
    if isinstance(argument, bool):
        return ctypes.c_ubyte
    return CK_ULONG if isinstance(argument, int) else ctypes.c_void_p


def _entry(kind: int, buffer: ctypes.Array[ctypes.c_char], length: int) -> Attribute:
    return Attribute(kind, ctypes.cast(buffer, ctypes.c_void_p), length)


def _template(attributes: Mapping[int, bytes]) -> tuple[Any, Sequence[object]]:
    """An array of CK_ATTRIBUTE, and the values that it points to, to be kept as long as it is in use."""
    kept = [ctypes.create_string_buffer(value, max(1, len(value))) for value in attributes.values()]
    entries = (Attribute * max(1, len(kept)))(*map(_entry, attributes, kept, map(len, attributes.values())))
    return entries, kept
