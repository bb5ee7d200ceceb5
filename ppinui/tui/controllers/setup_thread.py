"""One set-up walkthrough: it runs in a thread of its own, and what was found in each step is kept here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from ppinui.editing.result_history import Board
from ppinui.errors import PpinuiError
from ppinui.probe.plan import Plan
from ppinui.setup.engine import StepPage, Walkthrough
from ppinui.setup.questions import Value
from ppinui.setup.walkthrough import Action, Finding, Given, Running, StepState
from ppinui.tui.background import ThreadQueue, preload_workers
from ppinui.workers.cancellation import Cancellation

Result = TypeVar("Result")


class Way(Enum):
    """How one came to a step."""

    FORWARD = "forward"
    BACK = "back"
    STRAIGHT = "straight"
    """By its name, or at the beginning."""


class SetupThread:
    """Drives a :class:`Walkthrough` from the screen; its async methods wait for a thread of its own."""

    def __init__(self, walk: Walkthrough, close: Callable[[], None] = lambda: None) -> None:
        """``close`` ends what the walk has opened; it is called in the walk's thread."""
        self.walk = walk
        self.kind = walk.kind
        self.states: dict[str, StepState] = {}
        """What was found in each step, by its id; what was not looked at, or is old, is not there."""
        self._close = close
        self._queue = ThreadQueue()
        self._stop: Cancellation | None = None
        self.board: Board | None = None
        """How far the last connection test of the step is that one is at."""
        self.unkept = ""
        """Why answers and position are not kept for later; "" where they are."""

    @property
    def is_acting(self) -> bool:
        """Whether an action is being carried out."""
        return self._stop is not None

    async def glance(self) -> StepPage:
        """The step as far as it is known without looking."""
        return await self._queue.do(lambda: self.walk.page(look=False))

    async def look(self) -> StepPage:
        """The step with what is found there. May take long."""
        page = await self._queue.do(self.walk.page)
        trouble = page.outcome or page.finding
        if trouble is None:
            self.states.pop(page.step.id, None)
        else:
            self.states[page.step.id] = trouble.state
        return page

    async def answer(self, given: Mapping[str, Value | None]) -> dict[str, str]:
        """Answer questions of the step; returns what is wrong, by question."""
        if not given:
            return {}
        self._forget_from(self._place)
        self.board = None
        return await self._queue.do(lambda: self._kept(lambda: self.walk.answer(given), {}))

    async def go(self, way: Way) -> bool:
        """To the next step, or the one before; False where there is none."""
        self.board = None
        move = self.walk.back if way is Way.BACK else self.walk.forward
        return await self._queue.do(lambda: self._kept(move, True))

    async def go_to(self, step: str) -> str:
        """To a step, or to the first one before it that has to be done first; returns its id."""
        self.board = None
        return await self._queue.do(lambda: self._go_to(step))

    async def act(self, action: Action, given: Given, say: Callable[[str], None]) -> Finding | None:
        """Carry out an action; ``say`` is called in the walk's thread. May take long."""
        stop = self._stop = Cancellation()

        def work() -> Finding | None:
            preload_workers()
            return self.walk.act(action, given, Running(say, stop, self._watch))

        try:
            return await self._queue.do(work)
        finally:
            self._stop = None
            stop.close()
            if self.board is not None:
                self.board.end(None)
            if action.changes:
                self._forget_from(self._place)

    def cancel(self) -> None:
        """End the action, where it can be ended; what is known by then stays."""
        if self._stop is not None:
            self._stop.cancel()

    async def begin_anew(self) -> None:
        """Drop all answers, and go to the first step."""
        await self._queue.do(self.walk.forget)
        self.states.clear()

    async def close(self) -> None:
        """End what was opened. Answers and position are kept already."""
        await self._queue.do(self._close)

    def title_of(self, step: str) -> str:
        """The title of the step with this id."""
        return self.kind.steps[self.kind.index(step)].title

    def _watch(self, plan: Plan) -> Board:
        self.board = Board(plan)
        return self.board

    @property
    def _place(self) -> int:
        return self.kind.index(self.walk.step.id)

    def _forget_from(self, place: int) -> None:
        """What was found from this step on may be another now."""
        for step in self.kind.steps[place:]:
            self.states.pop(step.id, None)

    def _go_to(self, wanted: str) -> str:
        walk = self.walk
        while self._place < self.kind.index(wanted):
            page = walk.page(look=walk.step.required)
            if page.unanswered or (walk.step.required and not page.may_go_on):
                return walk.step.id
            self._kept(walk.forward, True)
        self._kept(lambda: walk.go_to(wanted), None)
        return wanted

    def _kept(self, move: Callable[[], Result], moved: Result) -> Result:
        """What a move returns; ``moved`` where it was made but could not be kept: it counts all the same."""
        try:
            result = move()
        except PpinuiError as error:
            self.unkept = f"{error.message} ({error.place})"
            return moved
        self.unkept = ""
        return result
