"""Compiling the C parts of the rig with the machine's own compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def compile_library(target: Path, sources: Sequence[Path], *options: str) -> Path:
    """Make the shared library `target`; a warning is an error, RuntimeError has the compiler's words."""
    command = [
        "gcc",
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O1",
        "-fPIC",
        "-shared",
        "-fvisibility=hidden",
    ]
    done = subprocess.run(
        [*command, "-o", str(target), *map(str, sources), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{target.name} was not compiled:\n{done.stderr}")
    return target


def compile_odd_module(folder: Path) -> Path:
    """The library of tests/rig/odd_module.c; needs libconfig-dev."""
    sources = [HERE / f"odd_{part}.c" for part in ("module", "control", "records", "faults")]
    # A function list holds pointers of one type to functions of many.
    return compile_library(folder / "odd.so", sources, "-Wno-cast-function-type", "-lconfig")
