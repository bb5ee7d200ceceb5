"""How many of our files a command passes on its way: those of which a function is called, imports aside.

Prints the number for each command, and fails where an edit of one setting passes more files than its limit.
With ``--files`` it names them in the order of the first call, with ``--climbs`` the calls from a room into
one above it, which a callback or a protocol makes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.primus_sim.stand import Stand, build_parts
from tests.rig.configurations import one_hsm
from tests.rig.program import CHECKOUT, environment
from tests.rig.secret_user import with_vault

_WATCH: Final = r"""
import json, os, sys, threading

OURS = os.path.join(sys.argv.pop(1), "ppinui") + os.sep
OUTPUT, UNTIL = sys.argv.pop(1), sys.argv.pop(1)
OPTIMIZED = 0x1  # the bodies of functions; those of modules and classes run when they are imported
files, climbs, importing, began, ended = {}, [], threading.local(), [], []

def watch(frame, event, _):
    code = frame.f_code
    if ended or not began or not code.co_filename.startswith(OURS):
        return
    depth = getattr(importing, "depth", 0)
    if code.co_name == "<module>":
        importing.depth = depth + {"call": 1, "return": -1}.get(event, 0)
    elif event == "call" and not depth and code.co_flags & OPTIMIZED:
        name = code.co_filename[len(OURS):]
        if f"{name}:{code.co_name}" == UNTIL:
            ended.append(True)
        files.setdefault(name, None)
        back = frame.f_back
        while back is not None and not back.f_code.co_filename.startswith(OURS):
            back = back.f_back
        if back is not None:
            climbs.append((back.f_code.co_filename[len(OURS):], name, code.co_name))

def end():
    sys.setprofile(None)
    with open(OUTPUT, "w") as file:
        json.dump({"files": list(files), "calls": sorted(set(climbs))}, file)

# From the start, and heeded only once it began: a thread is watched from its own start or not at all.
sys.setprofile(watch)
threading.setprofile(watch)
"""
_COMMAND: Final = r"""
began.append(True)
from ppinui.cli.main import entry_point
try:
    entry_point()
finally:
    end()
"""
_FORM: Final = r"""
import asyncio
from pathlib import Path
from ppinui.services.context import Context
from ppinui.tui.app import PpinuiApp
from ppinui.tui.options import AppOptions

async def type_a_port(file, folder):
    no_module = folder / "no-module.so"
    context = Context({"HOME": str(folder), "PATH": "/usr/bin:/bin"}, audit=lambda *_: None)
    app = PpinuiApp(
        AppOptions(
            file, context, state=folder / "state", keyring=None, module=lambda: no_module, look_every=3600.0
        )
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        main = app.context.view
        while not main.is_whole.is_set():
            await pilot.pause()
        main.go_to("primus.hsms.hsm0")
        while main.details.path != "primus.hsms.hsm0":
            await pilot.pause()
        port = next(row for row in main.form.rows() if row.field.name == "port")
        port.entry.focus()
        await pilot.press("end", "ctrl+u")
        await pilot.pause(1.0)  # the checks of the whole file are over by then
        began.append(True)
        await pilot.press("2", "3", "1", "2", "tab")
        await pilot.pause(1.0)
        app.screen._compositor.render_strips()
        end()
        session = app.context.session
        assert session.document.get("primus.hsms.hsm0.port").value == "2312", session.document.text

asyncio.run(type_a_port(*map(Path, sys.argv[1:])))
"""
_LIMITS: Final = {"config set hsm0.port=2311": 35, "a port typed in the form": 45}
_MODULE_STARTS: Final = "workers/worker_pool.py:start"
"""Behind it the way goes on in another process, with the module in it."""


def rooms() -> dict[str, int]:
    """The height of each room, from the contract in pyproject.toml: 0 is the highest."""
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    return {room.strip(): height for height, layer in enumerate(layers) for room in layer.split("|")}


def walk(
    *arguments: str, environ: Mapping[str, str], stdin: str = "", until: str = "", code: str = _COMMAND
) -> dict[str, Any]:
    """The files and calls of a command; ``until``: ``FILE:FUNCTION`` behind which nothing counts."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "walk.json")
        command = [sys.executable, "-c", _WATCH + code, str(CHECKOUT), str(output), until, *arguments]
        done = subprocess.run(command, env=environ, input=stdin, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stdout}{done.stderr}")
        seen: dict[str, Any] = json.loads(output.read_text())
        return seen


def show(name: str, seen: dict[str, Any]) -> bool:
    """One line for a command, and what the options ask for; whether its limit holds."""
    heights = rooms()

    def height(file: str) -> int:
        return heights.get(file.split("/", maxsplit=1)[0].removesuffix(".py"), 0)

    climbs = [call for call in seen["calls"] if height(call[1]) < height(call[0])]
    print(
        f"walk: {name} passes {len(seen['files'])} files, and calls {len(climbs)} functions of a room above"
    )
    if "--files" in sys.argv:
        print("".join(f"    {file}\n" for file in seen["files"]), end="")
    if "--climbs" in sys.argv:
        print(
            "".join(f"    {caller} -> {callee} {function}\n" for caller, callee, function in climbs), end=""
        )
    return len(seen["files"]) <= _LIMITS.get(name, len(seen["files"]))


def main() -> int:
    """Three commands and an edit in the form, with a vault as the keyring and a Primus to talk to."""
    os.environ.pop("PPINUI_KEYRING", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Stand(folder / "stand", build_parts(folder / "parts"), cluster=True, standalone=False) as stand:
            user = with_vault(stand, folder / "home")
            environ = environment(user.environ)
            hsm = folder / "primus.cfg"
            hsm.write_text(one_hsm())
            setting = walk("-c", str(hsm), "config", "set", "hsm0.port=2311", environ=environ)
            form = walk(str(hsm), str(folder), environ=environ, code=_FORM)
            short = [show("config set hsm0.port=2311", setting), show("a port typed in the form", form)]
            (service_user, proxy), *_ = stand.proxies.items()
            adding = walk("secret", "add-proxy", service_user, environ=environ, stdin=f"{proxy.password}\n")
            show("secret add-proxy", adding)
            show("--test", walk("--test", environ=environ, until=_MODULE_STARTS))
    return 0 if all(short) else 1


if __name__ == "__main__":
    sys.exit(main())
