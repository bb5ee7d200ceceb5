"""A key pair that shows that a token can make keys and sign, and that leaves nothing behind."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.pkcs11.signatures import signature_is_good
from ppinui.secrets.secret import Secret
from ppinui.tokens.export import public_key
from ppinui.tokens.module_client import Access, Interrupted, converse
from ppinui.tokens.objects import TokenObject, object_of, order_with_login, secrets_of
from ppinui.tokens.pins import place_of
from ppinui.tokens.slot import Slot
from ppinui.tokens.token_errors import Failure, ModuleLostError, TokenError

_MESSAGE: Final = b"ppinui test key"


@dataclass(frozen=True)
class MadeKey:
    """What was made, and removed again."""

    type: str
    size: str
    on_token: bool


def make_test_key(
    access: Access,
    slot: Slot,
    pin: Secret | None,
    *,
    on_token: bool = False,
    spend_final_try: bool = False,
) -> MadeKey:
    """Make a key pair, sign with it, check the signature outside the token, and remove it.

    The keys live in the session, which goes with the worker, whatever happens. With ``on_token`` they are
    kept on the token for that moment, marked by their label, and removed also after an interruption. Raises
    TokenRefusal, and TokenError (``SIGNATURE_WRONG`` when it does not verify).
    """
    order = order_with_login("make test key", access, slot, pin, spend_final_try=spend_final_try)
    order |= {"on_token": on_token, "message": _MESSAGE.hex()}
    try:
        with closing(converse(access, order, *secrets_of(pin))) as messages:
            *_, result = messages
    except (ModuleLostError, Interrupted, KeyboardInterrupt, SystemExit):
        if on_token:
            with suppress(PpinuiError):  # what has happened is the error to show
                remove_test_keys(replace(access, stop=None), slot, pin, spend_final_try=spend_final_try)
        raise
    made = object_of(result["public_key"])
    if not _is_good(made, bytes.fromhex(result["signature"])):
        raise TokenError(_WRONG, place_of(slot, access.module))
    return MadeKey(made.type or "", made.size or "", on_token)


def remove_test_keys(access: Access, slot: Slot, pin: Secret | None, *, spend_final_try: bool = False) -> int:
    """Remove what an interrupted test has left on the token; gives the number of objects that were there."""
    order = order_with_login("remove test keys", access, slot, pin, spend_final_try=spend_final_try)
    with closing(converse(access, order, *secrets_of(pin))) as messages:
        *_, result = messages
    return int(result["removed"])


def _is_good(made: TokenObject, signature: bytes) -> bool:
    try:
        return signature_is_good(public_key(made), signature, _MESSAGE)
    except ValueError:
        return False


_WRONG: Final = Failure(
    None,
    "SIGNATURE_WRONG",
    "A signature made in the token does not verify outside it",
    "stop using this token for signatures and ask its vendor",
    "C_Sign",
)
