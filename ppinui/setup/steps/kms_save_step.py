"""The step that shows the kms.toml as it will be, and saves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ppinui.config.config_save import Identity, identify
from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_edit import Wanted, change, instance_to_write
from ppinui.kms.kms_file import KmsFile, Login
from ppinui.kms.kms_reader import load, parse
from ppinui.kms.kms_redaction import masked_diff
from ppinui.kms.kms_save import save
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import StoredSecret
from ppinui.secrets.token_pins import offer_pin
from ppinui.setup.questions import Question, QuestionType
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.kms_library_step import MODEL, kms_file
from ppinui.setup.steps.kms_tokens_step import PINS, TOKENS, tokens_of
from ppinui.setup.walkthrough import Action, Block, Finding, Here, Running, Step, StepState, Style, blocks_of

WRITING: Final = "kms"
ADMIN: Final = "kms_admin"
PINS_IN_FILE: Final = "kms_pins_in_file"
"""The questions' ids."""


def _text(here: Here) -> tuple[Block, ...]:
    words = """
        This is how {path} will be. Nothing is written before you say so; what stands there besides, other
        slots too, stays byte for byte.
        - The KMS takes PINs from this file, in clear text, or from its own secret backend (secret://…).
        - A slot without a PIN is written as <NO_LOGIN>: the KMS opens it, and gets at no private key.
    """
    return blocks_of(words, path=str(kms_file(here)))


def _questions(here: Here) -> tuple[Question, ...]:
    return (
        Question(
            ADMIN,
            "Administrator",
            "hsm_admin: the user of the KMS who may create and destroy keys in the HSM.",
            default=_present_admin(here),
        ),
        Question(
            PINS_IN_FILE,
            "Write the PINs into the file",
            "In clear text, in a file that only its owner can read (mode 0600), who has to be the account of "
            "the KMS.",
            QuestionType.YES_NO,
            default=False,
        ),
    )


def _read(here: Here) -> tuple[KmsFile, Identity | None]:
    path = kms_file(here)
    read_from = identify(path)
    return (load(path) if read_from is not None else parse("", str(path))), read_from


def _present_admin(here: Here) -> str:
    try:
        file, _ = _read(here)
        file.wipe()
    except PpinuiError:
        return "admin"
    return next((one.admins[0] for one in file.instances if one.admins), "admin")


def _look(here: Here) -> Finding:
    path = kms_file(here)
    file, read_from = _read(here)
    try:
        text = _made(here, file)
    finally:
        file.wipe()
    if text == file.text:
        return Finding(StepState.DONE, f"{path} has all of it")
    before = f"; the file before stays as {path.name}.bak" if read_from else ", for its owner alone"

    def write(_: object, running: Running) -> None:
        edit = ("setup", here.kind.name)
        report = save(path, file, text, read_from=read_from, edit=edit, tracer=here.context.audit)
        for note in report.notes:
            running.say(note)

    return Finding(
        StepState.TO_DO,
        f"{path} is {'changed' if read_from else 'new'}",
        blocks=(Block(Style.VERBATIM, masked_diff(file.text, text, str(path))),),
        action=Action(f"save {path}", f"Writes {path}{before}.", write),
    )


def _made(here: Here, file: KmsFile) -> str:
    """The file's text with the set-up's tokens as the slots of its HSM."""
    tokens = tokens_of(here)
    slots = {one.slot.id: one.label for one in tokens if one.slot is not None}
    if len(slots) < len(tokens):
        raise PpinuiError("not every token is there", TOKENS, "initialise what is missing first")
    instance = instance_to_write(file, None)
    admin = here.answers.text(ADMIN)
    admins = None if instance is not None and admin in instance.admins else (admin,)
    there = {slot.id: slot.login for slot in instance.slots if slot.id is not None} if instance else {}
    # What the KMS fetches elsewhere is not to become clear text.
    in_clear = {slot: label for slot, label in slots.items() if there.get(slot) is not Login.ELSEWHERE}
    with _pins(here, in_clear) as pins:
        wanted = Wanted(tuple({**there, **slots}), pins, Model(here.answers.text(MODEL)), admins)
        return change(file, instance, wanted)


@contextmanager
def _pins(here: Here, labels: dict[int, str]) -> Iterator[dict[int, Secret]]:
    stored: dict[int, StoredSecret] = {}
    try:
        if here.answers.yes(PINS_IN_FILE):
            for slot, label in labels.items():
                if (found := offer_pin(store_of(here), label)) is None:
                    raise PpinuiError(
                        f"the PIN of '{label}' is not in the keyring",
                        PINS,
                        "keep it there first, in the step on PINs",
                    )
                stored[slot] = found
        yield {slot: one.password for slot, one in stored.items() if one.password is not None}
    finally:
        for one in stored.values():
            one.wipe()


KMS_WRITING_STEP: Final = Step(WRITING, "kms.toml", _text, _look, _questions, required=True)
"""Asks who may administrate the HSM and whether PINs go into the file, shows the change and saves it."""
