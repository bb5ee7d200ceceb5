"""A PKCS#11 module in this process: python-pkcs11, and raw calls on the same library. For workers only.

python-pkcs11 has the library itself, slots, sessions, keys and cryptography. It lists all slots or none, and
asks each of them: one bad slot would hide the others, and each question to a Primus offers secrets to an HSM.
So it gets a copy of the module's function list in which C_GetSlotList names just the slot that is needed, and
in which functions that the module leaves out answer CKR_FUNCTION_NOT_SUPPORTED (python-pkcs11 would call a
null pointer). The module's own memory is never changed.

Private parts of python-pkcs11 0.10 are used: ``lib.__new__`` loads, ``initialize`` and ``__init__`` only then
call the module; the pointer to the function list is the first field of the object. The second is checked
here, both are in tests/pkcs11/test_loaded_module.py.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pkcs11
from pkcs11 import _pkcs11
from pkcs11.exceptions import PKCS11Error

from ppinui.pkcs11.raw_calls import CKR_OK, FUNCTION_NOT_SUPPORTED, FUNCTIONS, INDEX, CryptokiError, RawCalls
from ppinui.pkcs11.return_codes import code_of_exception
from ppinui.pkcs11.structures import CK_RV, CK_ULONG, ModuleInfo

_GET_SLOT_LIST = ctypes.CFUNCTYPE(CK_RV, ctypes.c_ubyte, ctypes.POINTER(CK_ULONG), ctypes.POINTER(CK_ULONG))
_NOT_SUPPORTED = ctypes.CFUNCTYPE(CK_RV)(lambda: FUNCTION_NOT_SUPPORTED)


class NotLoadableError(Exception):
    """The dynamic linker rejects the file, or it is no PKCS#11 module; the text says which."""


class LoadedModule:
    """A module that is loaded. Every method raises CryptokiError where the module answers with an error."""

    def __init__(self, path: str, before_call: Callable[[str], None] = lambda _: None) -> None:
        """Load it. ``before_call`` gets the name of each function that is called next.

        Raises NotLoadableError.
        """
        self._path = path
        self._before_call = before_call
        self._only_slot = 0
        before_call("dlopen")
        try:
            self._library = _pkcs11.lib.__new__(_pkcs11.lib, path)  # type: ignore[call-arg]
            own_list = ctypes.c_void_p()
            ctypes.CDLL(path).C_GetFunctionList(ctypes.byref(own_list))
        except PKCS11Error as error:
            if (code := code_of_exception(error)) is not None:
                raise CryptokiError("C_GetFunctionList", code) from error
            # python-pkcs11 has no class for what the dynamic linker says, only a text with the path before it
            raise NotLoadableError(str(error).partition(": ")[2]) from error
        if own_list.value is None:
            raise NotLoadableError("C_GetFunctionList gave no functions")
        self._functions = self._copy_of(own_list.value)
        pointer = ctypes.c_void_p.from_address(id(self._library) + object.__basicsize__)
        if pointer.value != own_list.value:
            raise RuntimeError("python-pkcs11 keeps the function list in another place than version 0.10")
        pointer.value = ctypes.addressof(self._functions)
        self.raw = RawCalls(own_list.value, before_call)

    def _copy_of(self, function_list: int) -> ctypes.Array[ctypes.c_void_p]:
        functions = (ctypes.c_void_p * FUNCTIONS).from_buffer_copy(
            (ctypes.c_void_p * FUNCTIONS).from_address(function_list)
        )
        for index in range(1, FUNCTIONS):  # the first entry is the version
            if functions[index] is None:
                functions[index] = ctypes.cast(_NOT_SUPPORTED, ctypes.c_void_p).value
        self._list_slot = _GET_SLOT_LIST(self._list_only_slot)
        functions[INDEX["C_GetSlotList"]] = ctypes.cast(self._list_slot, ctypes.c_void_p).value
        return functions

    def _list_only_slot(self, _present: int, slots: object, count: object) -> int:
        """C_GetSlotList as python-pkcs11 sees it."""
        if slots:
            slots[0] = self._only_slot  # type: ignore[index]
        count[0] = 1  # type: ignore[index]
        return CKR_OK

    @contextmanager
    def calling(self, function: str) -> Iterator[None]:
        """Around a call of python-pkcs11 that calls this function of the module; its error has this name."""
        self._before_call(function)
        try:
            yield
        except PKCS11Error as error:
            code = code_of_exception(error)
            if code is None:
                raise
            raise CryptokiError(function, code) from error

    @property
    def initialised(self) -> bool:
        return self._library.initialized

    def initialise(self) -> ModuleInfo:
        with self.calling("C_Initialize"):
            self._library.initialize()
        with self.calling("C_GetInfo"):
            self._library.__init__(self._path)  # type: ignore[misc]
        return self.info

    @property
    def info(self) -> ModuleInfo:
        """What the module said of itself when it was initialised."""
        library = self._library
        version, cryptoki = (
            f"{major}.{minor}" for major, minor in (library.library_version, library.cryptoki_version)
        )
        return ModuleInfo(library.manufacturer_id, library.library_description, version, cryptoki)

    def finalise(self) -> None:
        with self.calling("C_Finalize"):
            self._library.finalize()

    def slot(self, slot_id: int) -> pkcs11.Slot:
        """One slot; the module is asked for no other."""
        self._only_slot = slot_id
        with self.calling("C_GetSlotInfo"):
            (slot,) = self._library.get_slots()
        return slot

    def open_session(self, slot: pkcs11.Slot, *, writable: bool = False) -> pkcs11.Session:
        """A session without a login; :attr:`raw` logs in, also without a PIN, and leaves no copy of one."""
        with self.calling("C_GetTokenInfo"):
            token = slot.get_token()
        with self.calling("C_OpenSession"):
            return token.open(rw=writable)

    def close_session(self, session: pkcs11.Session) -> None:
        """Closing the last session of a token logs out as well."""
        with self.calling("C_CloseSession"):
            session.close()

    @contextmanager
    def session(self, slot_id: int, *, writable: bool = False) -> Iterator[pkcs11.Session]:
        """A session, closed at the end. After a failure that one is reported, not what closing says.

        After an error that is not the module's the process ends anyway.
        """
        session = self.open_session(self.slot(slot_id), writable=writable)
        try:
            yield session
        except CryptokiError:
            with suppress(CryptokiError):
                self.close_session(session)
            raise
        self.close_session(session)


def handle_of(session: pkcs11.Session) -> int:
    """The session's handle, for raw calls; python-pkcs11's types leave it out."""
    handle: int = session.handle  # type: ignore[attr-defined]
    return handle
