"""The grammar of ``ppinui setup``. Imports nothing but argparse."""

from __future__ import annotations

import argparse

from ppinui.cli.argparse_base import add_flag, descriptor, keyring_options

_SECRETS = (
    ("--proxy-password-fd", "the service user's password; of several, lines of NAME=PASSWORD"),
    ("--setup-password-fd", "the partition's setup password; of several, lines of NAME=PASSWORD"),
    ("--so-pin-fd", "the token's SO PIN; of several, lines of NAME=PIN"),
    ("--pin-fd", "the partition's PKCS#11 PIN; of several, lines of NAME=PIN"),
)


def add_setup(setup: argparse.ArgumentParser) -> None:
    """The options of ``ppinui setup``."""
    setup.add_argument("kind", nargs="?", metavar="KIND", help="what to set up; --list shows the kinds")
    add_flag(setup, "--list", "list the kinds of set-ups", dest="only_list")
    add_flag(setup, "--forget", "drop what an interrupted set-up has left")
    setup.add_argument("--answers", metavar="FILE", help="read answers from this TOML file, ask nothing")
    setup.add_argument(
        "--format", choices=("text", "json"), default="text", help="with --answers: for people or programs"
    )
    setup.add_argument("--module", metavar="LIB", help="the PKCS#11 library, if it is not in its place")
    setup.add_argument("--ppin", metavar="FILE", help="the vendor's ppin, if it is not in its place")
    secrets = setup.add_argument_group("secrets, read from a descriptor instead of asked for")
    for option, words in _SECRETS:
        secrets.add_argument(option, type=descriptor, metavar="N", help=words)
    keyring_options(setup)
