"""``ppinui kms``: looking at a kms.toml (check, show), and the way to writing one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from ppinui.cli.config.config_output import problems_data, problems_text
from ppinui.cli.console import emit, printable, say
from ppinui.cli.json_output import as_json
from ppinui.cli.kms.kms_arguments import file_of, module_of, read_slots
from ppinui.diagnostic import Diagnostic, Severity, count_severities
from ppinui.errors import ExitCode
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    harden()
    match arguments.action:
        case "check":
            return _check(arguments)
        case "show":
            return _show(arguments)
        case _:
            from ppinui.cli.kms import kms_export_command

            return kms_export_command.run(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from ppinui.kms.kms_checks import check_file

    path = file_of(arguments)
    slots = None if arguments.no_slots else partial(read_slots, timeout=arguments.timeout)
    problems = check_file(path, read_slots=slots, module=module_of(arguments))
    if arguments.format == "json":
        emit(as_json(problems_data(problems, str(path), str(path))))
    else:
        emit(problems_text(problems, str(path)))
        say(f"{printable(str(path))}: {count_severities(problems) or 'no problems found'}")
    return ExitCode.NOT_FINE if _has_error(problems) else ExitCode.FINE


def _has_error(problems: Sequence[Diagnostic]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _show(arguments: argparse.Namespace) -> int:
    from ppinui.cli.kms.kms_output import show_data, show_text
    from ppinui.kms.kms_reader import load

    file = load(file_of(arguments))
    try:
        emit(as_json(show_data(file)) if arguments.format == "json" else show_text(file))
    finally:
        file.wipe()
    errors = [problem for problem in file.problems if problem.severity is Severity.ERROR]
    if errors:
        say(f"{count_severities(errors)}, so this may not be all: ppinui kms check says more")
    return ExitCode.FINE
