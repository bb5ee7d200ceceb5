"""The step on the HSM's library: in the place where the KMS looks for it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Library, Model, library_of, require_library
from ppinui.kms.kms_locate import locate_kms
from ppinui.kms.kms_reader import load
from ppinui.provider.library import examine
from ppinui.setup.questions import Choice, Question, QuestionType
from ppinui.setup.walkthrough import Action, Finding, Here, Step, StepState, command

LIBRARY: Final = "library"
MODEL: Final = "kms_model"
VENDORS_LIBRARY: Final = "kms_library"
"""The questions' ids."""

_WORDS: Final = {
    Model.PROTECCIO: "Trustway Proteccio",
    Model.CRYPT2PAY: "Trustway Crypt2pay",
    Model.UTIMACO: "Utimaco General Purpose HSM",
    Model.SOFTHSM2: "SoftHSM2",
    Model.SMARTCARDHSM: "SmartCard-HSM",
    Model.OTHER: "any other HSM with a PKCS#11 library",
}


def kms_file(here: Here) -> Path:
    """The kms.toml that is set up, whether it is there yet or not."""
    context = here.context
    return locate_kms(context.config, environ=context.environ, root=context.host.root, must_exist=False)


def expected_library(here: Here) -> Library:
    """What the KMS will load."""
    model = Model(here.answers.text(MODEL))
    return library_of(model, environ=here.context.environ, root=here.context.host.root)


def found_library(here: Here) -> Path:
    """The library in its place. Raises PpinuiError."""
    path = require_library(expected_library(here), root=here.context.host.root)
    examine(path)
    return path


_TEXT: Final = """
    The KMS loads the HSM's PKCS#11 library from one place for each model, and from no other.
    - For an HSM that it does not know by name that is /lib/libkmshsm.so: put a link there.
    - What works with SoftHSM2 works with a KMS as a rule. It has to be for Linux on x86-64.
"""


def _questions(here: Here) -> Iterator[Question]:
    yield Question(
        MODEL,
        "HSM",
        "hsm_model in kms.toml. The KMS knows five by name; 'other' is for all the rest.",
        QuestionType.CHOICE,
        default=_present_model(here).value,
        choices=tuple(Choice(model.value, words) for model, words in _WORDS.items()),
    )
    if here.answers.text(MODEL) and not os.path.exists(expected_library(here).path):
        yield Question(
            VENDORS_LIBRARY,
            "The vendor's library",
            "Where the HSM's own installation has put its PKCS#11 library (….so). Left empty, you put it "
            "into its place yourself.",
            required=False,
        )


def _present_model(here: Here) -> Model:
    """What the file says now, for the default."""
    try:
        file = load(kms_file(here))
    except PpinuiError:  # not there yet, or the step that writes it reports the error
        return Model.OTHER
    models = [one.model for one in file.instances if one.model is not None]
    file.wipe()
    return models[0] if models else Model.OTHER


def _look(here: Here) -> Finding:
    library = expected_library(here)
    try:
        return Finding(StepState.DONE, f"{found_library(here)} is there")
    except PpinuiError as error:
        vendors = here.answers.text(VENDORS_LIBRARY)
        if not vendors:
            return Finding(StepState.PROBLEM, f"{error.message} ({error.place})", error.remedy)
    examine(Path(vendors))
    lines = shlex.join(["sudo", "ln", "-sfn", vendors, str(library.path)])
    if not os.access(library.path.parent, os.W_OK):
        return Finding(
            StepState.PROBLEM,
            f"this account may not write in {library.path.parent}",
            "run the command as root, then look again",
            blocks=(command(lines),),
        )
    return Finding(
        StepState.TO_DO,
        f"{library.path} has to lead to {vendors}",
        action=Action(
            f"make the link {library.path}",
            f"The KMS, and every program that loads {library.path}, gets {vendors} then.",
            lambda *_: _link(library.path, Path(vendors)),
        ),
    )


def _link(place: Path, target: Path) -> None:
    try:
        if place.is_symlink():  # a link that leads nowhere; a file is never replaced
            place.unlink()
        place.symlink_to(target.absolute())
    except OSError as error:
        raise PpinuiError(
            f"the link cannot be made: {error.strerror}",
            str(place),
            f"make it as root: sudo ln -s {shlex.quote(str(target))} {shlex.quote(str(place))}",
        ) from None


KMS_LIBRARY_STEP: Final = Step(
    LIBRARY, "The HSM's library", _TEXT, _look, lambda here: tuple(_questions(here)), required=True
)
"""Asks for the HSM's model, and looks whether the KMS finds its library."""
