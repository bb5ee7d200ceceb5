"""The command line's grammar: every command and option, with an example for each.

Imports nothing but argparse and what argparse itself imports: ``ppinui --help`` has to be there at once.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ppinui import __version__
from ppinui.cli import secret_parser
from ppinui.cli.console import emit, say
from ppinui.errors import PpinuiError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

PROFILES = ("fortigate", "kubernetes", "cloudhsm", "production")
"""The names of config.checks.Profile, which would cost start-up time; a test holds them together."""

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
    "secrets_from": "auto",
    **secret_parser.KEYRING_DEFAULTS,
}
"""What a connection test takes for an option that is not given (timeout: seconds for each stage)."""

_USAGE = """ppinui [-c FILE] [-s FILE] COMMAND ...
       ppinui [-c FILE] [-s FILE] -t [--user U] [--hsm H] [--slot NAME] ...
       ppinui [-c FILE] [-s FILE] -l
       ppinui [-c FILE] [-s FILE] {-a|-u|-r} -e PARTITION
       ppinui [-c FILE] [-s FILE] {-p|-x} -e SERVICE_USER"""

_EXAMPLES = """examples:
  ppinui demo                                   a first look, without any HSM
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
  ppinui doctor                                 what is set up, what is wrong

exit codes:
  0 fine    1 a slot failed, or something is wrong    2 wrong use or input
  3 a secret is missing    130 interrupted"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, up to 110 columns (found without importing shutil, which takes 5 ms)."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "")) or 100
        except ValueError:
            try:
                columns = os.get_terminal_size(1).columns or 100
            except OSError:
                columns = 100
        super().__init__(prog, max_help_position=32, width=max(50, min(columns, 110)) - 2)


def _usage_error(message: str, command: str) -> PpinuiError:
    return PpinuiError(
        message, f"the command line, at '{command}'", f"'{command} --help' shows what it takes"
    )


class Parser(argparse.ArgumentParser):
    """An argparse parser with errors of three lines, as all of ours, and help that survives a closed pipe."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise the usage error (exit code 2) that argparse has found."""
        raise _usage_error(message, self.prog)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse's one way out: --help and --version say sys.stdout here
        if file is sys.stdout:
            emit(message)
        else:
            say(message, end="")


def _number(text: str, what: str, minimum: int, maximum: int) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = minimum - 1
    if not minimum <= number <= maximum:
        raise argparse.ArgumentTypeError(f"{what} is a number from {minimum} to {maximum}, not '{text}'")
    return number


def _port(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not '{text}'")
    return text


def _priority(text: str) -> int:
    return _number(text, "a priority", 0, 127)


def _slot_id(text: str) -> int:
    return _number(text, "a slot id", 0, 2**31 - 1)


def _jobs(text: str) -> int:
    return _number(text, "the number of HSMs at once", 1, 1000)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        raise argparse.ArgumentTypeError(f"a timeout is a number of seconds above 0, not '{text}'")
    return seconds


def _files(parser: argparse.ArgumentParser, *, shown: bool = True) -> None:
    # Suppressed defaults let the option stand before or behind the command without one hiding the other.
    files = parser.add_argument_group("files")
    for option, name, text in (
        ("-c", "config", "use this primus.cfg"),
        ("-s", "secrets", "use this .secrets.cfg"),
    ):
        words = text if shown else argparse.SUPPRESS
        files.add_argument(option, dest=name, metavar="FILE", default=argparse.SUPPRESS, help=words)


def _test_options(parser: argparse.ArgumentParser) -> None:
    options = parser.add_argument_group("connection test")

    def add(name: str, text: str, **settings: Any) -> None:
        options.add_argument(name, default=argparse.SUPPRESS, help=text, **settings)

    add("--user", "only this partition (its user_name)", metavar="U")
    add("--hsm", "only this HSM: its group (hsm0) or its host as written", metavar="H")
    add("--slot", "only slots of this name (slot0)", metavar="NAME")
    add("--slotid", "only slots with this id", metavar="ID", type=_slot_id)
    add("--login", "log in too; asks for each partition's PIN, once", action="store_true")
    add("--crypto", "sign and verify too, leaving nothing behind; includes --login", action="store_true")
    add("--timeout", "seconds for each stage of a slot (10)", metavar="S", type=_seconds)
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
        "--secrets",
        "auto: .secrets.cfg, and the keyring for what is not there; file or keyring: that one alone",
        choices=("auto", "file", "keyring"),
        dest="secrets_from",
    )
    secret_parser.keyring_options(parser, leave_out=True)


def _add_command(
    commands: Any,
    name: str,
    text: str,
    example: str,
    *,
    files: bool = True,
) -> argparse.ArgumentParser:
    """A command of its own: one line of help, and a page that ends with an example.

    ``files``: whether the page has -c and -s, which it takes in any case.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=f"example:\n  {example}"
    )
    _files(parser, shown=files)
    return parser


def _editing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print the change as a diff, save nothing")
    parser.add_argument("--force", action="store_true", help="save even what 'config check' calls an error")
    _reveal_option(parser)


def _reveal_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reveal", action="store_true", help="show clear-text secrets instead of ••••")


def _format_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people (text) or programs (json)"
    )


def _add_config(commands: Any) -> None:
    config = _add_command(
        commands, "config", "look at and edit primus.cfg", "ppinui config set hsm0.host=10.0.0.7"
    )
    actions = config.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

    _add_command(actions, "path", "print which file is used", "ppinui config path")

    show = _add_command(actions, "show", "show HSMs, slots and settings", "ppinui config show --format json")
    _format_option(show)
    _reveal_option(show)

    get = _add_command(actions, "get", "print the value of one setting", "ppinui config get hsm0.slot0.id")
    get.add_argument("path", metavar="PATH", help="primus.hsms.hsm0.port, or hsm0.port for short")
    _reveal_option(get)

    check = _add_command(
        actions,
        "check",
        "list problems, each with its line and remedy",
        "ppinui config check --profile production",
    )
    check.add_argument(
        "--profile",
        choices=PROFILES,
        metavar="P",
        help=f"check the rules of a deployment too: {', '.join(PROFILES)}",
    )
    _format_option(check)

    change = _add_command(
        actions,
        "set",
        "change settings; nothing else in the file moves",
        "ppinui config set hsm0.host=10.0.0.7 hsm0.port=2310\n  ppinui config set hsm0.pin",
    )
    change.add_argument(
        "assignments",
        metavar="PATH=VALUE",
        nargs="+",
        help="pin and proxy_password take no value: it is asked for without echo",
    )
    _editing_options(change)

    add_hsm = _add_command(
        actions,
        "add-hsm",
        "add an HSM in the style of the others",
        "ppinui config add-hsm --host b-api.cloudshsm.com --like hsm0",
    )
    add_hsm.add_argument("--host", required=True, metavar="H", help="name or address of the HSM or proxy")
    add_hsm.add_argument("--port", type=_port, metavar="P", help="2310 where nothing else is said")
    add_hsm.add_argument("--priority", type=_priority, metavar="N", help="0 (tried first) to 127")
    add_hsm.add_argument("--like", metavar="HSM", help="copy the slots and settings of this HSM")
    _editing_options(add_hsm)

    add_slot = _add_command(
        actions,
        "add-slot",
        "add a slot (a partition) to an HSM",
        "ppinui config add-slot hsm0 --user-name PAYMENTS --id 3",
    )
    add_slot.add_argument("hsm", metavar="HSM", help="the group of the HSM, such as hsm0")
    add_slot.add_argument("--user-name", required=True, metavar="U", help="the partition's name")
    add_slot.add_argument("--id", required=True, type=_slot_id, metavar="N", help="the PKCS#11 slot id")
    add_slot.add_argument("--client-id", metavar="C", help="names the application in the HSM's log")
    add_slot.add_argument("--proxy-user", metavar="S", help="service user of the proxy (CloudHSM)")
    _editing_options(add_slot)

    remove = _add_command(
        actions,
        "remove",
        "remove a setting, slot or HSM, and the comments that belong to it",
        "ppinui config remove hsm1.slot0 --dry-run",
    )
    remove.add_argument("path", metavar="PATH", help="what to remove, such as hsm1 or hsm1.slot0")
    _editing_options(remove)


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
    parser.add_argument(
        "-t",
        "--test",
        dest="is_test",
        action="store_true",
        help="test the connections: same as the command test",
    )
    _files(parser)
    _test_options(parser)
    commands = parser.add_subparsers(prog="ppinui", dest="command", metavar="COMMAND", title="commands")
    _add_config(commands)
    secret_parser.add_commands(commands, _add_command)
    test = _add_command(
        commands,
        "test",
        "test the connection of each slot of each HSM",
        "ppinui test --hsm hsm0 --login --format json",
    )
    _test_options(test)
    doctor = _add_command(
        commands,
        "doctor",
        "say what is set up here, what is not, and what to do about it",
        "ppinui doctor --format json",
    )
    _format_option(doctor)
    doctor.add_argument("--module", metavar="LIB", help="the PKCS#11 library, if it is not in its place")
    doctor.add_argument("--ppin", metavar="FILE", help="the vendor's ppin, if it is not in its place")
    secret_parser.keyring_options(doctor)
    demo = _add_command(
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

    The result has ``command`` (None, "config", "test", "secret", "vault", "run", "doctor" or "demo"),
    ``config`` and ``secrets`` (file names as given, or None), the command's own options, ``passwords``: what
    stood behind the user of ``-a``, ``-u`` or ``-p``, as ppin has it, and for "run" ``argv``: the command to
    run. Raises PpinuiError for wrong use, SystemExit after help.
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
        from ppinui.cli.ppin_style import read_ppin_style

        style = read_ppin_style(arguments, secret_parser.LONG_WITH_VALUE)
    found, unknown = parser.parse_known_args(style.arguments if style else arguments)
    found.passwords = style.passwords if style else ()
    if unknown and found.command == "secret":
        # One of them may be a password.
        raise _usage_error("there is more on the command line than it takes", f"{parser.prog} secret")
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
        raise _usage_error(f"unrecognized arguments: {' '.join(unknown)}", " ".join(filter(None, command)))
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
