"""The steps that import an existing set-up: a primus.cfg, and the secrets of a .secrets.cfg."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ppinui.config.primus_config import read
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, load, parse
from ppinui.secrets import secrets_file
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secrets_file import FileEntry, read_entries
from ppinui.secrets.transfer import import_file
from ppinui.setup.questions import Question, Value
from ppinui.setup.steps.keyring_step import KEYRING, store_of
from ppinui.setup.steps.secret_status import operations_of, saved_config
from ppinui.setup.walkthrough import Action, Finding, Given, Here, Running, Step, StepState, from_exception

SOURCE: Final = "source"
CONFIG_FROM: Final = "config_from"
SECRETS_FROM: Final = "secrets_from"
"""The questions' ids."""
IMPORT: Final = "import"


def source_document(here: Here, _: Document | None, origin: str) -> Document:
    """The primus.cfg that was given, as it will be at its place. Raises PpinuiError."""
    document = load(Path(here.answers.text(CONFIG_FROM)))
    return parse(document.text, origin)


_SOURCE_TEXT: Final = "Copies of the files are enough. They stay as they are; delete them when all works."


def _questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(CONFIG_FROM, "Its primus.cfg", "The file's path.", check=_no_file),
        Question(
            SECRETS_FROM,
            "Its .secrets.cfg",
            "The file's path; leave it empty if you got none. Then each permanent secret is fetched anew.",
            required=False,
            check=_no_file,
        ),
    )


def _no_file(value: Value) -> str | None:
    return None if Path(str(value)).is_file() else f"there is no file {value}"


def _look_at_source(here: Here) -> Finding:
    document = source_document(here, None, here.answers.text(CONFIG_FROM))
    names = read(document).credentials().partitions
    if not names:
        return Finding(StepState.PROBLEM, "there is no partition in this primus.cfg", "name another file")
    return Finding(StepState.DONE, f"partitions: {', '.join(names)}")


_IMPORT_TEXT: Final = """
    Permanent secrets and proxy passwords of the file go into the keyring, byte for byte. They may be used on
    several machines, until the partition gets a new one.
"""


def _look_at_secrets(here: Here) -> Finding:
    path = here.answers.text(SECRETS_FROM)
    if not path:
        return Finding(StepState.NOT_NEEDED, "no .secrets.cfg was given")
    try:
        entries = read_entries(Path(path), saved_config(here).credentials())
    except PpinuiError as error:
        return from_exception(error, back_to=SOURCE)
    if not entries:
        return Finding(
            StepState.PROBLEM, f"no user was found in {path}", "check that it is ppin's", back_to=SOURCE
        )
    try:
        waiting = [entry.name for entry in entries if not _is_kept(here, entry)]
    except KeyringError as error:
        return from_exception(error, back_to=KEYRING)
    if not waiting:
        return Finding(StepState.DONE, f"the keyring has the secrets of all {len(entries)} users of the file")
    replaced = [entry.name for entry in entries if store_of(here).has(entry.kind, entry.name)]
    overwritten = [name for name in replaced if name in waiting]
    warning = f" Replaces what the keyring has of {', '.join(overwritten)}." if overwritten else ""
    return Finding(
        StepState.TO_DO,
        f"to be imported: {', '.join(waiting)}",
        action=Action(
            f"import the secrets of {path}",
            f"Keeps the secrets of {len(waiting)} users in the keyring.{warning}",
            lambda given, running: _import(here, Path(path), given, running),
        ),
    )


def _is_kept(here: Here, entry: FileEntry) -> bool:
    """Whether the keyring has this very secret."""
    stored = store_of(here).get(entry.kind, entry.name)
    if stored is None:
        return False
    try:
        return stored.entry is not None and secrets_file.same_entry(stored.entry, entry.opaque)
    finally:
        stored.wipe()


def _import(here: Here, path: Path, _: Given, running: Running) -> None:
    report = import_file(operations_of(here, saved_config(here)), path, replacing=True)
    for kind, name in report.stored:
        running.say(f"imported the {kind.label} of '{name}'")


SOURCE_STEP: Final = Step(SOURCE, "The files", _SOURCE_TEXT, _look_at_source, _questions, required=True)
"""Asks for the files."""

IMPORT_STEP: Final = Step(IMPORT, "Secrets of the file", _IMPORT_TEXT, _look_at_secrets)
"""Takes the secrets of the .secrets.cfg into the keyring."""
