"""A worker's part of what is done with PINs; flags are read right before each of them is offered."""

from __future__ import annotations

from ppinui.pkcs11.raw_calls import Cryptoki
from ppinui.pkcs11.structures import TokenInfo, text_of
from ppinui.pkcs11.user_type import UserType
from ppinui.tokens.slot_ops import read_token
from ppinui.tokens.token_flags import TokenFlag, obstacle, obstacle_to_guessing
from ppinui.tokens.worker_channel import RefusedError, Talk
from ppinui.workers.channel import Message


def take_slot(talk: Talk, module: Cryptoki, order: Message) -> TokenInfo:
    """Begin with the slot of the order, if it still holds the token that somebody has looked at."""
    talk.slot(order["slot"])
    info = module.token_info(order["slot"])
    if [text_of(info.label), text_of(info.serial)] != order["token"]:
        raise RefusedError("other-token")
    return info


def heed_flags(info: TokenInfo, user: UserType, order: Message) -> None:
    """Go on if this user's PIN may be offered to the token."""
    against = obstacle(info.flags, user, spend_final_try=order["spend_final_try"])
    if against is not None:
        raise RefusedError(against)


def change_pin(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Change ``order["user"]``'s PIN from the first secret to the second."""
    old, new = secrets
    user = UserType(order["user"])
    heed_flags(take_slot(talk, module, order), user, order)
    with module.session(order["slot"], writable=True) as session:
        if user is UserType.SO:
            module.login(session, user, old)
        # Where nobody is logged in C_SetPIN is about the user's PIN, and checks the old one itself.
        module.set_pin(session, old, new)
    return _token_after(module, order)


def init_pin(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """As the security officer (first secret), give the user a PIN (second secret)."""
    so_pin, new = secrets
    heed_flags(take_slot(talk, module, order), UserType.SO, order)
    with module.session(order["slot"], writable=True) as session:
        module.login(session, UserType.SO, so_pin)
        module.init_pin(session, new)
    return _token_after(module, order)


def initialise(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """C_InitToken with the first secret as SO PIN; the second becomes the user's PIN, a third the SO PIN."""
    so_pin, user_pin, *new_so_pin = secrets
    info = take_slot(talk, module, order)
    if info.flags & (TokenFlag.INITIALISED | TokenFlag.OWN_KEYPAD):  # the others mean nothing before that
        heed_flags(info, UserType.SO, order)
    module.init_token(order["slot"], so_pin, order["label"].encode())
    talk.say("initialised", token=read_token(module.token_info(order["slot"])))
    with module.session(order["slot"], writable=True) as session:
        module.login(session, UserType.SO, so_pin)
        for new in new_so_pin:
            module.set_pin(session, so_pin, new)
        module.init_pin(session, user_pin)
    return _token_after(module, order)


def try_pin(talk: Talk, module: Cryptoki, order: Message, secrets: list[bytes]) -> Message:
    """Offer a PIN to the user's login, once, and log out again."""
    (pin,) = secrets
    against = obstacle_to_guessing(take_slot(talk, module, order).flags)
    if against is not None:
        raise RefusedError(against)
    with module.session(order["slot"]) as session:
        module.login(session, UserType.USER, pin)
    return _token_after(module, order)


def _token_after(module: Cryptoki, order: Message) -> Message:
    return {"token": read_token(module.token_info(order["slot"]))}
