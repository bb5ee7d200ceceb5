"""The step that shows the primus.cfg as it will be, and saves it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ppinui.config.checks.registry import check_document, problems_around_edit
from ppinui.config.config_save import identify, save
from ppinui.config.locate import GROUP
from ppinui.config.primus_config import read
from ppinui.config.redaction import find_secrets, mask, masked_diff
from ppinui.config.template import LOG_FILE
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.errors import ExitCode, PpinuiError
from ppinui.files.atomic_write import written_beside
from ppinui.libconfig.document import Document, encode
from ppinui.setup.cloudhsm_services import DEVELOPER, endpoints_of
from ppinui.setup.config_plan import ConfigPlan, PlannedHsm, PlannedPartition, draft, other_hsms
from ppinui.setup.steps.hsms_step import CLUSTER, HSMS, PLATINUM_NUMBER
from ppinui.setup.steps.partitions_step import PARTITIONS, SERVICE_USER
from ppinui.setup.steps.provider_step import LOG
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Here,
    Running,
    Step,
    StepState,
    Style,
    blocks_of,
    command,
)

SAVE: Final = "save"

Make = Callable[[Here, Document | None, str], Document]
"""Makes the document: of the one that is there, or None, and the path that it will have."""


def save_step(make: Make | None = None, *, back_to: str = PARTITIONS) -> Step:
    """Shows and saves what ``make`` makes; without it, what the answers on HSMs and partitions come to.

    ``back_to``: the step in which errors of the result can be fixed.
    """
    return Step(
        SAVE, "primus.cfg", _text, lambda here: _look(here, make or _by_answers, back_to), required=True
    )


def _by_answers(here: Here, old: Document | None, origin: str) -> Document:
    return draft(old, plan_of(here), origin)


def _text(here: Here) -> tuple[Block, ...]:
    words = """
        This is how {path} will be. Nothing is written before you say so. What is there already stays as it
        is, comments included, and is kept as a backup beside it.
    """
    return blocks_of(words, path=str(here.context.config_path()))


def _look(here: Here, make: Make, back_to: str) -> Finding:
    location = here.context.location(must_exist=False)
    path = location.path
    read_from = identify(path)
    old = here.context.document()
    try:
        new = make(here, old, str(path))
    except PpinuiError as error:
        return Finding(
            StepState.PROBLEM, error.message, error.remedy, back_to=back_to, exit_code=error.exit_code
        )
    if old is not None and old.text == new.text:
        return Finding(StepState.DONE, f"{path} has all of it", items=_notes(here, new, old))
    items = _notes(here, new, old)
    blocks = (Block(Style.VERBATIM, masked_diff(old.text, new.text, str(path)) if old else mask(new.text)),)
    if any(item.state is StepState.PROBLEM for item in items):
        return Finding(
            StepState.PROBLEM,
            "the file would not be right",
            items=items,
            blocks=blocks,
            back_to=back_to,
            exit_code=ExitCode.USAGE,
        )
    before = f"; the file before stays as {path.name}.bak" if old is not None else ""

    def write(_: object, running: Running) -> Finding | None:
        if not os.access(path.parent, os.W_OK):
            return _for_root(here, new, path)
        report = save(path, old, new, read_from=read_from, tracer=here.context.audit)
        for note in report.notes:
            running.say(note)
        return None

    return Finding(
        StepState.TO_DO,
        f"{path} is {'changed' if old else 'new'}",
        items=items,
        blocks=blocks,
        action=Action(f"save {path}", f"Writes {path} for the group {GROUP}{before}.", write),
    )


def _notes(here: Here, new: Document, old: Document | None) -> tuple[Finding, ...]:
    """What the check finds in the new text, if it is not in the old one, and HSMs that stay."""
    problems, new_problems = problems_around_edit(old, new) if old is not None else ((), check_document(new))
    before = {(one.code, one.subject) for one in problems}
    found = [_of_problem(one) for one in new_problems if (one.code, one.subject) not in before]
    return (*(one for one in found if one is not None), *_left(here, new))


def _of_problem(problem: Diagnostic) -> Finding | None:
    if problem.severity is Severity.NOTE:
        return None
    state = StepState.PROBLEM if problem.severity is Severity.ERROR else StepState.TO_DO
    return Finding(state, problem.message, problem.remedy, subject=problem.severity.value)


def _left(here: Here, new: Document) -> Iterator[Finding]:
    if not here.answers.rows(HSMS):
        return
    for hsm in other_hsms(read(new), plan_of(here)):
        yield Finding(
            StepState.TO_DO,
            f"{hsm.name} ({hsm.host}) is in the file too, and stays",
            f"remove it, if it is not used any more: ppinui config remove {hsm.name}",
            subject="note",
        )


def _for_root(here: Here, new: Document, path: Path) -> Finding:
    """The draft in the state folder, and the command that puts it in its place."""
    denied = f"this account may not write in {path.parent}"
    if find_secrets(new.text):
        raise PpinuiError(
            f"{denied}, and the file has passwords in it, so no draft of it is kept elsewhere",
            str(path),
            "go through the set-up with an account that may write there",
        )
    target = here.context.state / "setup" / "primus.cfg"
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_beside(target, encode(new.text)) as (temporary, _):
            temporary.replace(target)
    except OSError as error:
        raise PpinuiError(
            f"{denied}, and the draft cannot be kept: {error.strerror}", str(target), "make room there"
        ) from None
    lines = shlex.join(
        ["sudo", "install", "-b", "-m", "0640", "-o", "root", "-g", GROUP, str(target), str(path)]
    )
    return Finding(
        StepState.PROBLEM,
        denied,
        "run the command as root, then look again",
        blocks=(command(lines),),
        exit_code=ExitCode.USAGE,
    )


def plan_of(here: Here) -> ConfigPlan:
    """HSMs and partitions by the answers."""
    hsms = tuple(
        PlannedHsm(
            str(row["host"]), str(row["port"]), int(row["priority"]), _words(here, str(row["host"]), number)
        )
        for number, row in enumerate(here.answers.rows(HSMS))
    )
    partitions = tuple(
        PlannedPartition(
            str(row["name"]),
            int(row["id"]) if "id" in row else None,
            str(row["client_id"]) if "client_id" in row else None,
        )
        for row in here.answers.rows(PARTITIONS)
    )
    log_file = here.answers.text(LOG) or LOG_FILE
    return ConfigPlan(hsms, partitions, here.answers.text(SERVICE_USER) or None, log_file)


def _words(here: Here, host: str, number: int) -> str:
    """What an HSM is, for a comment."""
    cluster = here.answers.text(CLUSTER)
    for endpoint in endpoints_of(cluster, here.answers.number(PLATINUM_NUMBER)):
        if endpoint.host == host:
            return f"{endpoint.role} of CloudHSM {cluster}"
    for name, endpoint in DEVELOPER.items():
        if endpoint.host == host:
            return f"{name} of the developer program"
    return "the first to be tried" if number == 0 else "tried when those before it do not answer"
