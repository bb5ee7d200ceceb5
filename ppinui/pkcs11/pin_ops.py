"""A worker's part of what is done with PINs; flags are read right before each of them is offered.

Raw calls: python-pkcs11 lacks C_InitToken, accepts PINs as text only, and leaves copies of them in memory.
"""

from __future__ import annotations

from ppinui.pkcs11.loaded_module import handle_of
from ppinui.pkcs11.slot_ops import read_token
from ppinui.pkcs11.structures import TokenInfo, text_of
from ppinui.pkcs11.token_flags import TokenFlag, UserType, obstacle, obstacle_to_guessing
from ppinui.pkcs11.worker import ModuleWorker, RefusedError
from ppinui.workers.channel import Message


def begin_token(worker: ModuleWorker, request: Message) -> TokenInfo:
    """Begin with the slot of the request, if it still holds the token that was seen there."""
    worker.begin_slot(request["slot"])
    info = worker.module.raw.token_info(request["slot"])
    if [text_of(info.label), text_of(info.serial)] != request["token"]:
        raise RefusedError("other-token")
    return info


def check_flags(info: TokenInfo, user: UserType, request: Message) -> None:
    """Raise RefusedError unless this user's PIN may be offered to the token."""
    against = obstacle(info.flags, user, spend_final_try=request["spend_final_try"])
    if against is not None:
        raise RefusedError(against)


def change_pin(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """Change ``request["user"]``'s PIN from the first secret to the second."""
    old, new = secrets
    user = UserType(request["user"])
    check_flags(begin_token(worker, request), user, request)
    with worker.module.session(request["slot"], writable=True) as session:
        raw = worker.module.raw
        if user is UserType.SO:
            raw.login(handle_of(session), user, old)
        # Without a login C_SetPIN changes the user's PIN, and checks the old one itself.
        raw.set_pin(handle_of(session), old, new)
    return _token_now(worker, request)


def init_pin(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """As the security officer (first secret), set the user's PIN (second secret)."""
    so_pin, new = secrets
    check_flags(begin_token(worker, request), UserType.SO, request)
    with worker.module.session(request["slot"], writable=True) as session:
        raw = worker.module.raw
        raw.login(handle_of(session), UserType.SO, so_pin)
        raw.init_pin(handle_of(session), new)
    return _token_now(worker, request)


def initialise(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """C_InitToken with the first secret as SO PIN; the second becomes the user's PIN, a third the SO PIN."""
    so_pin, user_pin, *new_so_pin = secrets
    info = begin_token(worker, request)
    if info.flags & (TokenFlag.INITIALISED | TokenFlag.OWN_KEYPAD):  # the others mean nothing before that
        check_flags(info, UserType.SO, request)
    worker.module.raw.init_token(request["slot"], so_pin, request["label"].encode())
    worker.send("initialised", token=read_token(worker.module.raw.token_info(request["slot"])))
    with worker.module.session(request["slot"], writable=True) as session:
        raw = worker.module.raw
        raw.login(handle_of(session), UserType.SO, so_pin)
        for new in new_so_pin:
            raw.set_pin(handle_of(session), so_pin, new)
        raw.init_pin(handle_of(session), user_pin)
    return _token_now(worker, request)


def try_pin(worker: ModuleWorker, request: Message, secrets: list[bytearray]) -> Message:
    """Offer a PIN to the user's login, once, and log out again."""
    (pin,) = secrets
    against = obstacle_to_guessing(begin_token(worker, request).flags)
    if against is not None:
        raise RefusedError(against)
    with worker.module.session(request["slot"]) as session:
        raw = worker.module.raw
        raw.login(handle_of(session), UserType.USER, pin)
    return _token_now(worker, request)


def _token_now(worker: ModuleWorker, request: Message) -> Message:
    return {"token": read_token(worker.module.raw.token_info(request["slot"]))}
