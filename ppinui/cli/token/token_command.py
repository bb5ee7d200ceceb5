"""``ppinui slots``, ``ppinui token`` and ``ppinui pin``."""

from __future__ import annotations

import argparse
import sys

from ppinui.cli.console import as_json, emit, say
from ppinui.cli.token.token_output import render_check, render_slot, render_slots, wrapped
from ppinui.cli.token.token_session import access_of, ask_token_pin, keep, slot_of
from ppinui.errors import ExitCode, PpinuiError
from ppinui.pkcs11.token_flags import UserType
from ppinui.secrets.secret import Secret
from ppinui.text import printable
from ppinui.tokens.initialisation import (
    Needs,
    Pins,
    initialise,
    loss_of,
    name_to_type,
    needs_of,
    padded_label,
    stopped,
)
from ppinui.tokens.module_client import Access
from ppinui.tokens.pin_check import PinCheck, Verdict, check_pins
from ppinui.tokens.pins import change_pin, check_offer, init_pin, place_of
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.slot_list import choose_slot, list_slots


def run(arguments: argparse.Namespace) -> int:
    """Do what the command says; the result is the exit code."""
    access = access_of(arguments)
    if arguments.command == "objects":
        from ppinui.cli.token import objects_command

        return objects_command.run(access, arguments)
    return _ACTIONS[arguments.command, getattr(arguments, "action", "")](access, arguments)


def _slots(access: Access, arguments: argparse.Namespace) -> int:
    found = list_slots(access)
    emit(as_json(found.as_json()) if arguments.format == "json" else render_slots(found))
    return ExitCode.NOT_FINE if found.failures else ExitCode.FINE


# -- token init --------------------------------------------------------------------------------------------


def _initialise(access: Access, arguments: argparse.Namespace) -> int:
    slot = slot_of(arguments, access)
    padded_label(arguments.label, "--label")
    needs = needs_of(
        slot,
        access.module,
        factory_so_pin=arguments.factory_so_pin,
        spend_final_try=arguments.spend_final_try,
    )
    if needs.erases:
        _confirm(access, slot, needs, arguments.yes_erase)
    pins = _ask_pins(arguments, slot, needs)
    try:
        made = initialise(
            access,
            slot,
            arguments.label,
            pins,
            factory_so_pin=arguments.factory_so_pin,
            spend_final_try=arguments.spend_final_try,
        )
    except KeyboardInterrupt:
        raise stopped(place_of(slot, access.module)) from None
    finally:
        pins.wipe()
    if made.id != slot.id:
        say(f"the module has moved the token from slot {slot.id} to slot {made.id} ({made.hex})")
    emit(as_json(made.as_json()) if arguments.format == "json" else render_slot(made) + "\n")
    return ExitCode.FINE


def _ask_pins(arguments: argparse.Namespace, slot: TokenSlot, needs: Needs) -> Pins:
    current = ask_token_pin(arguments, slot, "present SO PIN") if needs.current_so_pin else None
    new = ask_token_pin(arguments, slot, "new SO PIN", twice=True) if needs.new_so_pin else None
    user = ask_token_pin(arguments, slot, "new user PIN", twice=True)
    return Pins(user, current, new)


def _confirm(access: Access, slot: TokenSlot, needs: Needs, given: str | None) -> None:
    """Let the user type the label of the token to erase. Raises PpinuiError for another label."""
    say(
        wrapped(f"Initialising erases the token of {place_of(slot, access.module)}: {loss_of(access, slot)}.")
    )
    if given is None:
        if sys.stdin is None or not sys.stdin.isatty():
            raise PpinuiError(
                "this erases a token, and there is no terminal to confirm it on",
                place_of(slot, access.module),
                "name the token that may be erased: --yes-erase LABEL",
            )
        what, expected = name_to_type(slot)
        say(f"Type its {what}, {printable(expected)}, to go on: ", end="")
        given = sys.stdin.readline().rstrip("\n")
    needs.check_typed(given, place_of(slot, access.module))


# -- pin ---------------------------------------------------------------------------------------------------


def _change(access: Access, arguments: argparse.Namespace) -> int:
    slot = slot_of(arguments, access)
    user = UserType.SO if arguments.so else UserType.USER
    if arguments.so and arguments.keep:
        raise PpinuiError("the SO PIN is not kept", "--keep", "leave --keep out")
    check_offer(slot, access.module, user, spend_final_try=arguments.spend_final_try)
    old = ask_token_pin(arguments, slot, f"present {user.pin_name}")
    new = ask_token_pin(arguments, slot, f"new {user.pin_name}", twice=True)
    try:
        change_pin(access, slot, old, new, user=user, spend_final_try=arguments.spend_final_try)
        _say_changed(arguments, slot, user, new)
    finally:
        old.wipe()
        new.wipe()
    return ExitCode.FINE


def _init_pin(access: Access, arguments: argparse.Namespace) -> int:
    slot = slot_of(arguments, access)
    check_offer(slot, access.module, UserType.SO, spend_final_try=arguments.spend_final_try)
    so_pin = ask_token_pin(arguments, slot, UserType.SO.pin_name)
    new = ask_token_pin(arguments, slot, "new user PIN", twice=True)
    try:
        init_pin(access, slot, so_pin, new, spend_final_try=arguments.spend_final_try)
        _say_changed(arguments, slot, UserType.USER, new)
    finally:
        so_pin.wipe()
        new.wipe()
    return ExitCode.FINE


def _say_changed(arguments: argparse.Namespace, slot: TokenSlot, user: UserType, new: Secret) -> None:
    say(f"{printable(slot.name)} has a new {user.pin_name}")
    if arguments.keep:
        keep(arguments, slot, new, source="changed by ppinui", validated=True)
    elif user is UserType.USER:
        say("note: the keyring was not changed; 'ppinui pin keep SLOT' keeps the PIN there")


def _keep(access: Access, arguments: argparse.Namespace) -> int:
    slot = slot_of(arguments, access)
    pin = ask_token_pin(arguments, slot, UserType.USER.pin_name)
    try:
        keep(arguments, slot, pin, source="typed", validated=False)
    finally:
        pin.wipe()
    say("nothing was tried with it: ppinui objects SLOT --login does")
    return ExitCode.FINE


def _check(access: Access, arguments: argparse.Namespace) -> int:
    """NOT_FINE when a token still has the PIN, or when that is not known; USAGE when nothing was tried."""
    found = list_slots(access)
    slots = [choose_slot(found, text) for text in dict.fromkeys(arguments.slots)]
    tried: bool = arguments.spend_one_try
    as_text = arguments.format == "text"

    def show(check: PinCheck) -> None:
        if as_text:
            emit(render_check(check, arguments.pin))

    checks = check_pins(access, slots, Secret(arguments.pin), spend=tried, on_check=show)
    if not as_text:
        rows = [check.as_json() for check in checks]
        emit(as_json({"pin": arguments.pin, "tried": tried, "slots": rows}))
    if not tried:
        say("nothing was tried: add --spend-one-try; each try that is wrong counts towards a lock")
        return ExitCode.USAGE
    if any(check.verdict is Verdict.WELL_KNOWN for check in checks):
        say("change what everybody knows: ppinui pin change SLOT")
    fine = all(check.verdict is Verdict.OTHER for check in checks)
    return ExitCode.FINE if fine else ExitCode.NOT_FINE


_ACTIONS = {
    ("slots", ""): _slots,
    ("token", "init"): _initialise,
    ("pin", "change"): _change,
    ("pin", "init"): _init_pin,
    ("pin", "check"): _check,
    ("pin", "keep"): _keep,
}
