"""The grammar of ``ppinui kms``. Imports nothing but argparse."""

from __future__ import annotations

import argparse
from typing import Any

from ppinui.cli.argparse_base import (
    add_command,
    add_flag,
    format_option,
    keyring_options,
    seconds,
    whole_number,
)

MODELS = ("proteccio", "crypt2pay", "utimaco", "softhsm2", "smartcardhsm", "other")
"""The names of kms.hsm_models.Model, as far as start-up time goes; a test holds them together."""


def add_kms(kms: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui kms``."""
    actions = kms.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    check = add_command(
        actions,
        "check",
        "list problems, each with its line and remedy",
        "ppinui kms check /etc/cosmian/kms.toml",
        files=False,
    )
    _file(check)
    add_flag(check, "--no-slots", "do not ask the libraries for their slots")
    _module(check)
    format_option(check)
    show = add_command(
        actions, "show", "show its HSMs and slots, PINs masked", "ppinui kms show --format json", files=False
    )
    _file(show)
    format_option(show)
    _add_export(actions)


def _add_export(actions: Any) -> None:
    export = add_command(
        actions,
        "export",
        "write slots that you pick into a kms.toml, or print them as flags or variables",
        "ppinui kms export kms.toml --slot 5 --slot 7 --model other --dry-run\n"
        "  ppinui kms export --slot 5 --pins-in-file\n"
        "  ppinui kms export --slot 5 --as flags",
        files=False,
    )
    _file(export)
    export.add_argument(
        "--slot",
        dest="slots",
        action="append",
        type=_slot_id,
        required=True,
        metavar="ID",
        help="a slot of the KMS, decimal or 0x…; repeat it for each: these slots and no others",
    )
    export.add_argument("--model", choices=MODELS, metavar="M", help=f"hsm_model: {', '.join(MODELS)}")
    export.add_argument(
        "--admin",
        dest="admins",
        action="append",
        metavar="A",
        help="hsm_admin: a user who may create keys in the HSM; may be repeated",
    )
    export.add_argument(
        "--instance",
        type=_instance,
        metavar="N",
        help="which [[hsm_instances]] to write, from 0; new: a further one",
    )
    export.add_argument(
        "--as",
        dest="form",
        choices=("toml", "flags", "env"),
        default="toml",
        help="write the file (toml), or print options or variables of the KMS",
    )
    add_flag(
        export,
        "--pins-in-file",
        "write PINs in clear text: from the keyring, by the token's label, or asked for; "
        "without it slots that are new are <NO_LOGIN>",
    )
    add_flag(export, "--dry-run", "print the change as a diff, PINs masked; save nothing")
    _module(export)
    keyring_options(export)


def _file(parser: argparse.ArgumentParser) -> None:
    # The same as -c, so that commands in messages can name it in that way.
    parser.add_argument(
        "config",
        nargs="?",
        default=argparse.SUPPRESS,
        metavar="KMS.TOML",
        help="the file; without, as a KMS: COSMIAN_KMS_CONF, /etc/cosmian/kms.toml",
    )


def _module(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--module", metavar="LIB", help="the PKCS#11 library, if not the one the KMS loads")
    parser.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="S", help="seconds for each call of the library (10)"
    )


def _slot_id(text: str) -> int:
    return whole_number(text, "a slot id", 0, 2**64 - 1)


def _instance(text: str) -> int | str:
    return text if text == "new" else whole_number(text, "an instance", 0, 9999)
