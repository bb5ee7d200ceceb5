"""Changing tokens from the screen: initialising, PINs, and looking for PINs that everybody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ppinui.pkcs11.token_flags import UserType
from ppinui.secrets.secret import Secret
from ppinui.tokens.description import check_lines, check_words
from ppinui.tokens.initialisation import (
    Needs,
    Pins,
    initialise,
    loss_of,
    name_to_type,
    needs_of,
    padded_label,
)
from ppinui.tokens.pin_check import WELL_KNOWN_PINS, PinCheck, Verdict, check_pins
from ppinui.tokens.pins import change_pin, check_offer, init_pin, place_of
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tui.app_context import AppContext
from ppinui.tui.controllers.token_controller import FlowCancelled
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.form_dialog import Answers, FormDialog, FormField
from ppinui.tui.flows.pin_flow import ask_new_pin, ask_pin, keep, may_offer, offer_to_keep
from ppinui.tui.widgets.text_view import wrapped
from ppinui.tui.widgets.virtual_list import Piece

_WIDTH: Final = 70
"""Of what is to be read in a question."""
_BACK = DialogChoice("back", "b", "Back")


async def initialise_token(context: AppContext, slot: TokenSlot) -> TokenSlot:
    """Erase a token, name it, set its PINs; returns its slot. Raises PpinuiError, and FlowCancelled."""
    factory = await _has_factory_so_pin(context, slot)
    needs, spend = await may_offer(
        context,
        lambda spend: needs_of(slot, context.tokens.module, factory_so_pin=factory, spend_final_try=spend),
    )
    if needs.erases:
        await _confirm(context, slot, needs)
    label = await _ask_label(context, slot)
    current = new = user = None
    try:
        if needs.current_so_pin:
            current = await ask_pin(context, slot, "present SO PIN")
        if needs.new_so_pin:
            new = await ask_new_pin(context, slot, "new SO PIN")
        user = await ask_new_pin(context, slot, "new user PIN")
        pins = Pins(user, current, new)
        given = [pin for pin in (current, new) if pin is not None]
        made = await context.tokens.ask(
            f"initialising {slot.name}",
            lambda access: initialise(
                access, slot, label, pins, factory_so_pin=factory, spend_final_try=spend
            ),
            secrets=given,
            changes=True,
            never_on_primus=True,
        )
        context.notify(f"Initialised: {made.name}")
        await offer_to_keep(context, made, user)
    finally:
        _wipe(current, new, user)
    return made


async def _has_factory_so_pin(context: AppContext, slot: TokenSlot) -> bool:
    """No flag of a fresh token says whether its maker has set an SO PIN."""
    if slot.token is None or slot.token.is_initialised:
        return False
    answer = await context.choose(
        f"The token of {slot.name} is fresh. Has its maker set an SO PIN?",
        [("SoftHSM2 has none. openCryptoki's is 87654321, and is replaced.", "")],
        [DialogChoice("none", "n", "No"), DialogChoice("factory", "y", "Yes, it has one"), _BACK],
    )
    if answer not in {"none", "factory"}:
        raise FlowCancelled
    return answer == "factory"


async def _confirm(context: AppContext, slot: TokenSlot, needs: Needs) -> None:
    """Have typed whose contents are lost."""
    loss = await context.tokens.ask(
        f"counting the objects of {slot.name}", lambda access: loss_of(access, slot), never_on_primus=True
    )

    def attempt(answers: Answers) -> None:
        needs.check_typed(answers["label"], place_of(slot, context.tokens.module))

    what, expected = name_to_type(slot)
    typed = await context.ask(
        FormDialog(
            f"This erases the token of {slot.name}: {loss}. To go on, type '{expected}'.",
            [FormField("label", "erase", hint=f"its {what}, as it stands above")],
            attempt,
        )
    )
    if typed is None:
        raise FlowCancelled


async def _ask_label(context: AppContext, slot: TokenSlot) -> str:
    now = slot.token.label if slot.token is not None else ""

    def attempt(answers: Answers) -> None:
        padded_label(answers["label"], place_of(slot, context.tokens.module))

    typed = await context.ask(
        FormDialog(
            f"The label of the token in {slot.name} from now on",
            [FormField("label", "label", now, "up to 32 bytes, such as PAYMENTS")],
            attempt,
        )
    )
    if typed is None:
        raise FlowCancelled
    return typed["label"]


async def change_a_pin(context: AppContext, slot: TokenSlot) -> Token:
    """Change the user's or the security officer's PIN; returns the token. Raises as initialise_token."""
    answer = await context.choose(
        f"Which PIN of {slot.name} shall change?",
        [("You need the present one.", "")],
        [DialogChoice("user", "u", "The user's"), DialogChoice("so", "s", "The security officer's"), _BACK],
    )
    if answer not in {"user", "so"}:
        raise FlowCancelled
    user = UserType.USER if answer == "user" else UserType.SO
    _, spend = await may_offer(
        context, lambda spend: check_offer(slot, context.tokens.module, user, spend_final_try=spend)
    )
    old = new = None
    try:
        old = await ask_pin(context, slot, f"present {user.pin_name}")
        new = await ask_new_pin(context, slot, f"new {user.pin_name}")
        present, wanted = old, new
        token = await context.tokens.ask(
            f"changing the {user.pin_name} of {slot.name}",
            lambda access: change_pin(access, slot, present, wanted, user=user, spend_final_try=spend),
            secrets=[old],
            changes=True,
        )
        context.notify(f"{slot.name} has a new {user.pin_name}")
        if user is UserType.USER:
            await offer_to_keep(context, slot, new)
    finally:
        _wipe(old, new)
    return token


async def set_user_pin(context: AppContext, slot: TokenSlot) -> Token:
    """As the security officer, set the user's PIN; returns the token. Raises as initialise_token."""
    _, spend = await may_offer(
        context, lambda spend: check_offer(slot, context.tokens.module, UserType.SO, spend_final_try=spend)
    )
    so_pin = new = None
    try:
        so_pin = await ask_pin(context, slot, UserType.SO.pin_name)
        new = await ask_new_pin(context, slot, "new user PIN")
        present, wanted = so_pin, new
        token = await context.tokens.ask(
            f"setting the user PIN of {slot.name}",
            lambda access: init_pin(access, slot, present, wanted, spend_final_try=spend),
            secrets=[so_pin],
            changes=True,
            never_on_primus=True,
        )
        context.notify(f"{slot.name} has a new user PIN")
        await offer_to_keep(context, slot, new)
    finally:
        _wipe(so_pin, new)
    return token


async def keep_a_pin(context: AppContext, slot: TokenSlot) -> None:
    """Keep the user PIN of a token in the keyring, untried. Raises PpinuiError, FlowCancelled."""
    pin = await ask_pin(context, slot, UserType.USER.pin_name, "nothing is tried with it")
    try:
        await keep(context, slot, pin, source="typed", validated=False)
    finally:
        pin.wipe()


async def find_well_known_pin(
    context: AppContext, slot: TokenSlot, slots: Sequence[TokenSlot]
) -> list[TokenSlot]:
    """Which of the tokens still have a PIN that everybody knows: one try for each that the user agrees to.

    Returns the slots with their tokens as they are then. Raises PpinuiError, and FlowCancelled.
    """
    pin, chosen = await _ask_which(context, slot, slots)
    planned = await context.tokens.ask(
        "looking at flags",
        lambda access: check_pins(access, chosen, Secret(pin), spend=False),
        never_on_primus=True,
    )
    tries = sum(one.verdict is Verdict.WOULD_TRY for one in planned)
    if not tries:
        await _show(context, "Nothing can be tried", planned, pin)
        return []
    answer = await context.choose(
        f"Offer {pin} to {tries} of {len(planned)} tokens, once each?",
        [
            *_report(planned, pin),
            ("", ""),
            ("A try that is wrong counts towards a lock, until the right PIN is given.", "warning"),
        ],
        [_BACK, DialogChoice("try", "t", "Try it once each")],
    )
    if answer != "try":
        raise FlowCancelled
    checks = await context.tokens.ask(
        f"offering {pin}",
        lambda access: check_pins(access, chosen, Secret(pin), spend=True),
        changes=True,
        never_on_primus=True,
    )
    known = sum(one.verdict is Verdict.WELL_KNOWN for one in checks)
    title = f"{known} of {len(checks)} still have {pin}: change it (p)" if known else f"Nobody has {pin}"
    await _show(context, title, checks, pin)
    return [replace(one.slot, token=one.token) for one in checks if one.token is not None]


async def _ask_which(
    context: AppContext, slot: TokenSlot, slots: Sequence[TokenSlot]
) -> tuple[str, Sequence[TokenSlot]]:
    typed = await context.ask(
        FormDialog(
            "A PIN that everybody knows: IBM's is 98765432, openCryptoki's 12345678",
            [
                FormField("pin", "well-known PIN", WELL_KNOWN_PINS[0]),
                FormField("which", "for", "all", "all, or this", _flaw_of_which),
            ],
        )
    )
    if typed is None:
        raise FlowCancelled
    return typed["pin"], slots if typed["which"].strip() == "all" else [slot]


def _flaw_of_which(text: str) -> str:
    return "" if text.strip() in {"all", "this"} else "type all, or this for the slot under the cursor"


async def _show(context: AppContext, title: str, checks: Sequence[PinCheck], pin: str) -> None:
    await context.choose(title, _report(checks, pin))


def _report(checks: Sequence[PinCheck], pin: str) -> list[Piece]:
    lines: list[Piece] = []
    for one in checks:
        lines.append((check_words(one, pin), "error" if one.verdict is Verdict.WELL_KNOWN else ""))
        lines += [(f"    {line}", "faint") for line in check_lines(one)]
    return list(wrapped(lines, _WIDTH))


def _wipe(*pins: Secret | None) -> None:
    for pin in pins:
        if pin is not None:
            pin.wipe()
