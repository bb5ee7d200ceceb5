"""``ppinui kms``: check and show a kms.toml; export is in its own module."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from ppinui.cli.config.config_output import show_problems
from ppinui.cli.console import as_json, emit, say
from ppinui.diagnostic import Severity, count_severities
from ppinui.errors import ExitCode
from ppinui.kms.kms_file import Instance, KmsFile, KmsSlot, Login
from ppinui.kms.kms_locate import locate_kms
from ppinui.provider.library import find_module
from ppinui.text import MASK, printable
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    harden()
    if arguments.action == "export":
        from ppinui.cli.kms import kms_export_command

        return kms_export_command.run(arguments)
    return (_check if arguments.action == "check" else _show)(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from ppinui.kms.kms_checks import check_file, slot_labels

    path = locate_kms(arguments.config)
    slots = None if arguments.no_slots else partial(slot_labels, timeout=arguments.timeout)
    module = find_module(arguments.module).path if arguments.module else None
    problems = check_file(path, read_slots=slots, module=module)
    return show_problems(problems, str(path), str(path), arguments.format)


def _show(arguments: argparse.Namespace) -> int:
    from ppinui.kms.kms_reader import load

    file = load(locate_kms(arguments.config))
    try:
        emit(as_json(_show_data(file)) if arguments.format == "json" else _show_text(file))
    finally:
        file.wipe()
    errors = [problem for problem in file.problems if problem.severity is Severity.ERROR]
    if errors:
        say(f"{count_severities(errors)}, so this may not be all: ppinui kms check says more")
    return ExitCode.FINE


_WORDS = {
    Login.PIN: f"PIN {MASK}",
    Login.EMPTY: "an empty PIN",
    Login.NONE: "no login",
    Login.ELSEWHERE: "PIN from a secret backend",
    Login.PLACEHOLDER: "a placeholder in the place of the PIN",
    Login.MISSING: "no password: left out by the KMS",
}


def _show_text(file: KmsFile) -> str:
    """The HSMs with their slots, one a line."""
    lines = [printable(file.origin)]
    for instance in file.instances:
        model = instance.model.value if instance.model else "no known model"
        admins = ", ".join(instance.admins) or "nobody"
        where = instance.path or "flat settings"
        lines += ["", printable(f"{instance.name}: {model} ({where}), admin: {admins}")]
        lines += [f"    {_slot(slot)}" for slot in instance.slots] or ["    no slots"]
    if not file.instances:
        lines += ["", "no HSMs"]
    return "\n".join(lines) + "\n"


def _slot(slot: KmsSlot) -> str:
    number = "slot ?" if slot.id is None else f"slot {slot.id} (0x{slot.id:x})"
    return f"{number}: {_WORDS[slot.login]}"


def _show_data(file: KmsFile) -> dict[str, Any]:
    """The same for programs: ``login`` is ``pin``, ``empty``, ``none``, ``elsewhere``, ``placeholder`` or
    ``missing``."""
    return {"config": file.origin, "hsms": [_instance_data(instance) for instance in file.instances]}


def _instance_data(instance: Instance) -> dict[str, Any]:
    return {
        "name": instance.name,
        "path": instance.path or None,
        "line": instance.place.line,
        "model": instance.model.value if instance.model else None,
        "admins": list(instance.admins),
        "slots": [
            {"id": slot.id, "login": slot.login.value, "line": slot.place.line} for slot in instance.slots
        ],
    }
