"""The step on the password of the service proxy."""

from __future__ import annotations

from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.fetcher import Fetcher
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import PreparedAnswers
from ppinui.secrets.stored_secret import SecretKind
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.steps.secret_fetch import explained, find_fetcher
from ppinui.setup.steps.secret_status import configured, look_and_add, operations_of
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Given,
    Here,
    Running,
    SecretNeed,
    State,
    Step,
    of_error,
    text,
)

PROXY: Final = "proxy"
_PASSWORD: Final = "password"  # noqa: S105 - the name of a need


def proxy_step() -> Step:
    """Adds the password of each service user that has none, once ppin has had it checked."""
    return Step(PROXY, "Proxy password", _text, _look)


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text(
            "A service proxy stands in front of the HSMs and lets in who knows the service user's password. "
            "It is needed first: all else goes through the proxy."
        ),
    )


def _look(here: Here) -> Finding:
    if not any(slot.proxy_user for slot in configured(here).slots):
        return Finding(State.NOT_NEEDED, "no service proxy stands in front of these HSMs")
    try:
        fetcher = find_fetcher(here)
    except PpinuiError as error:  # one is there that is not to be trusted
        return of_error(error, back_to=PROVIDER)
    return look_and_add(
        here, SecretKind.PROXY, "passwords", lambda user, alone: _adding(here, user, fetcher, alone=alone)
    )


def _adding(here: Here, user: str, fetcher: Fetcher | None, *, alone: bool) -> Action:
    checked = "has ppin check it with the proxy, then keeps" if fetcher else "keeps"
    unchecked = "" if fetcher else " It is not checked, for ppin is not installed."

    def add(given: Given, running: Running) -> Finding | None:
        running.say(f"checking the password of '{user}'")
        asker = PreparedAnswers(Secret(given[_PASSWORD].reveal_bytes()))
        try:
            operations_of(here, configured(here)).add_proxy(user, asker, fetcher)
        except PpinuiError as error:
            return explained(here, error)
        return None

    return Action(
        f"add the password of '{user}'",
        f"Asks for the password, {checked} it in the keyring.{unchecked}",
        add,
        (
            SecretNeed(
                _PASSWORD,
                f"Provide proxy password for '{user}' : ",
                "--proxy-password-fd",
                "The password of the service user: for CloudHSM it is in the welcome ticket.",
                owner=user,
                alone=alone,
            ),
        ),
    )
