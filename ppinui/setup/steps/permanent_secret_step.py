"""The step on permanent secrets: what an application logs in to a partition with, fetched once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.secrets.fetcher import Fetcher
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import PreparedAnswers
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.setup.questions import Question, Sort
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.steps.secret_fetch import explained, find_fetcher, validity
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
    point,
    text,
)

PERMANENT: Final = "permanent"
KEEP_PIN: Final = "keep_pin"
"""The question's id."""
_SETUP: Final = "setup"
_PIN: Final = "pin"


def permanent_step() -> Step:
    """Fetches the permanent secret of each partition that has none."""
    return Step(PERMANENT, "Permanent secret", _text, _look, _questions)


def _text(here: Here) -> tuple[Block, ...]:
    return (
        text(
            "The permanent secret is fetched once, with a setup password and the PKCS#11 PIN, and then kept. "
            "It does not expire; it stops working when the partition gets a new setup password."
        ),
        point(validity(here)),
        point("Wrong passwords and PINs are counted by the HSM; too many lock the partition for a time."),
    )


def _questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(
            KEEP_PIN,
            "Keep the PIN in the keyring too",
            "Then later tests can log in without asking. An application has its PIN from elsewhere, as "
            "before.",
            Sort.YES_NO,
            default=False,
        ),
    )


def _look(here: Here) -> Finding:
    try:
        fetcher = find_fetcher(here)
    except PpinuiError as error:  # one is there that is not to be trusted
        return of_error(error, back_to=PROVIDER)
    found = look_and_add(
        here,
        SecretKind.PERMANENT,
        "permanent secrets",
        lambda name, alone: None if fetcher is None else _fetching(here, name, fetcher, alone=alone),
    )
    if fetcher is None and found.state is State.TO_DO:
        return replace(
            found,
            state=State.PROBLEM,
            words=f"{found.words}, and only the vendor's ppin can fetch one",
            remedy="install the provider; or bring a .secrets.cfg made elsewhere: ppinui secret import FILE",
            back_to=PROVIDER,
        )
    return found


def _fetching(here: Here, partition: str, fetcher: Fetcher, *, alone: bool) -> Action:
    keeps_pin = here.answers.yes(KEEP_PIN)

    def fetch(given: Given, running: Running) -> Finding | None:
        operations = operations_of(here, configured(here))
        running.say(f"ppin is fetching the permanent secret of '{partition}'")
        answers = PreparedAnswers(*(Secret(given[id].reveal_bytes()) for id in (_SETUP, _PIN)))
        try:
            operations.update(partition, answers, fetcher)
            if keeps_pin:
                pin = Secret(given[_PIN].reveal_bytes())
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
                _PIN,
                f"Provide PKCS11 password for '{partition}': ",
                "--pin-fd",
                "The PKCS#11 PIN of the partition, from the security officer or the welcome ticket.",
                owner=partition,
                alone=alone,
            ),
        ),
    )
