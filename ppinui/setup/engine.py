"""Going through the steps of a kind: where one is, what was answered, what was found, what is done.

A user interface calls :meth:`Walkthrough.page`, asks the questions on it, passes the answers to
:meth:`Walkthrough.answer`, carries out actions with :meth:`Walkthrough.act`, and moves with
:meth:`Walkthrough.forward`, :meth:`Walkthrough.back`, :meth:`Walkthrough.go_to`. All of these may wait for a
disk, ``page`` and ``act`` for a network and the keyring too: a screen calls them in one thread of their own,
always the same (the keyring's process is tied to it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ppinui.errors import PpinuiError
from ppinui.services.context import Context
from ppinui.setup.progress import ProgressFile
from ppinui.setup.questions import Answers, Question, Unacceptable, Value
from ppinui.setup.walkthrough import (
    Action,
    Block,
    Finding,
    Given,
    Here,
    Running,
    SetupKind,
    Step,
    StepState,
    from_exception,
)


@dataclass(frozen=True)
class Asked:
    """A question, with the answer that it has now: the user's own, else the default, else None."""

    question: Question
    value: Value | None


@dataclass(frozen=True)
class StepPage:
    """All of a step at one moment, ready to be shown.

    ``finding`` is None before the step was looked at, and while a question has no answer. ``outcome`` is the
    problem that the step's last action ended in, until something else was done.
    """

    step: Step
    number: int
    """Counted from 1."""
    total: int
    blocks: tuple[Block, ...]
    asked: tuple[Asked, ...]
    finding: Finding | None
    outcome: Finding | None

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The ids of the questions that need an answer before anything can be found or done."""
        return tuple(one.question.id for one in self.asked if one.value is None and one.question.required)

    @property
    def may_go_on(self) -> bool:
        """Whether the step lets one go on."""
        if self.finding is None:
            return False
        return not self.step.required or self.finding.state in (StepState.DONE, StepState.NOT_NEEDED)


class Walkthrough:
    """One pass through the steps of a kind. Answers and position outlive the program, however it ends."""

    def __init__(self, kind: SetupKind, context: Context, *, keeping: bool = True) -> None:
        """Goes on where an earlier pass of this kind on this primus.cfg was interrupted.

        Without ``keeping`` it begins anew, and leaves nothing for another one: the answers are in a file.
        Raises PpinuiError where the primus.cfg cannot even be looked for.
        """
        self.kind = kind
        self.context = context
        self._file = None
        self._kept: dict[str, Value] = {}
        self._index = 0
        self._outcomes: dict[str, Finding] = {}
        self.resumed = False
        """Whether there was something to go on with."""
        if keeping:
            self._file = ProgressFile(context.state, kind.name, context.config_path())
            self._resume(self._file)

    def page(self, *, look: bool = True) -> StepPage:
        """The step as it is now. Whatever goes wrong becomes a finding.

        Without ``look`` there is no finding, and nothing slower than a file is waited for.
        """
        step = self.step
        here = self._here(self._index)
        asked = tuple(
            Asked(question, here.answers.values.get(question.id)) for question in step.questions(here)
        )
        page = StepPage(step, self._index + 1, len(self.kind.steps), step.blocks(here), asked, None, None)
        if not look or page.unanswered:
            return page
        try:
            finding = self._leading_back(step.look(here))
        except PpinuiError as error:
            finding = from_exception(error)
        outcome = self._outcomes.get(step.id)
        if outcome is not None and outcome.state is not StepState.PROBLEM:
            return replace(page, finding=replace(outcome, action=finding.action))
        return replace(page, finding=finding, outcome=outcome)

    @property
    def step(self) -> Step:
        """The step that one is at."""
        return self.kind.steps[self._index]

    @property
    def answers(self) -> Answers:
        """All answers up to this step, defaults included."""
        return self._here(self._index).answers

    def answer(self, given: Mapping[str, object]) -> dict[str, str]:
        """Answer questions of this step, all or some, and keep the answers.

        None means no answer, where one is not required. Returns what is wrong with which answer, by the
        ids of their questions; what is right is kept all the same. A question that depends on another of the
        step has to be answered in a later call. Raises PpinuiError when answers without a flaw cannot be kept
        for later; they count all the same.
        """
        questions = {question.id: question for question in self.step.questions(self._here(self._index))}
        flaws: dict[str, str] = {}
        for id, value in given.items():
            question = questions[id]
            try:
                if value is None and not question.required:
                    self._kept.pop(id, None)
                    continue
                accepted = question.accept(value)
            except Unacceptable as flaw:
                flaws[id] = str(flaw)
                continue
            # A default follows the answers that it was made from; what was chosen stays.
            if accepted == question.default:
                self._kept.pop(id, None)
            else:
                self._kept[id] = accepted
        self._outcomes.clear()
        try:
            self._keep()
        except PpinuiError:
            if not flaws:  # what is wrong with an answer matters more
                raise
        return flaws

    def act(self, action: Action, given: Given, running: Running) -> Finding | None:
        """Carry out the action of this step's page; what it returns or what went wrong becomes its outcome.

        Nothing but the action itself touches ``given``: the caller, who asked for the secrets, wipes them.
        """
        step = self.step
        try:
            outcome = action.run(given, running)
        except PpinuiError as error:
            outcome = from_exception(error)
        outcome = None if outcome is None else self._leading_back(outcome)
        if action.changes:
            self._outcomes.clear()  # what a test has shown of the others is over
        else:
            self._outcomes.pop(step.id, None)
        if outcome is not None and (outcome.state is StepState.PROBLEM or not action.changes):
            self._outcomes[step.id] = outcome  # of what was changed, a new look says more
        return outcome

    def forward(self) -> bool:
        """To the next step; False at the end, where nothing is kept for later any more."""
        if self._index + 1 == len(self.kind.steps):
            if self._file is not None:
                self._file.forget()
            return False
        self._go(self._index + 1)
        return True

    def back(self) -> bool:
        """To the step before; False at the first one."""
        if self._index == 0:
            return False
        self._go(self._index - 1)
        return True

    def go_to(self, step: str) -> None:
        """To the step with this id. Raises KeyError."""
        self._go(self.kind.index(step))

    def forget(self) -> None:
        """Begin anew: all answers are dropped, those that were kept too."""
        self._kept.clear()
        self._outcomes.clear()
        self._index = 0
        if self._file is not None:
            self._file.forget()

    def _leading_back(self, finding: Finding) -> Finding:
        """The same, with ways back to steps that this kind has."""
        return replace(
            finding,
            back_to=self.kind.way_back(finding.back_to),
            items=tuple(self._leading_back(item) for item in finding.items),
        )

    def _go(self, index: int) -> None:
        self._index = index
        self._keep()

    def _keep(self) -> None:
        if self._file is not None:
            self._file.keep(self.step.id, self._kept)

    def _resume(self, file: ProgressFile) -> None:
        if (progress := file.read()) is None:
            return
        try:
            self._index = self.kind.index(progress.step)
        except KeyError:  # of another version
            return
        self._kept = dict(progress.answers)
        self.resumed = True

    def _here(self, index: int) -> Here:
        """What the functions of a step are given: the answers of all steps up to it, each as it counts."""
        values: dict[str, Value] = {}
        here = Here(self.kind, Answers(values), self.context)
        for step in self.kind.steps[: index + 1]:
            before = None
            while before != values:  # a question of a step may depend on another one's answer
                before = dict(values)
                for question in step.questions(here):
                    if (value := self._value(question)) is not None:
                        values[question.id] = value
        return here

    def _value(self, question: Question) -> Value | None:
        kept = self._kept.get(question.id)
        if kept is None:
            return question.default
        try:
            return question.accept(kept)
        except Unacceptable:  # what may be answered has changed since
            return question.default
