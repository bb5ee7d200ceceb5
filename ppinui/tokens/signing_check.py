"""A key pair that shows that a token can make keys and sign, and that leaves nothing behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, Interrupted, result_of
from ppinui.tokens.objects import request_with_login, secrets_of
from ppinui.tokens.pins import place_of
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.token_errors import Failure, ModuleLostError, TokenError


@dataclass(frozen=True)
class MadeKey:
    """What was made, and removed again."""

    type: str
    size: str
    on_token: bool


def make_test_key(
    access: Access,
    slot: TokenSlot,
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
    request = request_with_login(
        "signing_ops:make_test_key", access, slot, pin, spend_final_try=spend_final_try
    )
    request |= {"on_token": on_token}
    try:
        result = result_of(access, request, *secrets_of(pin))
    except (ModuleLostError, Interrupted, KeyboardInterrupt, SystemExit):
        if on_token:
            with suppress(PpinuiError):  # what has happened is the error to show
                remove_test_keys(replace(access, stop=None), slot, pin, spend_final_try=spend_final_try)
        raise
    if not result["good"]:
        raise TokenError(_WRONG, place_of(slot, access.module))
    return MadeKey(result["type"], result["size"], on_token)


def remove_test_keys(
    access: Access, slot: TokenSlot, pin: Secret | None, *, spend_final_try: bool = False
) -> int:
    """Remove what an interrupted test has left on the token; returns the number of objects."""
    request = request_with_login(
        "signing_ops:remove_test_keys", access, slot, pin, spend_final_try=spend_final_try
    )
    return int(result_of(access, request, *secrets_of(pin))["removed"])


_WRONG: Final = Failure(
    None,
    "SIGNATURE_WRONG",
    "A signature made in the token does not verify outside it",
    "stop using this token for signatures and ask its vendor",
    "C_Sign",
)
