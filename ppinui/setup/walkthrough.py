"""What a walkthrough is made of: kinds of set-ups and their steps, as data and small functions.

Nothing here asks or shows anything. :mod:`ppinui.setup.engine` goes through a kind's steps; plain prompts, an
answers file or a screen drive that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

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


class State(Enum):
    """What a step has found."""

    DONE = "done"
    """As it should be: there is nothing to do."""
    TO_DO = "to do"
    """Something is left, by the step's action or by somebody else; one may go on without, unless the step is
    required."""
    PROBLEM = "problem"
    """It does not work; going on leads nowhere until it is mended."""
    NOT_NEEDED = "not needed"
    """The step does not concern this set-up."""


@dataclass(frozen=True)
class SecretNeed:
    """A secret that an action is given, asked for when the user has agreed to it, and never kept in answers.

    ``id`` names it within the action; ``option`` is how a descriptor for it is given on the command line
    ("--proxy-password-fd"); ``twice``: a new one, which a person has to type twice. ``owner``: the partition
    or service user whose it is, "" if it is nobody's; ``alone``: nobody else in this set-up has such a one.
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
    """Is given the plan of a connection test, and gives whoever hears what happens in it; None: nobody."""


Given = Mapping[str, Secret]
"""The secrets of an action by the ids of its needs. Whoever asked for them wipes them afterwards."""


@dataclass(frozen=True)
class Action:
    """Something that a step can do, once the user says so.

    ``words`` begin with a verb ("save /etc/primus/primus.cfg"), ``consequence`` is said before. ``run`` may
    take long and raises PpinuiError; it gives a finding that counts more than a new look, or None.
    """

    words: str
    consequence: str
    run: Callable[[Given, Running], Finding | None]
    secrets: tuple[SecretNeed, ...] = ()
    changes: bool = True
    """Whether it changes something on this machine or an HSM (a test does not)."""


@dataclass(frozen=True)
class Finding:
    """What a step has found, or what came of its action.

    ``words`` are one line, "" where there is nothing to say. ``back_to`` is the id of the step in which a
    problem can be mended. ``items`` are the parts that were looked at, each with a ``subject``; ``blocks``
    are shown below (a diff, commands). ``action``: what the step can do about it now.
    """

    state: State
    words: str
    remedy: str | None = None
    subject: str = ""
    back_to: str | None = None
    items: tuple[Finding, ...] = ()
    blocks: tuple[Block, ...] = ()
    action: Action | None = field(default=None, compare=False)
    exit_code: ExitCode = ExitCode.NOT_FINE
    """What an unattended run ends with, if this is a problem."""


def of_error(error: PpinuiError, *, subject: str = "", back_to: str | None = None) -> Finding:
    """The problem that an error is."""
    return Finding(
        State.PROBLEM,
        f"{error.message} ({error.place})" if error.place else error.message,
        error.remedy,
        subject=subject,
        back_to=back_to,
        exit_code=error.exit_code,
    )


def worst(items: tuple[Finding, ...]) -> State:
    """The state of something by those of its parts."""
    states = {item.state for item in items}
    return next((one for one in (State.PROBLEM, State.TO_DO) if one in states), State.DONE)


@dataclass(frozen=True)
class Here:
    """What the functions of a step are given."""

    kind: Kind
    answers: Answers
    """Those of all questions before, and of the step's own as far as there are some; defaults included."""
    context: Context


@dataclass(frozen=True)
class Step:
    """One step. Steps know nothing of each other but ids of questions, so kinds can share them.

    ``text`` is what it says. ``questions`` may depend on the answers before, those of its own questions
    included: it is asked again after each answer. ``look`` finds out how things are, without changing any;
    it may wait for disks, networks and the keyring, and raise PpinuiError. It is called when every question
    of the step has an answer; a step that is only to be read has none. ``required``: there is no way on while
    it is TO_DO or a PROBLEM. ``may_ask``: ids of questions that it asks in some surroundings only; an answers
    file may have them in all.
    """

    id: str
    title: str
    text: Callable[[Here], tuple[Block, ...]]
    look: Callable[[Here], Finding] = lambda _: Finding(State.DONE, "")
    questions: Callable[[Here], tuple[Question, ...]] = lambda _: ()
    required: bool = False
    may_ask: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of set-up, as a module of :mod:`ppinui.setup.kinds` has it.

    ``name`` is its word on the command line. ``setup_validity``: how long a setup password can be used after
    its first use, in words. ``instead``: where a problem is mended that steps shared with other kinds send to
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
        """The step of this kind in which a problem can be mended that belongs into ``step``."""
        mended_in = self.instead.get(step, step) if step is not None else None
        return mended_in if mended_in in [one.id for one in self.steps] else None

    def index(self, step: str) -> int:
        """The place of a step, from 0. Raises KeyError."""
        for number, one in enumerate(self.steps):
            if one.id == step:
                return number
        raise KeyError(step)
