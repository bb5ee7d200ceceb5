"""The grammar of ``ppinui slots``, ``token``, ``pin`` and ``objects``. Imports nothing but argparse."""

from __future__ import annotations

import argparse

from ppinui.cli.argparse_base import (
    Parser,
    add_command,
    add_flag,
    descriptor,
    format_option,
    keyring_options,
    seconds,
    whole_number,
)

WELL_KNOWN = ("98765432", "12345678", "123456", "1234", "87654321", "0000")
"""The PINs of token.pin_check.WELL_KNOWN_PINS, which would cost start-up time; a test holds them together."""

_SLOT = "a slot id, decimal or 0x…, or the token's label in full"


def add_slots(slots: argparse.ArgumentParser) -> None:
    """The options of ``ppinui slots``."""
    format_option(slots)
    _module_options(slots, connects=True)


def add_token(token: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui token``."""
    actions = token.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    init = add_command(
        actions,
        "init",
        "erase a token, name it, and set its PINs",
        "ppinui token init 0 --label PAYMENTS\n"
        "  ppinui token init PAYMENTS --label PAYMENTS --yes-erase PAYMENTS --pin-fd 3",
    )
    init.add_argument("slot", metavar="SLOT", help=_SLOT)
    init.add_argument("--label", required=True, metavar="L", help="its new name, up to 32 bytes")
    init.add_argument(
        "--yes-erase",
        metavar="LABEL",
        help="the label of the token as it is, instead of typing it: what is on it will be lost",
    )
    add_flag(
        init,
        "--factory-so-pin",
        "the token was never initialised, and has an SO PIN of its maker's, to be replaced",
    )
    _pin_options(init)
    format_option(init)
    _module_options(init)


def add_pin(pin: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui pin``."""
    actions = pin.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    change = add_command(actions, "change", "change the user PIN", "ppinui pin change PAYMENTS")
    change.add_argument("slot", metavar="SLOT", help=_SLOT)
    add_flag(change, "--so", "the security officer's PIN instead")
    _pin_options(change)
    _keep_option(change)
    _module_options(change, connects=True)
    init = add_command(
        actions,
        "init",
        "set the user PIN as the security officer, whatever the old one was",
        "ppinui pin init PAYMENTS",
    )
    init.add_argument("slot", metavar="SLOT", help=_SLOT)
    _pin_options(init)
    _keep_option(init)
    _module_options(init)
    check = add_command(
        actions,
        "check",
        "find tokens that still have a well-known PIN",
        "ppinui pin check 0 1 2 --spend-one-try",
    )
    check.add_argument("slots", metavar="SLOT", nargs="+", help=_SLOT)
    add_flag(
        check, "--spend-one-try", "offer the PIN, once to each token; without it, only say what would be done"
    )
    check.add_argument(
        "--pin", choices=WELL_KNOWN, default=WELL_KNOWN[0], help=f"which one ({WELL_KNOWN[0]})"
    )
    format_option(check)
    _module_options(check)
    keep = add_command(
        actions, "keep", "keep the user PIN of a token in the keyring", "ppinui pin keep PAYMENTS"
    )
    keep.add_argument("slot", metavar="SLOT", help=_SLOT)
    _descriptor_option(keep)
    keyring_options(keep)
    _module_options(keep, connects=True)


def add_objects(objects: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui objects``; without one of them, it is ``list``."""
    objects.description = "Look at the keys and certificates on a token. 'ppinui objects SLOT' lists them."
    actions = objects.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    assert isinstance(objects, Parser)
    objects.set_default_command("list", actions)
    show = add_command(actions, "list", "list them", "ppinui objects list PAYMENTS --login --search www")
    show.add_argument("slot", metavar="SLOT", help=_SLOT)
    show.add_argument("--search", metavar="TEXT", help="only those whose description has this text")
    show.add_argument(
        "--expiring",
        type=_days,
        default=30,
        metavar="DAYS",
        help="mark certificates that expire within so many days (30)",
    )
    show.add_argument(
        "--seconds", type=seconds, default=60.0, metavar="S", help="end the list after so long (60)"
    )
    format_option(show)
    _login_options(show)
    export = add_command(
        actions,
        "export",
        "write a public key or a certificate as PEM",
        "ppinui objects export PAYMENTS --id 01a2 -o public.pem",
    )
    export.add_argument("slot", metavar="SLOT", help=_SLOT)
    export.add_argument("--id", metavar="HEX", help="the object's id")
    export.add_argument("--label", metavar="L", help="the object's label in full")
    export.add_argument("--type", choices=("public-key", "certificate"), help="where both are like this")
    export.add_argument("-o", dest="output", metavar="FILE", help="a new file (standard output)")
    _login_options(export)
    trial = add_command(
        actions,
        "test-key",
        "make a key pair, sign, check the signature, and remove the pair",
        "ppinui objects test-key PAYMENTS",
    )
    trial.add_argument("slot", metavar="SLOT", help=_SLOT)
    add_flag(trial, "--on-token", "store the pair on the token for that moment, not just in the session")
    _login_options(trial, always=True)


def _module_options(parser: argparse.ArgumentParser, *, connects: bool = False) -> None:
    """How to reach a token; ``connects``: the command may connect to a Primus too."""
    group = parser.add_argument_group("module")
    group.add_argument("--module", metavar="LIB", help="the PKCS#11 library (PPINUI_MODULE)")
    group.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="S", help="seconds for each call of it (10)"
    )
    if connects:
        add_flag(
            group,
            "--connect",
            "let the Primus provider connect to its HSMs, with the secrets of .secrets.cfg",
        )
    else:
        parser.set_defaults(connect=False)
    parser.set_defaults(never_on_primus=not connects)


def _descriptor_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pin-fd",
        type=descriptor,
        metavar="N",
        help="read PINs from this descriptor, one a line, in the order in which they are asked for",
    )


def _pin_options(parser: argparse.ArgumentParser) -> None:
    _descriptor_option(parser)
    add_flag(
        parser, "--spend-final-try", "offer a PIN even where the token says that one more wrong one locks it"
    )


def _keep_option(parser: argparse.ArgumentParser) -> None:
    add_flag(parser, "--keep", "keep the new user PIN in the keyring")
    keyring_options(parser)


def _login_options(parser: argparse.ArgumentParser, *, always: bool = False) -> None:
    if always:
        parser.set_defaults(login=True)
    else:
        add_flag(parser, "--login", "private objects too; with the PIN from the keyring, or asked for")
    _pin_options(parser)
    keyring_options(parser)
    _module_options(parser, connects=True)


def _days(text: str) -> int:
    return whole_number(text, "the number of days", 0, 100_000)
