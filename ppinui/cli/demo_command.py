"""``ppinui demo``: the app on software tokens; without a terminal, everything that it does in one go."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from ppinui.cli.config.edit_command import diff, set_values
from ppinui.cli.console import emit, is_on_terminal
from ppinui.cli.program_name import program_name
from ppinui.cli.report_output import run_with_progress, show_report
from ppinui.config.primus_config import read
from ppinui.demo.demo_room import Demo, open_demo
from ppinui.errors import ExitCode
from ppinui.libconfig.document import load
from ppinui.pkcs11.module_worker_pool import warm_up
from ppinui.probe.plan import make_plan
from ppinui.probe.runner import ProbeOptions
from ppinui.services.context import Context

_COLUMNS_OF_A_FILE: Final = 111
"""How wide lines are where there is no terminal."""
_NARROWEST: Final = 24

_EDIT: Final = ("hsm1.host=hsm1.example.com", "hsm1.priority=5")


def run(arguments: argparse.Namespace) -> int:
    """Open the demo, and the app on it; clear it away at the end.

    With --test it is just the connection test, and without a terminal a tour: the result is the test's.
    """
    warm_up()
    with open_demo() as demo:
        if arguments.only_test:
            return _test(demo)
        if is_on_terminal():
            from ppinui.tui.start import AppOptions, run_app

            return run_app(
                AppOptions(
                    demo.configuration,
                    Context(audit=lambda *_: None),
                    "ppinui demo",
                    state=demo.folder / "state",
                    module=lambda: demo.module,
                    environ=demo.environ,
                    pin=demo.pin,
                    keyring=None,
                )
            )
        emit(_introduction(demo))
        _show_command(["-c", demo.configuration, "--test", "--crypto"])
        code = _test(demo)
        if code == ExitCode.INTERRUPTED:
            return code
        emit("\n")
        _show_command(["-c", demo.configuration, "config", "set", *_EDIT, "--dry-run"])
        emit(_edit(demo))
        emit(_outlook(program_name(Path(sys.argv[0]))))
        return code


def _introduction(demo: Demo) -> str:
    things = [
        (str(demo.folder), "a private folder with all of it, gone at the end"),
        (demo.configuration.name, "the configuration, commented as the vendor's examples are"),
    ]
    for number, endpoint in enumerate(demo.endpoints):
        names = " and ".join(partition.user for partition in endpoint.partitions)
        things.append((f"hsm{number}", f"{endpoint.host} port {endpoint.port}, with {names}"))
    things += [
        ("the HSMs", "listeners on this machine, which accept a connection and answer nothing"),
        ("the partitions", "tokens of SoftHSM2, each with a random PIN, kept in memory only"),
    ]
    indent = max(len(thing) for thing, _ in things) + 4
    lines = ["Two HSMs with two partitions each, in software; nothing of yours is looked at or changed.", ""]
    for thing, words in things:
        first, *more = wrap(words, max(_columns() - indent, _NARROWEST))
        lines += [f"  {thing}".ljust(indent) + first, *(" " * indent + line for line in more)]
    return "\n".join([*wrap(lines[0], _columns()), *lines[1:], "", ""])


def _columns() -> int:
    """The usable columns of the terminal."""
    return shutil.get_terminal_size((_COLUMNS_OF_A_FILE, 0)).columns - 1


def _show_command(words: Sequence[str | Path]) -> None:
    lines = ["$ ppinui"]
    for word in (shlex.quote(str(word)) for word in words):
        if len(lines[-1]) + len(word) + 3 > _columns():
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    emit("\n".join(lines) + "\n")


def _test(demo: Demo) -> int:
    plan = make_plan(read(load(demo.configuration)))
    options = ProbeOptions(module=demo.module, login=True, crypto=True, environ=demo.environ)
    return show_report(run_with_progress(plan, options, pins=demo.pin))


def _edit(demo: Demo) -> str:
    old = load(demo.configuration)
    return diff(old, set_values(old, _EDIT))


def _outlook(program: str) -> str:
    commands = [
        ("config path", "which primus.cfg is yours?"),
        ("config show", "what does it say?"),
        ("config check", "is anything wrong with it?"),
        ("config set hsm0.priority=1 --dry-run", "what would an edit change?"),
        ("--test", "does every slot of every HSM answer?"),
        ("--test --login", "and does its PIN open it? (asks for each partition's)"),
    ]
    width = max(len(words) for words, _ in commands)
    lines = [f"  {program} {words:{width}}  # {meaning}" for words, meaning in commands]
    if max(map(len, lines)) > _columns():
        lines = [f"  # {meaning}\n  {program} {words}" for words, meaning in commands]
    title = "What to try next with a primus.cfg of your own (-c FILE, where it is not found by itself):"
    return "\n".join(["", *wrap(title, _columns()), *lines, ""])
