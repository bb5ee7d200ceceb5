"""Files that stand where a PKCS#11 module should and cannot be loaded as one."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from tests.rig.compiling import compile_library

_ELF_MACHINE_OFFSET = 18
_EM_X86_64 = 62
_EM_AARCH64 = 183


@dataclass(frozen=True)
class Unloadable:
    """One file for each way of not being a module.

    dlopen() fails at each but two: `cut_short` (a copy that was interrupted) kills the process with SIGBUS,
    `without_function_list` loads. Of `other_architecture` glibc says that there is no such file.
    """

    missing: Path
    text: Path
    empty: Path
    cut_short: Path
    other_architecture: Path
    without_function_list: Path
    undefined_symbol: Path


def make_unloadable(folder: Path) -> Unloadable:
    plain = _compiled(folder, "libplain", "int ordinary(void) { return 1; }")
    calling = (
        "extern int nobody_defines_this(void); int C_GetFunctionList(void) { return nobody_defines_this(); }"
    )
    made = Unloadable(
        missing=folder / "libmissing.so",
        text=folder / "libtext.so",
        empty=folder / "libempty.so",
        cut_short=folder / "libcut.so",
        other_architecture=folder / "libother.so",
        without_function_list=plain,
        undefined_symbol=_compiled(folder, "libundefined", calling),
    )
    made.text.write_text("<p>This is the page of a download, not a library.</p>\n" * 20)
    made.empty.touch()
    whole = plain.read_bytes()
    made.cut_short.write_bytes(whole[: len(whole) // 2])
    other = _EM_X86_64 if os.uname().machine == "aarch64" else _EM_AARCH64
    machine = struct.pack("<H", other)
    made.other_architecture.write_bytes(
        whole[:_ELF_MACHINE_OFFSET] + machine + whole[_ELF_MACHINE_OFFSET + len(machine) :]
    )
    return made


def _compiled(folder: Path, name: str, code: str) -> Path:
    source = folder / f"{name}.c"
    source.write_text(code)
    return compile_library(folder / f"{name}.so", [source], "-fvisibility=default")
