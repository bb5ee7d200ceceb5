"""A module as python-pkcs11 has it, on a function list of our own that changes nothing of the module's."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pkcs11 import _pkcs11

from ppinui.pkcs11.loaded_module import LoadedModule, NotLoadableError, handle_of
from ppinui.pkcs11.raw_calls import INDEX, CryptokiError
from ppinui.pkcs11.token_flags import UserType
from tests.rig.compiling import compile_library
from tests.rig.forked import in_child
from tests.rig.odd_module import PRIMUS, OddModule, Switches, answers, hangs
from tests.rig.unloadable import Unloadable

MakeOdd = Callable[[Switches], OddModule]
THREE = Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"})


def failure_of(work: Callable[[], object]) -> tuple[str, int]:
    """Function and code of a CryptokiError, as it is in a process of its own."""

    def go() -> tuple[str, int]:
        try:
            work()
        except CryptokiError as error:
            return error.function, error.code
        return "", 0

    return in_child(go)


def initialised(path: Path) -> LoadedModule:
    module = LoadedModule(str(path))
    module.initialise()
    return module


def test_what_is_no_module_says_why(unloadable: Unloadable) -> None:
    def load(path: str) -> str:
        try:
            LoadedModule(path)
        except NotLoadableError as error:
            return str(error)
        return ""

    assert "C_GetFunctionList" in in_child(lambda: load(str(unloadable.without_function_list)))
    assert "cannot open shared object file" in in_child(lambda: load(str(unloadable.missing)))


def compiled(folder: Path, body: str) -> Path:
    (folder / "bare.c").write_text(
        "static void *functions[69];\n"
        '__attribute__((visibility("default"))) unsigned long C_GetFunctionList(void **list);\n'
        f"unsigned long C_GetFunctionList(void **list) {{ {body} }}\n"
    )
    return compile_library(folder / "libbare.so", [folder / "bare.c"])


def test_a_function_that_a_module_leaves_out_is_not_supported(tmp_path: Path) -> None:
    library = compiled(tmp_path, "*list = functions; return 0;")

    assert failure_of(lambda: LoadedModule(str(library)).initialise()) == ("C_Initialize", 0x54)
    assert failure_of(lambda: LoadedModule(str(library)).raw.token_info(1)) == ("C_GetTokenInfo", 0x54)


def test_a_module_without_a_function_list_is_not_loadable(tmp_path: Path) -> None:
    library = compiled(tmp_path, "*list = functions; *list = 0; return 0;")

    def load() -> str:
        with pytest.raises(NotLoadableError) as caught:
            LoadedModule(str(library))
        return str(caught.value)

    assert in_child(load) == "C_GetFunctionList gave no functions"


def test_a_module_that_refuses_its_function_list_says_with_which_code(tmp_path: Path) -> None:
    library = compiled(tmp_path, "*list = functions; return 0x80000001;")

    assert failure_of(lambda: LoadedModule(str(library))) == ("C_GetFunctionList", 0x80000001)


def test_a_slot_is_asked_without_any_other(odd: MakeOdd) -> None:
    module = odd(replace(THREE, faults=(answers("C_GetSlotInfo", 0x30, at=1), hangs("C_GetSlotInfo", at=3))))

    def go() -> tuple[int, str]:
        slot = initialised(module.path).slot(2)
        return slot.slot_id, slot.get_token().label

    assert in_child(go) == (2, "TWO")
    assert failure_of(lambda: initialised(module.path).slot(1)) == ("C_GetSlotInfo", 0x30)
    assert {call.slot for call in module.calls if call.function == "C_GetSlotInfo"} == {1, 2}


def test_a_primus_is_asked_for_the_slot_that_is_needed(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE", 2: "TWO"}))

    in_child(lambda: initialised(module.path).slot(2).slot_id)

    assert [call.slot for call in module.calls if call.function == "C_GetSlotInfo"] == [2]
    assert "C_GetSlotList" not in {call.function for call in module.calls}


def test_a_raw_login_counts_for_the_sessions_of_python_pkcs11(odd: MakeOdd) -> None:
    module = odd(THREE)

    def go() -> list[str]:
        loaded = initialised(module.path)
        calls: list[str] = []
        with loaded.session(2) as session:
            loaded.raw.login(handle_of(session), UserType.USER, b"1234")
            calls.append(session.token.label)
        return calls

    assert in_child(go) == ["TWO"]
    assert [attempt.pin for attempt in module.attempts] == ["1234"]
    assert failure_of(lambda: login(module.path, b"wrong")) == ("C_Login", 0xA0)


def login(path: Path, pin: bytes) -> None:
    loaded = initialised(path)
    with loaded.session(1) as session:
        loaded.raw.login(handle_of(session), UserType.USER, pin)


def test_each_call_is_announced_before_it_is_made(odd: MakeOdd) -> None:
    module = odd(THREE)

    def go() -> list[str]:
        announced: list[str] = []
        loaded = LoadedModule(str(module.path), announced.append)
        loaded.initialise()
        with loaded.session(1):
            pass
        loaded.finalise()
        return announced

    assert in_child(go) == [
        "dlopen",
        "C_Initialize",
        "C_GetInfo",
        "C_GetSlotInfo",
        "C_GetTokenInfo",
        "C_OpenSession",
        "C_CloseSession",
        "C_Finalize",
    ]


def test_the_modules_own_function_list_is_not_changed(odd: MakeOdd) -> None:
    module = odd(THREE)

    def go() -> bool:
        library, address = ctypes.CDLL(str(module.path)), ctypes.c_void_p()
        library.C_GetFunctionList(ctypes.byref(address))
        assert address.value is not None
        before = ctypes.string_at(address.value, 69 * 8)
        initialised(module.path).slot(1)
        return ctypes.string_at(address.value, 69 * 8) == before

    assert in_child(go)


def test_python_pkcs11_has_the_private_parts_that_are_used(odd: MakeOdd) -> None:
    """Version 0.10: the pointer to the function list is the first field of an object with methods of C."""
    module = odd(THREE)

    def go() -> tuple[bool, bool]:
        library = _pkcs11.lib.__new__(_pkcs11.lib, str(module.path))  # type: ignore[call-arg]
        own = ctypes.c_void_p()
        ctypes.CDLL(str(module.path)).C_GetFunctionList(ctypes.byref(own))
        pointer = ctypes.c_void_p.from_address(id(library) + object.__basicsize__)
        return library.initialized, pointer.value == own.value

    assert in_child(go) == (False, True)
    assert {call.function for call in module.calls} == {"C_GetFunctionList"}


def test_every_raw_function_stands_where_the_standard_has_it(tmp_path: Path) -> None:
    """A module whose every function answers with its place in the list."""
    answering = "".join(f"static unsigned long f{n}(void) {{ return 0x1000 + {n}; }}\n" for n in range(1, 69))
    entries = ", ".join(f"(void *)f{n}" for n in range(1, 69))
    (tmp_path / "places.c").write_text(
        f"{answering}static void *functions[69] = {{0, {entries}}};\n"
        '__attribute__((visibility("default"))) unsigned long C_GetFunctionList(void **list);\n'
        "unsigned long C_GetFunctionList(void **list) { *list = functions; return 0; }\n"
    )
    library = compile_library(tmp_path / "libplaces.so", [tmp_path / "places.c"])

    assert failure_of(lambda: LoadedModule(str(library)).initialise()) == ("C_Initialize", 0x1001)
    assert failure_of(lambda: LoadedModule(str(library)).raw.token_info(1)) == ("C_GetTokenInfo", 0x1007)
    assert INDEX["C_Login"] == 19
    assert INDEX["C_FindObjectsFinal"] == 29
