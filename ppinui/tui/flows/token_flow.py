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
from ppinui.tokens.slot import Slot, Token
from ppinui.tui.controllers.token_controller import GivenUp, Reach
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.dialogs.form_dialog import Answers, Asking, Wanted
from ppinui.tui.flows.pin_flow import ask_new_pin, ask_pin, keep, may_offer, offer_to_keep
from ppinui.tui.widgets.list_view import Piece
from ppinui.tui.widgets.text_view import wrapped

_WIDTH: Final = 70
"""Of what is to be read in a question."""
_BACK = Answer("back", "b", "Back")


async def initialise_token(reach: Reach, slot: Slot) -> Slot:
    """Erase a token, name it, set its PINs; gives where it is then. Raises PpinuiError, and GivenUp."""
    app = reach.app
    factory = await _has_factory_so_pin(reach, slot)
    needs, spend = await may_offer(
        app,
        lambda spend: needs_of(slot, reach.module, factory_so_pin=factory, spend_final_try=spend),
    )
    if needs.erases:
        await _confirm(reach, slot, needs)
    label = await _ask_label(reach, slot)
    current = new = user = None
    try:
        if needs.current_so_pin:
            current = await ask_pin(app, slot, "present SO PIN")
        if needs.new_so_pin:
            new = await ask_new_pin(app, slot, "new SO PIN")
        user = await ask_new_pin(app, slot, "new user PIN")
        pins = Pins(user, current, new)
        given = [pin for pin in (current, new) if pin is not None]
        made = await reach.ask(
            f"initialising {slot.name}",
            lambda access: initialise(
                access, slot, label, pins, factory_so_pin=factory, spend_final_try=spend
            ),
            secrets=given,
            changes=True,
            never_on_primus=True,
        )
        app.notify(f"Initialised: {made.name}", markup=False)
        await offer_to_keep(reach, made, user)
    finally:
        _wipe(current, new, user)
    return made


async def _has_factory_so_pin(reach: Reach, slot: Slot) -> bool:
    """No flag of a fresh token tells whether its maker has set an SO PIN."""
    if slot.token is None or slot.token.is_initialised:
        return False
    answer = await reach.app.push_screen_wait(
        Question(
            f"The token of {slot.name} is fresh. Has its maker set an SO PIN?",
            [("SoftHSM2 has none. openCryptoki's is 87654321, and is replaced.", "")],
            [Answer("none", "n", "No"), Answer("factory", "y", "Yes, it has one"), _BACK],
        )
    )
    if answer not in {"none", "factory"}:
        raise GivenUp
    return answer == "factory"


async def _confirm(reach: Reach, slot: Slot, needs: Needs) -> None:
    """Have typed whose contents are lost."""
    loss = await reach.ask(
        f"counting the objects of {slot.name}",
        lambda access: loss_of(access, slot),
        never_on_primus=True,
    )

    def attempt(answers: Answers) -> None:
        needs.check_typed(answers["label"], place_of(slot, reach.module))

    what, expected = name_to_type(slot)
    typed = await reach.app.push_screen_wait(
        Asking(
            f"This erases the token of {slot.name}: {loss}. To go on, type '{expected}'.",
            [Wanted("label", "erase", hint=f"its {what}, as it stands above")],
            attempt,
        )
    )
    if typed is None:
        raise GivenUp


async def _ask_label(reach: Reach, slot: Slot) -> str:
    now = slot.token.label if slot.token is not None else ""

    def attempt(answers: Answers) -> None:
        padded_label(answers["label"], place_of(slot, reach.module))

    typed = await reach.app.push_screen_wait(
        Asking(
            f"The label of the token in {slot.name} from now on",
            [Wanted("label", "label", now, "up to 32 bytes, such as PAYMENTS")],
            attempt,
        )
    )
    if typed is None:
        raise GivenUp
    return typed["label"]


async def change_a_pin(reach: Reach, slot: Slot) -> Token:
    """Change the user's PIN or the security officer's; gives the token then. Raises PpinuiError, GivenUp."""
    app = reach.app
    answer = await app.push_screen_wait(
        Question(
            f"Which PIN of {slot.name} shall change?",
            [("You need the present one.", "")],
            [Answer("user", "u", "The user's"), Answer("so", "s", "The security officer's"), _BACK],
        )
    )
    if answer not in {"user", "so"}:
        raise GivenUp
    user = UserType.USER if answer == "user" else UserType.SO
    _, spend = await may_offer(
        app, lambda spend: check_offer(slot, reach.module, user, spend_final_try=spend)
    )
    old = new = None
    try:
        old = await ask_pin(app, slot, f"present {user.pin_name}")
        new = await ask_new_pin(app, slot, f"new {user.pin_name}")
        present, wanted = old, new
        token = await reach.ask(
            f"changing the {user.pin_name} of {slot.name}",
            lambda access: change_pin(access, slot, present, wanted, user=user, spend_final_try=spend),
            secrets=[old],
            changes=True,
        )
        app.notify(f"{slot.name} has a new {user.pin_name}", markup=False)
        if user is UserType.USER:
            await offer_to_keep(reach, slot, new)
    finally:
        _wipe(old, new)
    return token


async def set_user_pin(reach: Reach, slot: Slot) -> Token:
    """As the security officer, give the user a new PIN; gives the token then. Raises PpinuiError, GivenUp."""
    app = reach.app
    _, spend = await may_offer(
        app, lambda spend: check_offer(slot, reach.module, UserType.SO, spend_final_try=spend)
    )
    so_pin = new = None
    try:
        so_pin = await ask_pin(app, slot, UserType.SO.pin_name)
        new = await ask_new_pin(app, slot, "new user PIN")
        present, wanted = so_pin, new
        token = await reach.ask(
            f"setting the user PIN of {slot.name}",
            lambda access: init_pin(access, slot, present, wanted, spend_final_try=spend),
            secrets=[so_pin],
            changes=True,
            never_on_primus=True,
        )
        app.notify(f"{slot.name} has a new user PIN", markup=False)
        await offer_to_keep(reach, slot, new)
    finally:
        _wipe(so_pin, new)
    return token


async def keep_a_pin(reach: Reach, slot: Slot) -> None:
    """Keep the user PIN of a token in the keyring; nothing is tried with it. Raises PpinuiError, GivenUp."""
    pin = await ask_pin(reach.app, slot, UserType.USER.pin_name, "nothing is tried with it")
    try:
        await keep(reach.app, slot, pin, source="typed", validated=False)
    finally:
        pin.wipe()


async def find_well_known_pin(reach: Reach, slot: Slot, slots: Sequence[Slot]) -> list[Slot]:
    """Which of the tokens still have a PIN that everybody knows: one try for each that the user agrees to.

    Gives the slots with their tokens as they are then. Raises PpinuiError, and GivenUp.
    """
    app = reach.app
    pin, chosen = await _ask_which(reach, slot, slots)
    planned = await reach.ask(
        "looking at flags",
        lambda access: check_pins(access, chosen, Secret(pin), spend=False),
        never_on_primus=True,
    )
    tries = sum(one.verdict is Verdict.WOULD_TRY for one in planned)
    if not tries:
        await _show(reach, "Nothing can be tried", planned, pin)
        return []
    answer = await app.push_screen_wait(
        Question(
            f"Offer {pin} to {tries} of {len(planned)} tokens, once each?",
            [
                *_report(planned, pin),
                ("", ""),
                ("A try that is wrong counts towards a lock, until the right PIN is given.", "warning"),
            ],
            [_BACK, Answer("try", "t", "Try it once each")],
        )
    )
    if answer != "try":
        raise GivenUp
    checks = await reach.ask(
        f"offering {pin}",
        lambda access: check_pins(access, chosen, Secret(pin), spend=True),
        changes=True,
        never_on_primus=True,
    )
    known = sum(one.verdict is Verdict.WELL_KNOWN for one in checks)
    title = f"{known} of {len(checks)} still have {pin}: change it (p)" if known else f"Nobody has {pin}"
    await _show(reach, title, checks, pin)
    return [replace(one.slot, token=one.token) for one in checks if one.token is not None]


async def _ask_which(reach: Reach, slot: Slot, slots: Sequence[Slot]) -> tuple[str, Sequence[Slot]]:
    typed = await reach.app.push_screen_wait(
        Asking(
            "A PIN that everybody knows: IBM's is 98765432, openCryptoki's 12345678",
            [
                Wanted("pin", "well-known PIN", WELL_KNOWN_PINS[0]),
                Wanted("which", "for", "all", "all, or this", _flaw_of_which),
            ],
        )
    )
    if typed is None:
        raise GivenUp
    return typed["pin"], slots if typed["which"].strip() == "all" else [slot]


def _flaw_of_which(text: str) -> str:
    return "" if text.strip() in {"all", "this"} else "type all, or this for the slot under the cursor"


async def _show(reach: Reach, title: str, checks: Sequence[PinCheck], pin: str) -> None:
    await reach.app.push_screen_wait(Question(title, _report(checks, pin), [Answer("ok", "o", "OK")]))


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
