"""Programs find a stand-in where they look for the real thing: names lead to addresses of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.rig.compiling import HERE, compile_library


def make_signpost(folder: Path, leads: Mapping[str, str]) -> dict[str, str]:
    """The variables that make a program, and all that it starts, look up these names so (name to address).

    A name may be an address. Other names are looked up as ever.
    """
    library = compile_library(folder / "signpost.so", [HERE / "signpost.c"], "-ldl")
    entries = ",".join(f"{name}={address}" for name, address in leads.items())
    return {"LD_PRELOAD": str(library), "SIGNPOST": entries}
