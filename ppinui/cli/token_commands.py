"""``ppinui slots``, ``token``, ``pin`` and ``objects``: each in a module of its own."""

from __future__ import annotations

import argparse


def run(arguments: argparse.Namespace) -> int:
    """Do what the command says; the result is the exit code."""
    match arguments.command:
        case "slots":
            from ppinui.cli import slots_command

            return slots_command.run(arguments)
    raise AssertionError(arguments.command)
