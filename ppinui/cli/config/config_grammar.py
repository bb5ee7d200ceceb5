"""The grammar of ``ppinui config``. Imports nothing but argparse."""

from __future__ import annotations

import argparse

from ppinui.cli.argparse_base import add_command, add_flag, format_option

PROFILES = ("fortigate", "kubernetes", "cloudhsm", "production")
"""The names of config.checks.Profile, which would cost start-up time; a test holds them together."""


def add_config(config: argparse.ArgumentParser) -> None:
    """The actions of ``ppinui config``."""
    actions = config.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

    add_command(actions, "path", "print which file is used", "ppinui config path")

    show = add_command(actions, "show", "show HSMs, slots and settings", "ppinui config show --format json")
    format_option(show)
    _reveal_option(show)

    get = add_command(actions, "get", "print the value of one setting", "ppinui config get hsm0.slot0.id")
    get.add_argument("path", metavar="PATH", help="primus.hsms.hsm0.port, or hsm0.port for short")
    _reveal_option(get)

    check = add_command(
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
    format_option(check)

    change = add_command(
        actions,
        "set",
        "change settings; nothing else in the file moves",
        "ppinui config set hsm0.host=10.0.0.7 hsm0.port=2310\n  ppinui config set hsm0.pin",
    )
    change.add_argument(
        "assignments",
        metavar="PATH=VALUE",
        nargs="+",
        help="without =VALUE for pin and proxy_password: they are asked for without echo",
    )
    _editing_options(change)

    add_hsm = add_command(
        actions,
        "add-hsm",
        "add an HSM in the style of the others",
        "ppinui config add-hsm --host b-api.cloudshsm.com --like hsm0",
    )
    add_hsm.add_argument("--host", required=True, metavar="H", help="name or address of the HSM or proxy")
    add_hsm.add_argument("--port", type=_port, metavar="P", help="2310 by default")
    add_hsm.add_argument("--priority", type=_priority, metavar="N", help="0 (tried first) to 127")
    add_hsm.add_argument("--like", metavar="HSM", help="copy the slots and settings of this HSM")
    _editing_options(add_hsm)

    add_slot = add_command(
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

    remove = add_command(
        actions,
        "remove",
        "remove a setting, slot or HSM, and the comments that belong to it",
        "ppinui config remove hsm1.slot0 --dry-run",
    )
    remove.add_argument("path", metavar="PATH", help="what to remove, such as hsm1 or hsm1.slot0")
    _editing_options(remove)


def _editing_options(parser: argparse.ArgumentParser) -> None:
    add_flag(parser, "--dry-run", "print the change as a diff, save nothing")
    add_flag(parser, "--force", "save even what 'config check' calls an error")
    _reveal_option(parser)


def _reveal_option(parser: argparse.ArgumentParser) -> None:
    add_flag(parser, "--reveal", "show clear-text secrets instead of ••••")


def _port(text: str) -> str:
    return str(_typed("primus.hsms.HSM.port", "a port", text))


def _priority(text: str) -> int:
    return int(_typed("primus.hsms.HSM.priority", "a priority", text))


def _slot_id(text: str) -> int:
    return int(_typed("primus.hsms.HSM.slots.SLOT.id", "a slot id", text))


def _typed(path: str, what: str, text: str) -> str | int | float:
    """The value of an option for the setting at ``path``. Raises ArgumentTypeError, which names ``what``."""
    from ppinui.config.settings import spec_of
    from ppinui.config.value_input import KIND_OF, InvalidValueError, parse_value

    spec = spec_of(path)
    assert spec is not None
    try:
        return parse_value(text, KIND_OF[spec.type], spec)
    except InvalidValueError as error:
        raise argparse.ArgumentTypeError(f"{what} is {error.expected}, not '{text}'") from None
