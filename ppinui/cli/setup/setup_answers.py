"""A set-up by a file of answers, unattended: each step is examined, then what is left of it is done."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal

from ppinui.cli.console import ProgressLine, as_json, emit
from ppinui.cli.program_name import rewrite_commands
from ppinui.cli.setup import setup_output
from ppinui.cli.setup.setup_secrets import ActionSecrets
from ppinui.config.redaction import SETUP_PASSWORD, is_secret_name
from ppinui.errors import ExitCode, PpinuiError
from ppinui.services.context import Context
from ppinui.setup.engine import Walkthrough
from ppinui.setup.walkthrough import Finding, Running, SetupKind, StepState, Style, from_exception

_LARGEST: Final = 1024 * 1024
"""Bytes of an answers file."""


class StepResult(Enum):
    """What became of a step."""

    UNCHANGED = "unchanged"
    """It was as it should be."""
    CHANGED = "changed"
    DONE = "done"
    """Something was done that changes nothing: a test."""
    LEFT = "left"
    """Something is left that this program cannot do; the finding says what."""
    NOT_NEEDED = "not needed"
    FAILED = "failed"


@dataclass(frozen=True)
class StepRun:
    """One step of an unattended run."""

    id: str
    title: str
    result: StepResult
    finding: Finding


def read_answers(path: Path) -> dict[str, Any]:
    """Read a TOML file; what its keys mean is not checked.

    Raises PpinuiError for one that cannot be read, and for one with a secret in it, which is not repeated.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        raise PpinuiError(
            f"the answers cannot be read: {error.strerror}", str(path), "name a TOML file"
        ) from None
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise PpinuiError("the answers are not UTF-8", str(path), "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # Its words may quote the line, and a secret with it.
        place = str(error).rpartition("(")[2].removesuffix(")")
        raise PpinuiError(f"the answers are no TOML ({place})", str(path), "correct the file") from None
    _refuse_secrets(given, path)
    return given


def _refuse_secrets(given: object, path: Path, where: str = "") -> None:
    match given:
        case dict():
            for key, value in given.items():
                if is_secret_name(key) and not isinstance(value, bool):
                    raise _secret(f"'{where}{key}' is a secret", path)
                _refuse_secrets(value, path, f"{where}{key}.")
        case list():
            for value in given:
                _refuse_secrets(value, path, where)
        case str() if SETUP_PASSWORD.search(given):
            raise _secret(f"'{where.rstrip('.')}' looks like a setup password", path)


def _secret(message: str, path: Path) -> PpinuiError:
    return PpinuiError(
        f"{message}, and an answers file holds none",
        str(path),
        "take it out; pass secrets by --proxy-password-fd, --setup-password-fd and --pin-fd",
    )


def make_walk(kind: SetupKind, context: Context, given: Mapping[str, Any], origin: str) -> Walkthrough:
    """A walk with these answers, all of them checked before anything is done.

    Raises PpinuiError for an answer that is missing, wrong, or to no question.
    """
    walk = Walkthrough(kind, context, keeping=False)
    known: list[str] = []
    for step in kind.steps:
        walk.go_to(step.id)
        _answer(walk, given, origin, known)
    for key in given:
        if key not in known and not any(key in step.may_ask for step in kind.steps):
            near = difflib.get_close_matches(key, known, n=3)
            raise PpinuiError(
                f"nothing asks for {key!r} in this set-up",
                origin,
                f"did you mean {' or '.join(near)}?" if near else f"it accepts {', '.join(known)}",
            )
    walk.go_to(kind.steps[0].id)
    return walk


def _answer(walk: Walkthrough, given: Mapping[str, Any], origin: str, known: list[str]) -> None:
    """Answer the questions of a step; one may bring another."""
    while new := [one for one in walk.page(look=False).asked if one.question.id not in known]:
        for one in new:
            id = one.question.id
            known.append(id)
            if id in given and (flaws := walk.answer({id: given[id]})):
                raise PpinuiError(f"{id}: {flaws[id]}", origin, one.question.hint or "correct the answer")
            if id not in given and one.value is None and one.question.required:
                raise PpinuiError(f"there is no answer to {id!r}", origin, one.question.hint or "add it")


def run(
    walk: Walkthrough, secrets: ActionSecrets, output: Literal["text", "json"], *, config: str | None = None
) -> int:
    """Every step in its order, up to the first that fails; the result is the exit code.

    ``config``: what ``-c`` has named, for commands in messages.
    """
    runs: list[StepRun] = []
    for step in walk.kind.steps:
        walk.go_to(step.id)
        result, found = _do(walk, secrets)
        if not found.message:  # only to be read
            continue
        runs.append(StepRun(step.id, step.title, result, found))
        if output == "text":
            emit(_as_text(runs[-1], config))
        if result is StepResult.FAILED:
            break
    if output == "json":
        emit(as_json(_as_data(walk, runs, config)))
    return runs[-1].finding.exit_code if runs[-1].result is StepResult.FAILED else ExitCode.FINE


def _do(walk: Walkthrough, secrets: ActionSecrets) -> tuple[StepResult, Finding]:
    """Carry out what is left of a step, one action after another."""
    result = StepResult.UNCHANGED
    done: set[str] = set()
    progress = ProgressLine()
    while True:
        found = walk.page().finding
        assert found is not None
        match found.state:
            case StepState.DONE:
                return result, found
            case StepState.NOT_NEEDED:
                return StepResult.NOT_NEEDED, found
            case StepState.PROBLEM:
                return StepResult.FAILED, found
        action = found.action
        if action is None or action.words in done:
            if walk.step.required or action is not None:
                return StepResult.FAILED, found
            return (StepResult.LEFT if result is StepResult.UNCHANGED else result), found
        done.add(action.words)
        try:
            with secrets.given(action) as given:
                outcome = walk.act(action, given, Running(lambda words: progress(f"  {words}")))
        except PpinuiError as error:
            outcome = from_exception(error)
        finally:
            progress.clear()
        if outcome is not None and outcome.state is not StepState.DONE:
            return StepResult.FAILED, outcome
        result = StepResult.CHANGED if action.changes else StepResult.DONE


def _as_text(one: StepRun, config: str | None) -> str:
    first = f"{one.result.value:<12}"
    lines = [setup_output.wrapped(f"{one.title}: {one.finding.message}", first)]
    if one.finding.remedy:
        lines.append(setup_output.remedy(one.finding.remedy, config, len(first)))
    for item in one.finding.items:
        if item.state is not StepState.DONE:
            lines.append(setup_output.line(item, config, " " * len(first)))
    if one.finding.state is not StepState.DONE:
        lines += setup_output.blocks(one.finding.blocks, config)
    return "\n".join(lines) + "\n"


def _as_data(walk: Walkthrough, runs: Iterable[StepRun], config: str | None) -> dict[str, Any]:
    """The JSON object of a run."""
    ran = list(runs)
    return {
        "kind": walk.kind.name,
        "config": str(walk.context.config_path()),
        "changed": any(one.result is StepResult.CHANGED for one in ran),
        "failed": any(one.result is StepResult.FAILED for one in ran),
        "steps": [
            {
                "step": one.id,
                "title": one.title,
                "result": one.result.value,
                **_finding(one.finding, config),
                "items": [
                    {"subject": item.subject, "state": item.state.value, **_finding(item, config)}
                    for item in one.finding.items
                ],
            }
            for one in ran
        ],
    }


def _finding(found: Finding, config: str | None) -> dict[str, Any]:
    return {
        "words": found.message,
        "remedy": rewrite_commands(found.remedy, config) or None,
        "commands": [
            line
            for block in found.blocks
            if block.style is Style.COMMAND
            for line in rewrite_commands(block.text, config).split("\n")
        ],
    }
