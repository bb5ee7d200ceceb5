"""``ppinui config``: path, show, get and check; edits are in their own module."""

from __future__ import annotations

import argparse
import shlex
import sys

from ppinui.cli.console import emit, say
from ppinui.config.locate import locate
from ppinui.errors import ExitCode, PpinuiError
from ppinui.text import printable


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    if action := _READING.get(arguments.action):
        return action(arguments)
    from ppinui.cli.config import edit_command

    return edit_command.run(arguments)


def _path(arguments: argparse.Namespace) -> int:
    location = locate(arguments.config)
    emit(f"{location.path}\n")
    say(f"found by: {printable(location.rule)}")
    return ExitCode.FINE


def _show(arguments: argparse.Namespace) -> int:
    from ppinui.cli.config.config_output import show_data, show_text
    from ppinui.cli.console import as_json
    from ppinui.config.primus_config import read
    from ppinui.libconfig.document import load

    location = locate(arguments.config)
    config = read(load(location.path))
    if arguments.format == "json":
        emit(as_json(show_data(config, location, reveal=arguments.reveal)))
    else:
        emit(show_text(config, location, reveal=arguments.reveal))
    return ExitCode.FINE


def _get(arguments: argparse.Namespace) -> int:
    from ppinui.cli.config.config_output import shown_value, word
    from ppinui.config.paths import resolve_path
    from ppinui.config.settings import SettingType, spec_of
    from ppinui.libconfig.document import load

    document = load(locate(arguments.config).path)
    path = resolve_path(document, arguments.path, must_exist=False)
    setting = document.get(path)
    if setting is None and (spec := spec_of(path)) is not None and spec.type is not SettingType.GROUP:
        default = f", and {word(spec.default)} holds" if spec.default is not None else ""
        raise PpinuiError(
            f"'{path}' is not set{default}",
            document.origin,
            f"set it: ppinui config set {shlex.quote(arguments.path)}"
            + ("" if spec.secret else "=VALUE, where something else is meant" if default else "=VALUE"),
        )
    if setting is None or not setting.kind.scalar:
        kind = setting.kind.value if setting else "group"
        raise PpinuiError(
            f"'{path}' is a {kind}, and has no value of its own",
            str(setting.place) if setting else document.origin,
            "name one of its settings; 'ppinui config show --format json' lists them all",
        )
    value = shown_value(setting, reveal=arguments.reveal)
    emit((printable(value) if sys.stdout is not None and sys.stdout.isatty() else value) + "\n")
    return ExitCode.FINE


def _check(arguments: argparse.Namespace) -> int:
    from ppinui.cli.config.config_output import show_problems
    from ppinui.config.checks.registry import check_file
    from ppinui.config.checks.subject import Profile

    location = locate(arguments.config)
    profile = Profile(arguments.profile) if arguments.profile else None
    problems = check_file(location.path, profile=profile)
    return show_problems(problems, str(location.path), arguments.config, arguments.format)


_READING = {"path": _path, "show": _show, "get": _get, "check": _check}
"""The actions that change nothing."""
