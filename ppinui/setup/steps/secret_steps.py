"""The steps that add secrets: the password of a service proxy, and permanent secrets, fetched by ppin."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.fetcher import Fetcher
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import PreparedAnswers
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.setup.questions import Question, QuestionType
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.steps.secret_status import (
    explained,
    find_fetcher,
    look_and_add,
    operations_of,
    saved_config,
    validity,
)
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Given,
    Here,
    Running,
    SecretNeed,
    Step,
    StepState,
    blocks_of,
    from_exception,
)

PROXY: Final = "proxy"
_PASSWORD: Final = "password"  # noqa: S105 - the name of a need


_PROXY_TEXT: Final = """
    A service proxy stands in front of the HSMs and lets in who knows the service user's password. It is
    needed first: all else goes through the proxy.
"""


def _proxy_look(here: Here) -> Finding:
    if not any(slot.proxy_user for slot in saved_config(here).slots):
        return Finding(StepState.NOT_NEEDED, "no service proxy stands in front of these HSMs")
    try:
        fetcher = find_fetcher(here)
    except PpinuiError as error:  # one is there that is not to be trusted
        return from_exception(error, back_to=PROVIDER)
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
            operations_of(here, saved_config(here)).add_proxy(user, asker, fetcher)
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


PROXY_STEP: Final = Step(PROXY, "Proxy password", _PROXY_TEXT, _proxy_look)
"""Adds the password of each service user that has none, once ppin has had it checked."""


PERMANENT: Final = "permanent"
KEEP_PIN: Final = "keep_pin"
"""The question's id."""
_SETUP: Final = "setup"
_PERMANENT_PIN: Final = "pin"


def _permanent_text(here: Here) -> tuple[Block, ...]:
    words = """
        The permanent secret is fetched once, with a setup password and the PKCS#11 PIN, and then kept. It
        does not expire; it stops working when the partition gets a new setup password.
        - {validity}
        - Wrong passwords and PINs are counted by the HSM; too many lock the partition for a time.
    """
    return blocks_of(words, validity=validity(here))


def _permanent_questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(
            KEEP_PIN,
            "Keep the PIN in the keyring too",
            "Then later tests can log in without asking. An application has its PIN from elsewhere, as "
            "before.",
            QuestionType.YES_NO,
            default=False,
        ),
    )


def _permanent_look(here: Here) -> Finding:
    try:
        fetcher = find_fetcher(here)
    except PpinuiError as error:  # one is there that is not to be trusted
        return from_exception(error, back_to=PROVIDER)
    found = look_and_add(
        here,
        SecretKind.PERMANENT,
        "permanent secrets",
        lambda name, alone: None if fetcher is None else _fetching(here, name, fetcher, alone=alone),
    )
    if fetcher is None and found.state is StepState.TO_DO:
        return replace(
            found,
            state=StepState.PROBLEM,
            message=f"{found.message}, and only the vendor's ppin can fetch one",
            remedy="install the provider; or bring a .secrets.cfg made elsewhere: ppinui secret import FILE",
            back_to=PROVIDER,
        )
    return found


def _fetching(here: Here, partition: str, fetcher: Fetcher, *, alone: bool) -> Action:
    keeps_pin = here.answers.yes(KEEP_PIN)

    def fetch(given: Given, running: Running) -> Finding | None:
        operations = operations_of(here, saved_config(here))
        running.say(f"ppin is fetching the permanent secret of '{partition}'")
        answers = PreparedAnswers(*(Secret(given[id].reveal_bytes()) for id in (_SETUP, _PERMANENT_PIN)))
        try:
            operations.update(partition, answers, fetcher)
            if keeps_pin:
                pin = Secret(given[_PERMANENT_PIN].reveal_bytes())
                operations.put(StoredSecret(SecretKind.PIN, partition, password=pin, source="typed"))
        except PpinuiError as error:
            return explained(here, error)
        return None

    pins = " The PIN is kept too." if keeps_pin else " The PIN is not kept."
    return Action(
        f"fetch the permanent secret of '{partition}'",
        f"Asks for setup password and PIN, has ppin fetch the secret from the HSM and keeps it in the "
        f"keyring. The setup password's time begins now.{pins}",
        fetch,
        (
            SecretNeed(
                _SETUP,
                f"Provide setup password for '{partition}': ",
                "--setup-password-fd",
                f"Five groups of five letters and digits, from the security officer or the welcome ticket. "
                f"{validity(here)}",
                owner=partition,
                alone=alone,
            ),
            SecretNeed(
                _PERMANENT_PIN,
                f"Provide PKCS11 password for '{partition}': ",
                "--pin-fd",
                "The PKCS#11 PIN of the partition, from the security officer or the welcome ticket.",
                owner=partition,
                alone=alone,
            ),
        ),
    )


PERMANENT_STEP: Final = Step(
    PERMANENT, "Permanent secret", _permanent_text, _permanent_look, _permanent_questions
)
"""Fetches the permanent secret of each partition that has none."""
