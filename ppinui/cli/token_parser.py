"""The grammar of ``ppinui slots``, ``token``, ``pin`` and ``objects``. Imports nothing but argparse."""

from __future__ import annotations

import argparse
from typing import Any

from ppinui.cli.grammar import AddCommand, format_option, seconds

SLOT_HELP = "a slot id, decimal or 0x…, or the token's label in full"


def add_commands(commands: Any, add_command: AddCommand) -> None:
    """Add ``slots``."""
    slots = add_command(
        commands,
        "slots",
        "list the slots of any PKCS#11 module with their tokens",
        "ppinui slots --module /usr/lib/softhsm/libsofthsm2.so",
    )
    format_option(slots)
    module_options(slots)


def module_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how to reach a token."""
    group = parser.add_argument_group("module")
    group.add_argument("--module", metavar="LIB", help="the PKCS#11 library (PPINUI_MODULE)")
    group.add_argument(
        "--timeout",
        type=seconds,
        default=10.0,
        metavar="S",
        help="seconds for each call of the library (10)",
    )
    group.add_argument(
        "--connect",
        action="store_true",
        help="let the Primus provider connect to its HSMs, with the secrets of .secrets.cfg",
    )
