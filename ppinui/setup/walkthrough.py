"""What a walkthrough is made of: kinds of set-ups and their steps, as data and small functions.

Nothing here asks or shows anything. :mod:`ppinui.setup.engine` goes through a kind's steps; plain prompts, an
answers file or a screen drive that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from ppinui.diagnostic import Diagnostic, Severity
from ppinui.errors import ExitCode, PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.setup.questions import Answers, Question

if TYPE_CHECKING:
    from ppinui.probe.plan import Plan
    from ppinui.probe.run_state import Listener
    from ppinui.services.context import Context
    from ppinui.workers.cancellation import Cancellation


class Style(Enum):
    """How a block of text is shown."""

    TEXT = "text"
    """A paragraph, to be wrapped."""
    POINT = "point"
    """An entry of a list, to be wrapped."""
    COMMAND = "command"
    """Lines for a shell, to be copied as they are; those for root begin with sudo."""
    VERBATIM = "verbatim"
    """Lines that are shown as they are: a diff, a piece of a file."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a point, or lines."""

    style: Style
    text: str


def text(words: str) -> Block:
    return Block(Style.TEXT, words)


def point(words: str) -> Block:
    return Block(Style.POINT, words)


def command(*lines: str) -> Block:
    return Block(Style.COMMAND, "\n".join(lines))


def blocks_of(words: str, **values: str) -> tuple[Block, ...]:
    """Text as blocks, which empty lines separate: ``- `` begins a point, ``$ `` each line of a command.

    ``values`` are put in the places of ``{name}``, whatever characters they have.
    """
    made = []
    for part in re.split(r"\n\s*\n|\n(?=\s*- )", words.strip()):
        lines = [line.strip() for line in part.strip().splitlines()]
        block = text(" ".join(lines))
        if lines[0].startswith("$ "):
            block = command(*(line.removeprefix("$ ") for line in lines))
        elif lines[0].startswith("- "):
            block = point(block.text.removeprefix("- "))
        made.append(replace(block, text=block.text.format(**values)))
    return tuple(made)


class StepState(Enum):
    """What a step has found."""

    DONE = "done"
    """As it should be: there is nothing to do."""
    TO_DO = "to do"
    """Something is left to do, by the step's action or by another person; the user may go on without it,
    unless the step is required."""
    PROBLEM = "problem"
    """It does not work, and has to be fixed before the set-up can go on."""
    NOT_NEEDED = "not needed"
    """The step does not concern this set-up."""


_STATES: Final = {
    Severity.OK: StepState.DONE,
    Severity.WARNING: StepState.TO_DO,
    Severity.ERROR: StepState.PROBLEM,
}


@dataclass(frozen=True)
class SecretNeed:
    """A secret that an action is given, asked for when the user has agreed to it, and never kept in answers.

    ``id`` names it within the action; ``option`` is how a descriptor for it is given on the command line
    ("--proxy-password-fd"); ``twice``: a new one, which a person has to type twice. ``owner``: the partition
    or service user that it belongs to, "" if there is none; ``alone``: this set-up has no other owner of one.
    """

    id: str
    prompt: str
    option: str
    hint: str = ""
    twice: bool = False
    owner: str = ""
    alone: bool = True


@dataclass(frozen=True)
class Running:
    """What an action is carried out with."""

    say: Callable[[str], None]
    """Takes one line on how far it is; may be called often, and from the thread of the action."""
    stop: Cancellation | None = None
    """Ends a long action (the connection test) from another thread; None where Ctrl+C does."""
    watch: Callable[[Plan], Listener] | None = None
    """Called with the plan of a connection test, returns the listener for its events; None: there is none."""


Given = Mapping[str, Secret]
"""The secrets of an action by the ids of its needs. The caller, who asked for them, wipes them afterwards."""


@dataclass(frozen=True)
class Action:
    """Something that a step can do, once the user says so.

    ``words`` begin with a verb ("save /etc/primus/primus.cfg"), ``consequence`` is said before. ``run`` may
    take long and raises PpinuiError; it returns a finding that counts more than a new look, or None.
    """

    words: str
    consequence: str
    run: Callable[[Given, Running], Finding | None]
    secrets: tuple[SecretNeed, ...] = ()
    changes: bool = True
    """Whether it changes something on this machine or an HSM (a test does not)."""


@dataclass(frozen=True)
class Finding:
    """What a step has found, or what came of its action: a diagnostic with the ways on.

    ``message`` is one line, "" where there is nothing to say. ``back_to`` is the id of the step in which a
    problem can be fixed. ``items`` are the parts that were looked at, each with a ``subject``; ``blocks``
    are shown below (a diff, commands). ``action``: what the step can do about it now.
    """

    state: StepState
    message: str
    remedy: str = ""
    subject: str = ""
    back_to: str | None = None
    items: tuple[Finding, ...] = ()
    blocks: tuple[Block, ...] = ()
    action: Action | None = field(default=None, compare=False)
    exit_code: ExitCode = ExitCode.NOT_FINE
    """What an unattended run ends with, if this is a problem."""


def from_exception(error: PpinuiError, *, subject: str = "", back_to: str | None = None) -> Finding:
    """The problem that an error is."""
    return Finding(
        StepState.PROBLEM,
        f"{error.message} ({error.place})" if error.place else error.message,
        error.remedy,
        subject=subject,
        back_to=back_to,
        exit_code=error.exit_code,
    )


def from_diagnostic(seen: Diagnostic) -> Finding:
    """What the doctor has seen, as a part of a step's finding."""
    return Finding(_STATES[seen.severity], seen.message, seen.remedy, subject=seen.subject)


def worst(items: tuple[Finding, ...]) -> StepState:
    """The state of something by those of its parts."""
    states = {item.state for item in items}
    return next((one for one in (StepState.PROBLEM, StepState.TO_DO) if one in states), StepState.DONE)


@dataclass(frozen=True)
class Here:
    """What the functions of a step are given."""

    kind: SetupKind
    answers: Answers
    """Those of all questions before, and of the step's own as far as there are some; defaults included."""
    context: Context


@dataclass(frozen=True)
class Step:
    """One step. Steps know nothing of each other but ids of questions, so kinds can share them.

    ``text`` is what it says, of the answers before or always the same (for blocks_of). ``questions`` may
    depend on the answers before, those of its own questions included: it is asked again after each answer.
    ``look`` finds out how things are, without changing any; it may wait for disks, networks and the keyring,
    and raise PpinuiError. It is called when every question of the step has an answer; a step that is only to
    be read has none. ``required``: there is no way on while it is TO_DO or a PROBLEM. ``may_ask``: ids of
    questions that it asks in some surroundings only; an answers file may have them in all.
    """

    id: str
    title: str
    text: str | Callable[[Here], tuple[Block, ...]]
    look: Callable[[Here], Finding] = lambda _: Finding(StepState.DONE, "")
    questions: Callable[[Here], tuple[Question, ...]] = lambda _: ()
    required: bool = False
    may_ask: tuple[str, ...] = ()

    def blocks(self, here: Here) -> tuple[Block, ...]:
        """What it says now."""
        return self.text(here) if callable(self.text) else blocks_of(self.text)


@dataclass(frozen=True)
class SetupKind:
    """A kind of set-up, as a module of :mod:`ppinui.setup.kinds` has it.

    ``name`` is its word on the command line. ``setup_validity``: how long a setup password can be used after
    its first use, in words. ``instead``: where a problem is fixed that steps shared with other kinds send to
    a step that this kind does not have.
    """

    name: str
    title: str
    summary: str
    steps: tuple[Step, ...]
    setup_validity: str = "3 days"
    instead: Mapping[str, str] = field(default_factory=dict)
    makes_primus_cfg: bool = True
    """Whether its file is a primus.cfg; else it has a file and a search order of its own."""

    def way_back(self, step: str | None) -> str | None:
        """The step of this kind in which a problem can be fixed that belongs into ``step``."""
        fixed_in = self.instead.get(step, step) if step is not None else None
        return fixed_in if fixed_in in [one.id for one in self.steps] else None

    def index(self, step: str) -> int:
        """The place of a step, from 0. Raises KeyError."""
        for number, one in enumerate(self.steps):
            if one.id == step:
                return number
        raise KeyError(step)
