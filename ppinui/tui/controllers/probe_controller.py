"""Running connection tests for the screen: what is offered is asked for first, the run is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.config.primus import PrimusConfig
from ppinui.editing.result_history import Board, Memory, Progress
from ppinui.errors import PpinuiError
from ppinui.probe.plan import Plan, SlotSelection, make_plan
from ppinui.probe.result import Report
from ppinui.probe.runner import ProbeOptions
from ppinui.provider.library import mentions_primus
from ppinui.secrets.secret import Secret
from ppinui.services.stored_credentials import StoredCredentials
from ppinui.tui.background import off_screen
from ppinui.tui.controllers.secrets_controller import GivenUpError
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.widgets.list_view import Piece
from ppinui.workers.cancellation import Cancellation

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp


@dataclass(frozen=True)
class Wish:
    """What the user asked to test."""

    paths: frozenset[str] | None
    """Of HSMs and slots; None: everything."""
    words: str
    login: bool = False
    crypto: bool = False


@dataclass
class Tester:
    """The tests of one app: the one that runs, and what is known from those before."""

    app: PpinuiApp
    memory: Memory = field(default_factory=Memory)
    board: Board | None = None
    subject: str = ""
    """What is tested, and whether that is saved."""
    _stop: Cancellation | None = None
    _shown: int = -1

    @property
    def running(self) -> bool:
        """Whether a run is on."""
        return self._stop is not None

    def progress(self) -> Progress | None:
        """The state of the run that is on, or of the last one."""
        return self.board.progress() if self.board is not None else None

    def wish_for_failed(self, login: bool, crypto: bool) -> Wish:
        """What was not fine the last time. Raises PpinuiError where that is nothing."""
        failed = self.memory.failed(self.app.main.config)
        if not failed:
            raise PpinuiError("nothing has failed so far", "this session", "test everything first")
        return Wish(frozenset(failed), "what failed last time", login, crypto)

    def cancel(self) -> None:
        """End the run; what is known by then stays."""
        if self._stop is not None:
            self._stop.cancel()

    async def run(self, wish: Wish) -> None:
        """Test what is on the screen, from the questions to the result. Raises PpinuiError."""
        if self.running:
            self.app.notify("A test is running: cancel it first.")
            return
        if not self.app.main.take_typed():
            return
        config = self.app.main.config
        plan = make_plan(config, SlotSelection(paths=wish.paths))
        module, flaw = await off_screen(self._find_module)
        is_primus = module is not None and await off_screen(lambda: mentions_primus(module))
        try:
            prepared = await self._prepare(config, plan, wish, is_primus)
        except GivenUpError:
            return
        if prepared is None:
            return
        supply, spend = prepared
        options = ProbeOptions(
            module,
            flaw,
            login=wish.login,
            crypto=wish.crypto,
            timeout=self.app.setup.timeout,
            spend_final_try=spend,
            secrets_file=self.app.setup.secrets_file,
            environ=self.app.setup.environ,
        )
        saved = "not saved yet" if self.app.session.unsaved else "as saved"
        self.subject = f"{wish.words}, {saved}"
        report = await self._go(plan, options, supply, is_primus)
        await self.app.keeper.tested(supply, report.results)

    async def _prepare(
        self, config: PrimusConfig, plan: Plan, wish: Wish, is_primus: bool
    ) -> tuple[StoredCredentials, bool] | None:
        """The secrets of a test, after everything was asked that has to be before one of them is offered.

        With whether a PIN's final try may be spent; None where nothing shall be tested.
        """
        supply = await self.app.keeper.supply(
            config, plan, self._asker(plan), login=wish.login, connects=is_primus
        )
        with ExitStack() as unused:
            unused.callback(supply.wipe)
            if not await self._is_meant(plan, wish, supply, is_primus):
                return None
            spend = False
            if wish.login:
                pins = await off_screen(lambda: {user: supply.pin_of(user) for user in plan.users})
                offered = {user for user, pin in pins.items() if pin.secret is not None}
                if near := sorted(self.memory.near_lock & offered):
                    spend = await self._may_spend(near)
            unused.pop_all()
        return supply, spend

    async def _go(
        self, plan: Plan, options: ProbeOptions, supply: StoredCredentials, is_primus: bool
    ) -> Report:
        board = self.board = Board(plan, clock=self.app.setup.clock)
        stop = self._stop = Cancellation()
        self._shown = -1

        def work() -> Report:
            try:
                run_test = self.app.setup.run_test
                return run_test(plan, options, credentials=supply, on_event=board, stop=stop)
            finally:
                supply.wipe()  # here, where nobody is left who would offer what is no secret any more

        report: Report | None = None
        timer = self.app.set_interval(0.1, self.show)
        try:
            self.show()
            report = await off_screen(work)
        finally:
            timer.stop()
            self._stop = None
            board.end(report)
            stop.cancel()
        tested = [
            (test, result)
            for test, result in zip(plan.tests, report.results, strict=True)
            if result.error is None or result.error.name != "INTERRUPTED"
        ]
        self.memory.learn(tested, primus=is_primus, login=options.login)
        self.show()
        if report.interrupted:
            words = "cancelled"
        else:
            words = f"{report.failures} of {report.partitions} failed" if report.failures else "all fine"
        self.app.notify(
            f"Test of {self.subject}: {words}",
            markup=False,
            severity="warning" if report.failures else "information",
        )
        return report

    def show(self) -> None:
        """Bring the screen up to date, where there is something new."""
        board = self.board
        if board is None or (board.version == self._shown and not self.running):
            return
        if not self.app.main.query("#head"):
            return  # the app ends, and its screens are being taken down
        self._shown = board.version
        progress = board.progress()
        states = self.app.main.states
        states.running = {
            row.path: row.stage.value if row.stage is not None else "waits"
            for row in progress.rows
            if progress.running and row.result is None
        }
        fresh = {row.path: row.result for row in progress.rows if row.result is not None}
        states.results = {**self.memory.results_for(self.app.main.config), **fresh}
        self.app.activity = (
            f" [testing {progress.done} of {progress.total}, {progress.failed} failed]"
            if self.running
            else ""
        )
        self.app.main.show_head()
        self.app.main.states_changed()
        self.app.show_progress(progress)

    def config_changed(self) -> None:
        """Results of slots that are others now hold no more."""
        if not self.running:
            self.app.main.states.results = self.memory.results_for(self.app.main.config)

    def _find_module(self) -> tuple[Path | None, PpinuiError | None]:
        try:
            return self.app.setup.module(), None
        except PpinuiError as error:
            return None, error

    async def _is_meant(self, plan: Plan, wish: Wish, supply: StoredCredentials, is_primus: bool) -> bool:
        """Whether secrets that were rejected before shall be offered again all the same."""
        doubts = {
            credential: how
            for credential, how in self.memory.doubts(plan, primus=is_primus, login=wish.login).items()
            if (credential.kind, credential.owner) not in supply.withheld
        }
        if not doubts:
            return True
        lines: list[Piece] = [(f"  {credential}: {how}", "") for credential, how in doubts.items()]
        lines += [("", ""), ("Each wrong secret counts, and may lock the partition for a time.", "warning")]
        answer = await self.app.push_screen_wait(
            Question(
                "These secrets were rejected before. Offer them again?",
                lines,
                [Answer("back", "b", "Back"), Answer("offer", "o", "Offer them")],
            )
        )
        return answer == "offer"

    async def _may_spend(self, users: Collection[str]) -> bool:
        answer = await self.app.push_screen_wait(
            Question(
                "One more wrong PIN locks these partitions. Offer theirs?",
                [(f"  {user}", "") for user in users],
                [Answer("keep", "k", "Test without them"), Answer("offer", "o", "Offer them")],
            )
        )
        return answer == "offer"

    def _asker(self, plan: Plan) -> Callable[[str], Secret]:
        """Who knows the PINs that are not kept."""
        if self.app.setup.pin is not None:
            return self.app.setup.pin

        def ask(user: str) -> Secret:
            number = plan.users.index(user) + 1
            hint = f"partition {number} of {len(plan.users)}; it is offered once, and not kept"
            return self.app.keeper.ask(f"PKCS#11 PIN of {user}", hint)

        return ask
