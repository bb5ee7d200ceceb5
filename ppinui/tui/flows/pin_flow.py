"""PINs for tokens: from the keyring or typed, each offered once, and kept on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ppinui.errors import SecretUnavailable
from ppinui.pkcs11.token_flags import UserType
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError
from ppinui.secrets.stored_secret import StoredSecret
from ppinui.secrets.token_pins import keep_pin, offer_pin
from ppinui.tokens.module_client import Access
from ppinui.tokens.pins import check_offer, limit_words, place_of
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.token_errors import TokenError
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.tui.app_context import AppContext
from ppinui.tui.controllers.token_controller import FlowCancelled
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.secret_dialog import SecretDialog, ask_twice

Result = TypeVar("Result")


async def ask_pin(
    context: AppContext, slot: TokenSlot, name: str, hint: str = "it is offered once"
) -> Secret:
    """Ask for a PIN of the slot's token; ``name``: which one, such as ``SO PIN``. Raises FlowCancelled."""
    pin = await context.ask(SecretDialog(f"{name[0].upper()}{name[1:]} of {slot.name}", hint))
    if pin is None:
        raise FlowCancelled
    return pin


async def ask_new_pin(context: AppContext, slot: TokenSlot, name: str) -> Secret:
    """Ask for it twice. Raises FlowCancelled, and SecretUnavailable where the two differ."""
    pin = await ask_twice(context.ask, f"{name[0].upper()}{name[1:]} of {slot.name}", _limits(slot))
    if pin is None:
        raise FlowCancelled
    return pin


def _limits(slot: TokenSlot) -> str:
    return f"{limit_words(slot.token)} bytes; you are asked twice" if slot.token is not None else ""


async def may_offer(context: AppContext, check: Callable[[bool], Result]) -> tuple[Result, bool]:
    """What ``check`` returns, and whether a final try may be spent; where it would be, the user is asked.

    ``check`` gets whether it may, and raises TokenRefusal. Raises FlowCancelled, and what it raises.
    """
    try:
        return check(False), False
    except TokenRefusal as refusal:
        if refusal.name != "pin-final-try":
            raise
        place = refusal.place
    answer = await context.choose(
        "One more wrong PIN locks this token. Offer one?",
        [(place, "")],
        [DialogChoice("back", "b", "Back"), DialogChoice("offer", "o", "Offer it")],
    )
    if answer != "offer":
        raise FlowCancelled
    return check(True), True


async def with_user_pin(
    context: AppContext,
    slot: TokenSlot,
    doing: str,
    work: Callable[[Access, Secret, bool], Result],
    *,
    changes: bool = False,
) -> Result:
    """What ``work`` makes of the user's PIN (kept or typed), and of whether a final try may be spent.

    One from the keyring that the token rejects is marked there, and offered no more. Raises PpinuiError, and
    FlowCancelled.
    """
    token, spend = await may_offer(
        context, lambda spend: check_offer(slot, context.tokens.module, UserType.USER, spend_final_try=spend)
    )
    stored = None
    pin = context.tokens.known_pin(token.label)
    if pin is None:
        stored = await _stored_pin(context, token.label)
        pin = stored.password if stored is not None else None
    if pin is None:
        pin = await ask_pin(context, slot, UserType.USER.pin_name)
    offered = pin
    try:
        return await context.tokens.ask(
            doing, lambda access: work(access, offered, spend), secrets=[offered], changes=changes
        )
    except TokenError as error:
        context.tokens.saw(slot, error.flags)
        if error.rejects_pin:
            context.tokens.forget_pin(token.label)
        if stored is not None and error.rejects_pin:
            by = f"{place_of(slot, context.tokens.module)}: {error.failure.name}"
            rejected = stored
            await context.secrets.change(lambda store: store.mark_rejected(rejected, by))
        raise


async def _stored_pin(context: AppContext, label: str) -> StoredSecret | None:
    if not context.secrets.keyring.may_exist:
        return None
    try:
        return await context.secrets.with_store(lambda store: offer_pin(store, label))
    except SecretRejectedError:
        raise
    except SecretUnavailable as error:
        context.notify(f"The keyring is not used: {error.message}", severity="warning")
        return None


async def offer_to_keep(context: AppContext, slot: TokenSlot, pin: Secret) -> None:
    """Ask whether a PIN that the token has now shall be kept, and keep it. Raises PpinuiError."""
    if slot.token is not None:
        context.tokens.forget_pin(slot.token.label)
    if not context.secrets.keyring.may_exist or slot.token is None or not slot.token.label:
        return
    answer = await context.choose(
        f"The user PIN of {slot.name} is set. Keep it in the keyring?",
        [("One that is kept there for this label is wrong from now on.", "")],
        [DialogChoice("no", "n", "Do not keep it"), DialogChoice("keep", "k", "Keep it")],
    )
    if answer == "keep":
        await keep(context, slot, pin, source="changed by ppinui", validated=True)


async def keep(context: AppContext, slot: TokenSlot, pin: Secret, *, source: str, validated: bool) -> None:
    """Keep a user PIN in the keyring, under the token's label. Raises PpinuiError."""
    label = slot.token.label if slot.token is not None else ""
    await context.secrets.change(
        lambda store: keep_pin(store, label, pin, source=source, validated=validated)
    )
    context.notify(f"Kept the user PIN of {slot.name} in the keyring")
