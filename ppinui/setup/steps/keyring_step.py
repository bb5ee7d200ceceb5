"""The step on the keyring: which one keeps the secrets, and why; a vault is made where there is none."""

from __future__ import annotations

from typing import Final

from ppinui.secrets.keyring_client import KeyringChoice, may_exist
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_file import vault_path
from ppinui.setup.questions import Choice, Question, QuestionType
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
    command,
)

KEYRING: Final = "keyring"
"""The question's id."""
SYSTEM: Final = "system"
VAULT: Final = "vault"
_PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a need


def store_of(here: Here) -> SecretStore:
    """The store over the keyring that was named or chosen. Asks nothing yet."""
    named = here.context.keyrings.named.named
    chosen = here.answers.text(KEYRING)
    return here.context.keyrings.store(VAULT if chosen == VAULT and named is None else None)


def _text(here: Here) -> tuple[Block, ...]:
    words = """
        ppinui keeps secrets in the keyring of the account that runs it, and hands them to the applications
        that it starts ('ppinui run').
        - This account is {account}. An application that runs with another account needs its own keyring: go
          through this set-up with that account.
    """
    if here.context.keyrings.named.named is None:
        words += """
        - On a desktop the keyring of the session is there already, and opens when you log in.
        - On a server there is none: the vault is an encrypted file with a passphrase.
        """
    return blocks_of(words, account=here.context.host.account.name)


def _questions(here: Here) -> tuple[Question, ...]:
    if here.context.keyrings.named.named is not None:
        return ()
    desktop = may_exist(KeyringChoice(None), here.context.environ)
    return (
        Question(
            KEYRING,
            "Keyring",
            "The system's own is Secret Service, KWallet, or what macOS has. The vault needs "
            "its passphrase each time, typed or from a systemd credential.",
            QuestionType.CHOICE,
            default=SYSTEM if desktop else VAULT,
            choices=(
                Choice(SYSTEM, "the keyring of this session or system"),
                Choice(VAULT, "an encrypted file, for machines without a desktop"),
            ),
        ),
    )


def _look(here: Here) -> Finding:
    named = here.context.keyrings.named.named
    path = vault_path(here.context.environ)
    if VAULT in (named, here.answers.text(KEYRING)) and not path.exists():
        return Finding(StepState.TO_DO, f"there is no vault yet: {path}", action=_making(here))
    store = store_of(here)
    backend = store.backend()
    store.has(SecretKind.PIN, "")  # a name that no entry has: does the keyring answer?
    place = f" {backend.place}" if backend.place else ""
    items = []
    if backend.name == VAULT and named is None:
        items.append(
            Finding(
                StepState.DONE,
                "let every later command use it",
                subject="vault",
                blocks=(command("export PPINUI_KEYRING=vault"),),
            )
        )
    return Finding(StepState.DONE, f"{backend.name}{place} works ({backend.why})", items=tuple(items))


def _making(here: Here) -> Action:
    path = vault_path(here.context.environ)

    def make(given: Given, running: Running) -> None:
        running.say("making the vault: its passphrase is made hard to guess, which takes a moment")
        vault.create(path, given[_PASSPHRASE], make_folder="PPINUI_VAULT" not in here.context.environ)
        here.context.audit("create vault", path)
        here.context.keyrings.vault_made(given[_PASSPHRASE])

    return Action(
        f"make the vault {path}",
        "Makes an empty vault, which this account alone may read. Nobody can recover its passphrase.",
        make,
        (
            SecretNeed(
                _PASSPHRASE,
                "New passphrase of the vault: ",
                "--vault-passphrase-fd",
                "Whoever knows it and can read the file knows all secrets in it. It can be changed later.",
                twice=True,
            ),
        ),
    )


KEYRING_STEP: Final = Step(KEYRING, "Keyring", _text, _look, _questions, may_ask=(KEYRING,))
"""Chooses the keyring, unless it was named before; makes the vault, if that is chosen and not there."""
