"""The command line's grammar: options of the program and of the connection test, and the commands.

Imports nothing but argparse and what argparse itself imports: ``ppinui --help`` has to be there at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Sequence

from ppinui import __version__
from ppinui.cli.argparse_base import (
    KEYRING_OPTIONS,
    OptionRow,
    Parser,
    add_command,
    add_flag,
    add_options,
    defaults_of,
    file_options,
    format_option,
    keyring_options,
    seconds,
    slot_id,
    usage_error,
    whole_number,
)
from ppinui.cli.command_registry import BY_NAME, COMMANDS, load
from ppinui.cli.console import emit
from ppinui.errors import PpinuiError

TYPE_CHECKING = False  # typing's own takes as long to import as a fifth of ppinui --help
if TYPE_CHECKING:
    from typing import Any, NoReturn

_FLAG = {"action": "store_true"}

_PPIN_OPTIONS = frozenset(("-l", "-a", "-u", "-r", "-p", "-x", "-e"))
"""What ppin's own way of writing a command line begins with; ppin_compat knows the rest."""

_USAGE = """ppinui [-c FILE] [-s FILE] COMMAND ...
       ppinui [-c FILE] [-s FILE] -t [--user U] [--hsm H] [--slot NAME] ...
       ppinui [-c FILE] [-s FILE] -l
       ppinui [-c FILE] [-s FILE] {-a|-u|-r} -e PARTITION
       ppinui [-c FILE] [-s FILE] {-p|-x} -e SERVICE_USER"""

_EXIT_CODES = """exit codes:
  0 fine    1 a slot failed, or something is wrong    2 wrong use or input
  3 a secret is missing    130 interrupted"""


def _examples() -> str:
    shown = sorted(line for command in COMMANDS for line in command.shown)
    return "\n".join(["examples:", *(f"  {example:<44}  {text}" for _, example, text in shown)])


def _jobs(text: str) -> int:
    return whole_number(text, "the number of HSMs at once", 1, 1000)


_TEST_OPTIONS: tuple[OptionRow, ...] = (
    ("--user", None, "only this partition (its user_name)", {"metavar": "U"}),
    (
        "--hsm",
        None,
        "only this HSM: its group (hsm0), its host as written, or a KMS's model",
        {"metavar": "H"},
    ),
    ("--slot", None, "only slots of this name (slot0)", {"metavar": "NAME"}),
    ("--slotid", None, "only slots with this id", {"metavar": "ID", "type": slot_id}),
    ("--login", False, "log in too; asks for each partition's PIN, once", _FLAG),
    ("--crypto", False, "sign and verify too, leaving nothing behind; includes --login", _FLAG),
    ("--timeout", 10.0, "seconds for each stage of a slot (10)", {"metavar": "S", "type": seconds}),
    ("--jobs", 32, "HSMs that are tested at the same time (32)", {"metavar": "N", "type": _jobs}),
    (
        "--lanes",
        "auto",
        "hsm: each HSM by itself; one: one after another; auto: by the module's maker",
        {"choices": ("auto", "hsm", "one")},
    ),
    ("--format", "text", "text as ppin writes it, or one JSON object", {"choices": ("text", "json")}),
    ("--module", None, "the PKCS#11 library to test with", {"metavar": "LIB"}),
    (
        "--spend-final-try",
        False,
        "offer a PIN even where the token says that one more wrong one locks it",
        _FLAG,
    ),
    (
        "--spend-one-try",
        False,
        "offer a kms.toml's PIN even where the token says that a wrong one came since the last right one",
        _FLAG,
    ),
    (
        "--secrets",
        "auto",
        "auto: .secrets.cfg, and the keyring for what is not there; file or keyring: that one alone",
        {"choices": ("auto", "file", "keyring"), "dest": "secrets_from"},
    ),
)
TEST_DEFAULTS = defaults_of(_TEST_OPTIONS + KEYRING_OPTIONS)
"""What a connection test takes for an option that is not given."""


def add_test(parser: argparse.ArgumentParser) -> None:
    """Add the options of the connection test; the result has no attribute for one that is not given."""
    add_options(parser.add_argument_group("connection test"), _TEST_OPTIONS, leave_out=True)
    add_options(parser.add_argument_group("keyring"), KEYRING_OPTIONS, leave_out=True)


def add_doctor(doctor: argparse.ArgumentParser) -> None:
    """The options of ``ppinui doctor``."""
    format_option(doctor)
    doctor.add_argument("--module", metavar="LIB", help="the PKCS#11 library, if it is not in its place")
    doctor.add_argument("--ppin", metavar="FILE", help="the vendor's ppin, if it is not in its place")
    keyring_options(doctor)


def add_demo(demo: argparse.ArgumentParser) -> None:
    """The option of ``ppinui demo``."""
    add_flag(demo, "--test", "run just the connection test", dest="only_test")


class _Manual(argparse.Action):
    """--man: the roff of the manual page, as data."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from ppinui.cli.man_page import manual_page

        emit(manual_page(build_parser()))
        parser.exit()


def build_parser(words: Container[str] | None = None) -> argparse.ArgumentParser:
    """The grammar, with the options of the connection test at its top too, for ``ppinui --test``.

    Of commands that are not among ``words`` it has the names alone, as their grammars need not be imported;
    None: all of it.
    """
    parser = Parser(
        prog="ppinui",
        usage=_USAGE,
        description="Edits primus.cfg without losing a byte, keeps its secrets in the keyring,\n"
        "and tests every slot of every HSM.",
        epilog=f"{_examples()}\n\n{_EXIT_CODES}",
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
    add_test(parser)
    commands = parser.add_subparsers(prog="ppinui", dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        if words is None or command.name in words:
            load(command.grammar)(
                add_command(commands, command.name, command.help, command.example, files=command.shows_files)
            )
        else:
            commands.add_parser(command.name, help=command.help, add_help=False)
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments behind the program's name.

    The result has ``command`` (None, or the name of one), ``config`` and ``secrets`` (file names as given, or
    None), the command's own options, ``repeatable``: the command's words behind ``ppinui -c FILE``, to run it
    again, ``passwords``: what stood behind the user of ``-a``, ``-u`` or ``-p``,
    as ppin has it, and for "run" ``argv``: the command to run. Raises PpinuiError for wrong use, SystemExit
    after help.
    """
    if "--" in arguments and "run" in arguments[: arguments.index("--")]:
        # What is behind belongs to another program, whose options look like ours.
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
    style = None
    if any(word[:2] in _PPIN_OPTIONS for word in arguments):
        from ppinui.cli.ppin_compat import read_ppin_style

        style = read_ppin_style(arguments)
    words = style.arguments if style else arguments
    parser = build_parser(words)
    found, unknown = parser.parse_known_args(words)
    found.passwords = style.passwords if style else ()
    if unknown and found.command == "run":
        # What is there may be the command's, with a PIN among its arguments.
        raise PpinuiError(
            "there are words that are no options of it and not behind two dashes",
            f"the command line, at '{parser.prog} run'",
            "write it as ppinui run [OPTION ...] -- COMMAND; 'ppinui run --help' has examples",
        )
    if unknown and found.command and BY_NAME[found.command].secret_arguments:
        message = "there are more words on the command line than it accepts"
        raise usage_error(message, f"{parser.prog} {found.command}")
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
    found.repeatable = _repeatable(words, found)
    return found


def _repeatable(words: Sequence[str], found: argparse.Namespace) -> tuple[str, ...]:
    """The words without ``-c`` and ``-s``, and without the file that ``ppinui kms`` names in another way."""
    left = iter(words)
    kept = []
    for word in left:
        if word in {"-c", "-s"}:
            next(left)
        elif not word.startswith(("-c", "-s")) and not (found.command == "kms" and word == found.config):
            kept.append(word)
    return tuple(kept)
