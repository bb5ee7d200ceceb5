"""Running connection tests for the screen: what is offered is asked for first, the run is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ppinui.config.primus_config import PrimusConfig
from ppinui.editing.result_history import Board, Memory, Progress
from ppinui.errors import PpinuiError
from ppinui.probe.plan import Plan, SlotSelection, make_plan
from ppinui.probe.result import Report
from ppinui.probe.runner import ProbeOptions
from ppinui.provider.library import mentions_primus
from ppinui.secrets.secret import Secret
from ppinui.services.stored_credentials import StoredCredentials
from ppinui.tui.background import run_in_thread
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.controllers.keyring_access import PromptCancelled
from ppinui.tui.controllers.secrets_controller import SecretsController
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.messages import ProgressChanged
from ppinui.tui.widgets.virtual_list import Piece
from ppinui.workers.cancellation import Cancellation


@dataclass(frozen=True)
class ProbeRequest:
    """What the user asked to test."""

    paths: frozenset[str] | None
    """Of HSMs and slots; None: everything."""
    words: str
    login: bool = False
    crypto: bool = False


class ProbeController:
    """The tests of one app: the one that runs, and what is known from those before."""

    def __init__(self, context: ControllerContext, secrets: SecretsController) -> None:
        self._context = context
        self._secrets = secrets
        self.memory = Memory()
        self.board: Board | None = None
        self.subject = ""
        """What is tested, and whether that is saved."""
        self._stop: Cancellation | None = None
        self._shown = -1

    @property
    def running(self) -> bool:
        """Whether a run is on."""
        return self._stop is not None

    def progress(self) -> Progress | None:
        """The state of the run that is on, or of the last one."""
        return self.board.progress() if self.board is not None else None

    def request_failed(self, login: bool, crypto: bool) -> ProbeRequest:
        """What was not fine the last time. Raises PpinuiError where that is nothing."""
        failed = self.memory.failed(self._context.config)
        if not failed:
            raise PpinuiError("nothing has failed so far", "this session", "test everything first")
        return ProbeRequest(frozenset(failed), "what failed last time", login, crypto)

    def cancel(self) -> None:
        """End the run; what is known by then stays."""
        if self._stop is not None:
            self._stop.cancel()

    async def run(self, request: ProbeRequest) -> None:
        """Test what is on the screen, from the questions to the result. Raises PpinuiError."""
        if self.running:
            self._context.notify("A test is running: cancel it first.")
            return
        if not self._context.view.take_typed():
            return
        config = self._context.config
        plan = make_plan(config, SlotSelection(paths=request.paths))
        module, flaw = await run_in_thread(self._find_module)
        is_primus = module is not None and await run_in_thread(lambda: mentions_primus(module))
        try:
            prepared = await self._prepare(config, plan, request, is_primus)
        except PromptCancelled:
            return
        if prepared is None:
            return
        credentials, spend = prepared
        context = self._context.options.context
        options = ProbeOptions(
            module,
            flaw,
            login=request.login,
            crypto=request.crypto,
            timeout=context.timeout,
            spend_final_try=spend,
            secrets_file=None if context.secrets is None else Path(context.secrets),
            environ=self._context.options.environ,
        )
        saved = "not saved yet" if self._context.session.unsaved else "as saved"
        self.subject = f"{request.words}, {saved}"
        report = await self._go(plan, options, credentials, is_primus)
        await self._secrets.tested(credentials, report.results)

    async def _prepare(
        self, config: PrimusConfig, plan: Plan, request: ProbeRequest, is_primus: bool
    ) -> tuple[StoredCredentials, bool] | None:
        """The secrets of a test, after everything was asked that has to be before one of them is offered.

        With whether a PIN's final try may be spent; None where nothing shall be tested.
        """
        credentials = await self._secrets.credentials(
            config, plan, self._asker(plan), login=request.login, connects=is_primus
        )
        with ExitStack() as unused:
            unused.callback(credentials.wipe)
            if not await self._is_meant(plan, request, credentials, is_primus):
                return None
            spend = False
            if request.login:
                pins = await run_in_thread(lambda: {user: credentials.pin_of(user) for user in plan.users})
                offered = {user for user, pin in pins.items() if pin.secret is not None}
                if near := sorted(self.memory.near_lock & offered):
                    spend = await self._may_spend(near)
            unused.pop_all()
        return credentials, spend

    async def _go(
        self, plan: Plan, options: ProbeOptions, credentials: StoredCredentials, is_primus: bool
    ) -> Report:
        board = self.board = Board(plan, clock=self._context.options.clock)
        stop = self._stop = Cancellation()
        self._shown = -1

        def work() -> Report:
            try:
                run_test = self._context.options.run_test
                return run_test(plan, options, credentials=credentials, on_event=board, stop=stop)
            finally:
                credentials.wipe()  # here: nothing can offer it any more

        report: Report | None = None
        timer = self._context.every(0.1, self._show)
        try:
            self._show()
            report = await run_in_thread(work)
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
        self._show()
        if report.interrupted:
            words = "cancelled"
        else:
            words = f"{report.failures} of {report.partitions} failed" if report.failures else "all fine"
        self._context.notify(
            f"Test of {self.subject}: {words}", severity="warning" if report.failures else "information"
        )
        return report

    def _show(self) -> None:
        """Bring the screens up to date, where there is something new."""
        board = self.board
        if board is None or (board.version == self._shown and not self.running):
            return
        self._shown = board.version
        progress = board.progress()
        states = self._context.states
        states.running = {
            row.path: row.stage.value if row.stage is not None else "waits"
            for row in progress.rows
            if progress.running and row.result is None
        }
        fresh = {row.path: row.result for row in progress.rows if row.result is not None}
        states.results = {**self.memory.results_for(self._context.config), **fresh}
        self._context.activity = (
            f" [testing {progress.done} of {progress.total}, {progress.failed} failed]"
            if self.running
            else ""
        )
        self._context.broadcast(partial(ProgressChanged, progress))

    def document_changed(self) -> None:
        """Results of slots that are others now hold no more."""
        if not self.running:
            self._context.states.results = self.memory.results_for(self._context.config)

    def _find_module(self) -> tuple[Path | None, PpinuiError | None]:
        try:
            return self._context.options.find_module(), None
        except PpinuiError as error:
            return None, error

    async def _is_meant(
        self, plan: Plan, request: ProbeRequest, credentials: StoredCredentials, is_primus: bool
    ) -> bool:
        """Whether secrets that were rejected before shall be offered again all the same."""
        doubts = {
            credential: how
            for credential, how in self.memory.doubts(plan, primus=is_primus, login=request.login).items()
            if (credential.kind, credential.owner) not in credentials.withheld
        }
        if not doubts:
            return True
        lines: list[Piece] = [(f"  {credential}: {how}", "") for credential, how in doubts.items()]
        lines += [("", ""), ("Each wrong secret counts, and may lock the partition for a time.", "warning")]
        answer = await self._context.choose(
            "These secrets were rejected before. Offer them again?",
            lines,
            [DialogChoice("back", "b", "Back"), DialogChoice("offer", "o", "Offer them")],
        )
        return answer == "offer"

    async def _may_spend(self, users: Collection[str]) -> bool:
        answer = await self._context.choose(
            "One more wrong PIN locks these partitions. Offer theirs?",
            [(f"  {user}", "") for user in users],
            [DialogChoice("keep", "k", "Test without them"), DialogChoice("offer", "o", "Offer them")],
        )
        return answer == "offer"

    def _asker(self, plan: Plan) -> Callable[[str], Secret]:
        """Who knows the PINs that are not kept."""
        if self._context.options.pin is not None:
            return self._context.options.pin

        def ask(user: str) -> Secret:
            number = plan.users.index(user) + 1
            hint = f"partition {number} of {len(plan.users)}; it is offered once, and not kept"
            return self._secrets.keyring.ask(f"PKCS#11 PIN of {user}", hint)

        return ask
