"""What the grammars of all commands share: the parser, a command's page, options of several commands.

Imports nothing but argparse and what argparse itself imports: ``ppinui --help`` has to be there at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from ppinui.cli.console import emit, say
from ppinui.errors import PpinuiError

TYPE_CHECKING = False  # typing's own takes as long to import as a fifth of ppinui --help
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from _typeshed import SupportsWrite


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, up to 110 columns (shutil finds it too, but takes 5 ms to import)."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "")) or 100
        except ValueError:
            try:
                columns = os.get_terminal_size(1).columns or 100
            except OSError:
                columns = 100
        super().__init__(prog, max_help_position=32, width=max(50, min(columns, 110)) - 2)


def usage_error(message: str, command: str) -> PpinuiError:
    """The error for wrong words behind ``command`` (such as "ppinui config")."""
    return PpinuiError(
        message, f"the command line, at '{command}'", f"'{command} --help' shows how to use it"
    )


class Parser(argparse.ArgumentParser):
    """An argparse parser with PpinuiError for its errors, and help that survives a closed pipe."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **settings)
        self._default_command: tuple[str, Any] | None = None

    def set_default_command(self, name: str, commands: Any) -> None:
        """Insert this command where the command line names none of ``commands`` (from add_subparsers)."""
        self._default_command = (name, commands)

    def parse_known_args(  # type: ignore[override] # argparse's overloads say the same three times
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Insert the default command where none is named, and parse as argparse does."""
        words = list(sys.argv[1:] if args is None else args)
        if self._default_command is not None:
            name, commands = self._default_command
            first = 0
            while words[first : first + 1] and words[first] in {"-c", "-s"}:
                first += 2
            if words[first : first + 1] and words[first] not in {"-h", "--help", *commands.choices}:
                words.insert(first, name)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise the usage error (exit code 2) that argparse has found."""
        raise usage_error(message, self.prog)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse's one way out: --help and --version say sys.stdout here
        if file is sys.stdout:
            emit(message)
        else:
            say(message, end="")


def add_command(
    commands: Any, name: str, text: str, example: str, *, files: bool = True
) -> argparse.ArgumentParser:
    """A command of its own: one line of help, and a page that ends with an example.

    ``files``: whether the page has -c and -s, which it takes in any case.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=f"example:\n  {example}"
    )
    file_options(parser, shown=files)
    return parser


def file_options(parser: argparse.ArgumentParser, *, shown: bool = True) -> None:
    """Add -c and -s; ``shown``: whether the help page has them."""
    # With suppressed defaults the option may be before or behind the command without one hiding the other.
    files = parser.add_argument_group("files")
    for option, name, text in (
        ("-c", "config", "use this primus.cfg"),
        ("-s", "secrets", "use this .secrets.cfg"),
    ):
        words = text if shown else argparse.SUPPRESS
        files.add_argument(option, dest=name, metavar="FILE", default=argparse.SUPPRESS, help=words)


def add_flag(options: argparse._ActionsContainer, name: str, text: str, **settings: Any) -> None:
    """Add an option without a value to a parser or a group of one."""
    options.add_argument(name, action="store_true", help=text, **settings)


def format_option(parser: argparse.ArgumentParser) -> None:
    """Add --format, for commands whose data has both forms."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people (text) or programs (json)"
    )


def whole_number(text: str, what: str, minimum: int, maximum: int) -> int:
    """Return the number of a text (decimal or 0x…). Raises ArgumentTypeError, which names ``what``."""
    number = minimum - 1
    if re.fullmatch(r"[0-9]{1,100}|0[xX][0-9a-fA-F]{1,100}", text):
        number = int(text, 16 if text[:2] in ("0x", "0X") else 10)
    if not minimum <= number <= maximum:
        raise argparse.ArgumentTypeError(f"{what} is a number from {minimum} to {maximum}, not '{text}'")
    return number


def slot_id(text: str) -> int:
    """A PKCS#11 slot id."""
    return whole_number(text, "a slot id", 0, 2**31 - 1)


def seconds(text: str) -> float:
    """A timeout in seconds, up to a million: some calls of the system reject longer ones."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1e6:
        raise argparse.ArgumentTypeError(
            f"a timeout is a number of seconds above 0 and up to a million, not '{text}'"
        )
    return number


def descriptor(text: str) -> int:
    """The number of an open file descriptor."""
    if not (text.isascii() and text.isdigit()):
        # What was given instead may be the secret itself.
        raise argparse.ArgumentTypeError("a descriptor is a number, such as 3 with 3<FILE behind the command")
    return int(text)


OptionRow = tuple[str, object, str, "dict[str, Any]"]
"""An option, its value where it is left out, its help, and what else argparse has to know of it."""

KEYRING_OPTIONS: tuple[OptionRow, ...] = (
    (
        "--keyring",
        None,
        "secretservice, kwallet, vault, … or a class path (PPINUI_KEYRING)",
        {"metavar": "NAME"},
    ),
    ("--keyspace", None, "keep these secrets apart from others, such as test", {"metavar": "NAME"}),
    ("--keyring-timeout", 20.0, "seconds for each call (20)", {"metavar": "S", "type": seconds}),
    (
        "--vault-passphrase-fd",
        None,
        "read the vault's passphrase from this descriptor",
        {"metavar": "N", "type": descriptor},
    ),
)
"""How the keyring is chosen and unlocked."""


def add_options(
    parser: argparse._ActionsContainer, rows: Sequence[OptionRow], *, leave_out: bool = False
) -> None:
    """Add options; with ``leave_out`` the result has no attribute for one that is not given."""
    for name, default, text, settings in rows:
        value = argparse.SUPPRESS if leave_out else default
        parser.add_argument(name, help=text, default=value, **settings)


def defaults_of(rows: Sequence[OptionRow]) -> dict[str, object]:
    """The values of options that are left out, by their attributes."""
    return {
        settings.get("dest", name.removeprefix("--").replace("-", "_")): default
        for name, default, _, settings in rows
    }


def keyring_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose and unlock the keyring."""
    add_options(parser.add_argument_group("keyring"), KEYRING_OPTIONS)


def passphrase_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for the vault's passphrase alone."""
    add_options(parser, KEYRING_OPTIONS[-1:])
