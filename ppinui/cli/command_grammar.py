"""The command line's grammar: every command and option, with an example for each.

Imports nothing but argparse and what argparse itself imports: ``ppinui --help`` has to be there at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from ppinui import __version__
from ppinui.cli.argparse_base import (
    Parser,
    add_command,
    file_options,
    format_option,
    seconds,
    slot_id,
    usage_error,
    whole_number,
)
from ppinui.cli.config import config_grammar
from ppinui.cli.console import emit
from ppinui.cli.kms import kms_grammar
from ppinui.cli.secret import secret_grammar
from ppinui.cli.setup import setup_grammar
from ppinui.cli.token import token_grammar
from ppinui.errors import PpinuiError

TEST_DEFAULTS: dict[str, Any] = {
    "user": None,
    "hsm": None,
    "slot": None,
    "slotid": None,
    "login": False,
    "crypto": False,
    "timeout": 10.0,
    "jobs": 32,
    "lanes": "auto",
    "format": "text",
    "module": None,
    "spend_final_try": False,
    "spend_one_try": False,
    "secrets_from": "auto",
    **secret_grammar.KEYRING_DEFAULTS,
}
"""What a connection test takes for an option that is not given (timeout: seconds for each stage)."""

_USAGE = """ppinui [-c FILE] [-s FILE] COMMAND ...
       ppinui [-c FILE] [-s FILE] -t [--user U] [--hsm H] [--slot NAME] ...
       ppinui [-c FILE] [-s FILE] -l
       ppinui [-c FILE] [-s FILE] {-a|-u|-r} -e PARTITION
       ppinui [-c FILE] [-s FILE] {-p|-x} -e SERVICE_USER"""

_EXAMPLES = """examples:
  ppinui demo                                   a first look, without any HSM
  ppinui setup                                  set up HSMs, step by step
  ppinui config show                            what the configuration says
  ppinui config set hsm0.port=2310 --dry-run    what an edit would change
  ppinui config check                           problems and their remedies
  ppinui --test                                 can each slot be reached?
  ppinui --test --hsm hsm0 --login              and does its PIN open it?
  ppinui -p -e SERVICE_USER                     keep a proxy password
  ppinui -a -e PARTITION                        fetch its permanent secret
  ppinui -l                                     who has a secret
  ppinui run -- COMMAND                         an application with its secrets
  ppinui secret import .secrets.cfg             keep what ppin has fetched
  ppinui vault create                           a keyring without a desktop
  ppinui slots --module LIB                     the slots of any PKCS#11 module
  ppinui objects SLOT --module LIB              what is on a token
  ppinui kms check kms.toml                     what is wrong with a KMS's slots
  ppinui doctor                                 what is set up, what is wrong

exit codes:
  0 fine    1 a slot failed, or something is wrong    2 wrong use or input
  3 a secret is missing    130 interrupted"""


def _jobs(text: str) -> int:
    return whole_number(text, "the number of HSMs at once", 1, 1000)


def _test_options(parser: argparse.ArgumentParser) -> None:
    options = parser.add_argument_group("connection test")

    def add(name: str, text: str, **settings: Any) -> None:
        options.add_argument(name, default=argparse.SUPPRESS, help=text, **settings)

    add("--user", "only this partition (its user_name)", metavar="U")
    add("--hsm", "only this HSM: its group (hsm0), its host as written, or a KMS's model", metavar="H")
    add("--slot", "only slots of this name (slot0)", metavar="NAME")
    add("--slotid", "only slots with this id", metavar="ID", type=slot_id)
    add("--login", "log in too; asks for each partition's PIN, once", action="store_true")
    add("--crypto", "sign and verify too, leaving nothing behind; includes --login", action="store_true")
    add("--timeout", "seconds for each stage of a slot (10)", metavar="S", type=seconds)
    add("--jobs", "HSMs that are tested at the same time (32)", metavar="N", type=_jobs)
    add(
        "--lanes",
        "hsm: each HSM by itself; one: one after another; auto: by the module's maker",
        choices=("auto", "hsm", "one"),
    )
    add("--format", "text as ppin writes it, or one JSON object", choices=("text", "json"))
    add("--module", "the PKCS#11 library to test with", metavar="LIB")
    add(
        "--spend-final-try",
        "offer a PIN even where the token says that one more wrong one locks it",
        action="store_true",
    )
    add(
        "--spend-one-try",
        "offer a kms.toml's PIN even where the token says that a wrong one came since the last right one",
        action="store_true",
    )
    add(
        "--secrets",
        "auto: .secrets.cfg, and the keyring for what is not there; file or keyring: that one alone",
        choices=("auto", "file", "keyring"),
        dest="secrets_from",
    )
    secret_grammar.keyring_options(parser, leave_out=True)


class _Manual(argparse.Action):
    """--man: the roff of the manual page, as data."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from ppinui.cli.man_page import manual_page

        emit(manual_page(parser))
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar. Options of the connection test stand at the top too, for ``ppinui --test``."""
    parser = Parser(
        prog="ppinui",
        usage=_USAGE,
        description="Edits primus.cfg without losing a byte, keeps its secrets in the keyring,\n"
        "and tests every slot of every HSM.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"ppinui {__version__}")
    parser.add_argument("--man", action=_Manual, help="print the manual page: ppinui --man | man -l -")
    parser.add_argument(
        "-t",
        "--test",
        dest="is_test",
        action="store_true",
        help="test the connections: same as the command test",
    )
    file_options(parser)
    _test_options(parser)
    commands = parser.add_subparsers(prog="ppinui", dest="command", metavar="COMMAND", title="commands")
    config_grammar.add_commands(commands, add_command)
    setup_grammar.add_commands(commands, add_command)
    secret_grammar.add_commands(commands, add_command)
    kms_grammar.add_commands(commands, partial(add_command, files=False))
    token_grammar.add_commands(commands, add_command)
    test = add_command(
        commands,
        "test",
        "test the connection of each slot of each HSM",
        "ppinui test --hsm hsm0 --login --format json",
    )
    _test_options(test)
    doctor = add_command(
        commands,
        "doctor",
        "say what is set up here, what is not, and what to do about it",
        "ppinui doctor --format json",
    )
    format_option(doctor)
    doctor.add_argument("--module", metavar="LIB", help="the PKCS#11 library, if it is not in its place")
    doctor.add_argument("--ppin", metavar="FILE", help="the vendor's ppin, if it is not in its place")
    secret_grammar.keyring_options(doctor)
    demo = add_command(
        commands,
        "demo",
        "a first look with software tokens; touches nothing of yours",
        "ppinui demo",
        files=False,
    )
    demo.add_argument("--test", dest="only_test", action="store_true", help="run just the connection test")
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments behind the program's name, understood.

    The result has ``command`` (None, or the name of one), ``config`` and ``secrets`` (file names as given, or
    None), the command's own options, ``passwords``: what stood behind the user of ``-a``, ``-u`` or ``-p``,
    as ppin has it, and for "run" ``argv``: the command to run. Raises PpinuiError for wrong use, SystemExit
    after help.
    """
    if "--" in arguments and "run" in arguments[: arguments.index("--")]:
        # What is behind belongs to somebody else, whose options look like ours.
        end = arguments.index("--")
        found = _parse(arguments[:end])
        if found.command == "run":
            found.argv = tuple(arguments[end + 1 :])
            if not found.argv:
                raise _no_command()
            return found
    found = _parse(arguments)
    if found.command == "run":
        raise _no_command()
    return found


def _no_command() -> PpinuiError:
    return PpinuiError(
        "there is no command to run",
        "the command line, at 'ppinui run'",
        "put it behind two dashes: ppinui run -- COMMAND; 'ppinui run --help' has examples",
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = build_parser()
    style = None
    if any(word.startswith("-") and word[1:2] not in {"", "-"} for word in arguments):
        from ppinui.cli.ppin_compat import read_ppin_style

        style = read_ppin_style(arguments, secret_grammar.LONG_WITH_VALUE)
    found, unknown = parser.parse_known_args(style.arguments if style else arguments)
    found.passwords = style.passwords if style else ()
    if unknown and found.command in {"secret", "setup", "token", "pin", "kms"}:
        # One of them may be a password.
        raise usage_error("there is more on the command line than it takes", f"{parser.prog} {found.command}")
    if unknown and found.command == "run":
        # What is there may be the command's, with a PIN among its arguments.
        raise PpinuiError(
            "there are words that are no options of it and not behind two dashes",
            f"the command line, at '{parser.prog} run'",
            "write it as ppinui run [OPTION ...] -- COMMAND; 'ppinui run --help' has examples",
        )
    if unknown:
        # argparse itself would name the program here, not the command that was meant.
        command = (parser.prog, found.command, getattr(found, "action", None))
        raise usage_error(f"unrecognized arguments: {' '.join(unknown)}", " ".join(filter(None, command)))
    for option in ("config", "secrets"):
        setattr(found, option, getattr(found, option, None))
    if found.is_test and found.command is not None:
        parser.error(f"--test is a command by itself, it does not go with '{found.command}'")
    if found.is_test:
        found.command = "test"
    given = [name for name in TEST_DEFAULTS if name in found]
    if found.command == "test":
        for name, default in TEST_DEFAULTS.items():
            setattr(found, name, getattr(found, name, default))
    elif found.command is None and given:
        option = {"secrets_from": "secrets"}.get(given[0], given[0].replace("_", "-"))
        parser.error(f"--{option} belongs to the connection test: add --test")
    return found
