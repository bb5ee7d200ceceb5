"""Which PKCS#11 library is taken, and what a file says about itself before it is loaded."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.provider.library import PROVIDER_LIBRARY, ModuleNotFound, ModuleUnusable, examine, find_module
from tests.rig.odd_module import OddModule, Switches
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.rig.unloadable import Unloadable


def _install(folder: Path) -> Path:
    folder.mkdir(parents=True)
    library = folder / PROVIDER_LIBRARY
    library.touch()
    return library


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root folder with the provider where its package puts it."""
    _install(tmp_path / "usr/local/primus/lib")
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "rule"),
    [
        (("PPINUI_MODULE", "PRIMUS_P11_LIB"), "the environment variable PPINUI_MODULE"),
        (("PRIMUS_P11_LIB",), "the environment variable PRIMUS_P11_LIB"),
    ],
)
def test_a_variable_goes_before_the_default_folders(
    machine: Path, tmp_path: Path, variables: tuple[str, ...], rule: str
) -> None:
    environ = {name: str(_install(tmp_path / name)) for name in variables}
    found = find_module(environ=environ, root=machine)
    assert str(found.path) == environ[variables[0]]
    assert found.rule == rule


def test_the_option_goes_before_everything(machine: Path, tmp_path: Path) -> None:
    library = _install(tmp_path / "mine")
    found = find_module(str(library), environ={"PPINUI_MODULE": "/elsewhere.so"}, root=machine)
    assert (found.path, found.rule) == (library, "--module")


def test_primus_home_goes_before_the_default_folders(machine: Path, tmp_path: Path) -> None:
    library = _install(tmp_path / "opt/primus/lib64")
    found = find_module(environ={"PRIMUS_HOME": str(tmp_path / "opt/primus")}, root=machine)
    assert (found.path, found.rule) == (library, "the environment variable PRIMUS_HOME")


def test_a_primus_home_without_a_library_leaves_the_default_folders(machine: Path) -> None:
    found = find_module(environ={"PRIMUS_HOME": "/nowhere"}, root=machine)
    assert found.path == machine / "usr/local/primus/lib" / PROVIDER_LIBRARY
    assert found.rule == f"the default folder {machine / 'usr/local/primus/lib'}"


@pytest.mark.parametrize("folder", ["usr/local/primus/lib64", "usr/lib", "usr/lib64", "usr/local/lib"])
def test_the_other_default_folders_are_looked_through_too(tmp_path: Path, folder: str) -> None:
    library = _install(tmp_path / folder)
    assert find_module(environ={}, root=tmp_path).path == library


def test_an_empty_variable_counts_as_not_set(machine: Path) -> None:
    assert "default folder" in find_module("", environ={"PPINUI_MODULE": ""}, root=machine).rule


def test_a_mistyped_name_is_an_error_and_not_another_library(machine: Path) -> None:
    for explicit, environ, rule in (
        ("/no/such.so", {}, "--module"),
        (None, {"PPINUI_MODULE": "/no/such.so"}, "PPINUI_MODULE"),
        (None, {"PRIMUS_P11_LIB": "/no/such.so"}, "PRIMUS_P11_LIB"),
    ):
        with pytest.raises(ModuleNotFound) as caught:
            find_module(explicit, environ=environ, root=machine)
        assert rule in caught.value.message
        assert caught.value.place == "/no/such.so"


def test_a_relative_name_becomes_absolute_and_keeps_its_link(tmp_path: Path) -> None:
    link = tmp_path / "link.so"
    link.symlink_to(_install(tmp_path / "real"))
    relative = os.path.relpath(link)
    assert find_module(relative, environ={}).path == link


def test_where_no_library_is_all_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFound) as caught:
        find_module(environ={"PRIMUS_HOME": "/opt/primus"}, root=tmp_path)
    error = caught.value
    for word in ("--module", "PPINUI_MODULE", "PRIMUS_P11_LIB"):
        assert word in error.message
    for place in (
        f"/opt/primus/lib/{PROVIDER_LIBRARY}",
        f"{tmp_path}/usr/local/primus/lib/{PROVIDER_LIBRARY}",
        f"{tmp_path}/usr/lib/{PROVIDER_LIBRARY}",
    ):
        assert place in error.place
    assert "install the vendor's provider" in error.remedy


def test_who_is_not_in_the_group_is_told_so_instead_of_to_install() -> None:
    with folder_of_ordinary_user() as root:
        home = root / "usr/local/primus"
        library = _install(home / "lib")
        home.chmod(0)

        def search(explicit: Path | None) -> tuple[str, str, str]:
            with pytest.raises(ModuleNotFound) as caught:
                find_module(explicit, environ={}, root=root)
            return caught.value.lines()

        try:
            _, where, remedy = as_ordinary_user(lambda: search(None))
            assert f"{library} (hidden from this account)" in where
            assert "group primus" in remedy
            message, _, remedy = as_ordinary_user(lambda: search(library))
            assert "hidden from this account" in message
            assert "group primus" in remedy
        finally:
            home.chmod(0o755)


def test_a_real_library_passes(odd: Callable[[Switches], OddModule]) -> None:
    examine(odd(Switches(slots={})).path)


def test_a_library_without_a_function_list_passes_since_only_loading_can_tell(unloadable: Unloadable) -> None:
    examine(unloadable.without_function_list)


def _complaint(path: Path) -> str:
    with pytest.raises(ModuleUnusable) as caught:
        examine(path)
    assert caught.value.place == str(path)
    assert caught.value.remedy
    return caught.value.message


def test_what_cannot_be_a_library_says_why(unloadable: Unloadable, tmp_path: Path) -> None:
    assert "there is no such PKCS#11 library" in _complaint(unloadable.missing)
    assert "does not begin as an ELF file does" in _complaint(unloadable.text)
    assert "it is empty" in _complaint(unloadable.empty)
    assert "cut short" in _complaint(unloadable.cut_short)
    assert "not a regular file" in _complaint(tmp_path)


def test_something_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / PROVIDER_LIBRARY
    os.mkfifo(pipe)
    assert "not a regular file" in _complaint(pipe)


def test_a_library_for_another_processor_names_both(unloadable: Unloadable) -> None:
    names = {"x86_64": "x86-64", "aarch64": "AArch64"}
    own = names.pop(os.uname().machine)
    (other,) = names.values()
    assert _complaint(unloadable.other_architecture) == (
        f"the PKCS#11 library is for {other}, and this program runs as {own}"
    )


def _elf32(machine: int, order: str = "<") -> bytes:
    """The header of a 32-bit shared library without segments."""
    ident = b"\x7fELF" + bytes([1, 1 if order == "<" else 2, 1]) + bytes(9)
    return (
        ident
        + struct.pack(order + "HHIIIIIHHHHHH", 3, machine, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)
        + bytes(40)
    )


@pytest.mark.parametrize(
    ("content", "architecture"),
    [
        (_elf32(3), "32-bit x86"),
        (_elf32(40), "32-bit ARM"),
        (_elf32(20, ">"), "32-bit machine 20, big endian"),
    ],
)
def test_a_library_of_32_bits_is_recognised(tmp_path: Path, content: bytes, architecture: str) -> None:
    library = tmp_path / PROVIDER_LIBRARY
    library.write_bytes(content)
    assert f"is for {architecture}, " in _complaint(library)


def test_an_object_file_is_not_taken_for_a_library(tmp_path: Path) -> None:
    source = tmp_path / "plain.c"
    source.write_text("int ordinary(void) { return 1; }")
    subprocess.run(["gcc", "-c", "-o", tmp_path / "plain.o", source], check=True)
    assert "not a shared one" in _complaint(tmp_path / "plain.o")


@pytest.mark.parametrize("length", [4, 20, 63, 64, 100])
def test_a_header_that_ends_early_is_no_reason_to_crash(
    unloadable: Unloadable, tmp_path: Path, length: int
) -> None:
    library = tmp_path / PROVIDER_LIBRARY
    library.write_bytes(unloadable.without_function_list.read_bytes()[:length])
    assert "not a PKCS#11 library" in _complaint(library)


def test_a_library_that_may_not_be_read_names_the_group(unloadable: Unloadable) -> None:
    with folder_of_ordinary_user() as folder:
        library = Path(shutil.copy(unloadable.without_function_list, folder / PROVIDER_LIBRARY))
        library.chmod(0)
        message = as_ordinary_user(lambda: _complaint(library))
    assert "may not be read by this account" in message


def test_neither_search_nor_examination_loads_python_pkcs11(odd: Callable[[Switches], OddModule]) -> None:
    script = (
        "import sys; from pathlib import Path; from ppinui.provider.library import examine, find_module; "
        "examine(find_module(sys.argv[1]).path); print('pkcs11' in sys.modules)"
    )
    module = odd(Switches(slots={}))
    done = subprocess.run(
        [sys.executable, "-c", script, str(module.path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert done.stdout == "False\n"
    assert module.calls == ()
