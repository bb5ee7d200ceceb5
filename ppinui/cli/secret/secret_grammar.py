"""The grammar of ``ppinui secret``, ``ppinui vault`` and ``ppinui run``. Imports nothing but argparse."""

from __future__ import annotations

import argparse

from ppinui.cli.argparse_base import (
    add_command,
    add_flag,
    descriptor,
    format_option,
    keyring_options,
    passphrase_option,
)

_FOR_A_USER = (
    ("add", "fetch the permanent secret of a partition with ppin, and keep it", "PAYMENTS", "PARTITION"),
    ("update", "fetch it again; the old one stays until the new one is there", "PAYMENTS", "PARTITION"),
    ("remove", "forget the permanent secret of a partition", "PAYMENTS", "PARTITION"),
    ("add-proxy", "check the password of a service proxy, and keep it", "eqabxrfnqqos", "SERVICE_USER"),
    ("remove-proxy", "forget the password of a service proxy", "eqabxrfnqqos", "SERVICE_USER"),
    ("set-pin", "keep the PKCS#11 PIN of a partition", "PAYMENTS", "PARTITION"),
    ("remove-pin", "forget the PKCS#11 PIN of a partition", "PAYMENTS", "PARTITION"),
)
_ASKING = frozenset({"add", "update", "add-proxy", "set-pin", "adopt"})
_FETCHING = frozenset({"add", "update", "add-proxy", "adopt"})


def add_secret(secret: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui secret``."""
    actions = secret.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    show = add_command(
        actions, "list", "list users and whether there is a secret, as ppin -l", "ppinui secret list"
    )
    keyring_options(show)
    status = add_command(
        actions, "status", "show where each secret is, and since when", "ppinui secret status --format json"
    )
    format_option(status)
    keyring_options(status)
    for name, text, example, what in _FOR_A_USER:
        action = add_command(actions, name, text, f"ppinui secret {name} {example}")
        # --name: a user of any name, as ppin's -e has it; a word that begins with - would be an option
        action.add_argument("user", nargs="?", metavar=what, help="its name, as in primus.cfg")
        action.add_argument("--name", dest="named", help=argparse.SUPPRESS)
        _options_of(action, name)
    for name, text, example in (
        ("import", "copy all users of a .secrets.cfg into the keyring", "/etc/primus/.secrets.cfg"),
        ("export", "write a .secrets.cfg for applications that need one", "/etc/primus/.secrets.cfg"),
    ):
        action = add_command(actions, name, text, f"ppinui secret {name} {example}")
        action.add_argument("file", metavar="FILE", help="the .secrets.cfg")
        add_flag(action, "--replace", "replace what is there")
        if name == "import":
            _removal_options(action, "--delete", "delete the file, after a successful test with the keyring")
        _options_of(action, name)
    adopt = add_command(
        actions, "adopt", "move clear-text passwords from primus.cfg into the keyring", "ppinui secret adopt"
    )
    adopt.add_argument(
        "--user", metavar="U", help="whose setup password it is, if an HSM has several partitions"
    )
    _removal_options(adopt, None, "")
    _options_of(adopt, "adopt")


def _options_of(action: argparse.ArgumentParser, name: str) -> None:
    if name in _ASKING:
        action.add_argument(
            "--password-fd",
            type=descriptor,
            metavar="N",
            help="read passwords from this descriptor, one a line",
        )
    if name in _FETCHING:
        action.add_argument("--ppin", metavar="FILE", help="the vendor's ppin, if it is not in its place")
    keyring_options(action)


def _removal_options(action: argparse.ArgumentParser, option: str | None, text: str) -> None:
    if option:
        add_flag(action, option, text)
    add_flag(action, "--no-test", "remove what was moved without testing first")
    action.add_argument("--module", metavar="LIB", help="the PKCS#11 library to test with")


def add_vault(vault: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui vault``."""
    actions = vault.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    create = add_command(actions, "create", "make an empty vault", "ppinui vault create")
    passphrase_option(create)
    change = add_command(actions, "passphrase", "change the vault's passphrase", "ppinui vault passphrase")
    passphrase_option(change)
    change.add_argument(
        "--new-passphrase-fd", type=descriptor, metavar="N", help="read the new one from this descriptor"
    )


def add_run(run: argparse.ArgumentParser) -> None:
    """The options of ``ppinui run``."""
    run.usage = "ppinui run [OPTION ...] -- COMMAND [ARGUMENT ...]"
    run.description = (
        "Become COMMAND, with primus.cfg and secrets in files that exist in memory\n"
        "alone; SECUROSYS_PKCS11_CONF and SECUROSYS_SECRETS_CONF name them. Nothing is\n"
        "started if a secret is missing. The exit code is the command's. It writes no\n"
        "core files, for the secrets would be in them."
    )
    run.add_argument(
        "--user",
        dest="users",
        action="append",
        default=[],
        metavar="U",
        help="hand over the secrets of this partition; may be repeated (all of primus.cfg)",
    )
    run.add_argument(
        "--owner",
        metavar="USER:GROUP",
        help="owner of the files, for a command that drops root's rights (it still starts as root)",
    )
    add_flag(
        run,
        "--tmpfs",
        "files in a private folder in memory, for a command that closes what it inherits; they go when "
        "it ends, so it must stay in the foreground",
    )
    keyring_options(run)
