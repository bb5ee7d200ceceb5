"""Running connection tests for the screen: what is offered is asked for first, the run is elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.probe.plan import Plan
from ppinui.probe.result import Report
from ppinui.probe.runner import Options
from ppinui.probe.stopping import Stop
from ppinui.provider.library import mentions_primus
from ppinui.secrets.kinds import SecretKind, StoredSecret
from ppinui.secrets.private_folder import PrivateFolder, memory_place
from ppinui.secrets.secret import Secret
from ppinui.secrets.secretsfile import Key
from ppinui.session.testing import Board, Memory, Progress, plan_of
from ppinui.tui.background import off_screen
from ppinui.tui.screens.prompt import Prompt
from ppinui.tui.screens.question import Answer, Question
from ppinui.tui.widgets.rows import Piece

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
    _stop: Stop | None = None
    _offered: dict[str, StoredSecret] = field(default_factory=dict)
    """The PINs of this run that came from the keyring, by partition."""
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
            raise PpinuiError("nothing has failed so far", "this session", "Test everything first.")
        return Wish(frozenset(failed), "what failed last time", login, crypto)

    def cancel(self) -> None:
        """End the run; what is known by then stays."""
        if self._stop is not None:
            self._stop.stop()

    async def run(self, wish: Wish) -> None:
        """Test what is on the screen, from the questions to the result. Raises PpinuiError."""
        if self.running:
            self.app.notify("A test is running: cancel it first.")
            return
        if not self.app.main.take_typed():
            return
        plan = plan_of(self.app.main.config, wish.paths)
        module, flaw = await off_screen(self._find_module)
        is_primus = module is not None and await off_screen(lambda: mentions_primus(module))
        if not await self._is_meant(plan, wish, is_primus):
            return
        self._offered.clear()
        pins = await self._pins(plan) if wish.login else {}
        if pins is None:
            return
        spend = False
        if wish.login and (near := sorted(self.memory.near_lock & set(plan.users))):
            spend = await self._may_spend(near)
        options = Options(
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
        handed = await self.app.keeper.offer(_users_of(plan)) if is_primus else None
        if handed is None:
            await self._go(plan, options, pins, is_primus)
            return
        content, offered = handed
        self.subject += ", secrets of the keyring too"
        with PrivateFolder(memory_place(options.environ)) as folder:
            options = replace(options, secrets_file=folder.write(".secrets.cfg", content))
            report = await self._go(plan, options, pins, is_primus)
        await self.app.keeper.tested(offered, report.results)

    async def _go(self, plan: Plan, options: Options, pins: Mapping[str, Secret], is_primus: bool) -> Report:
        board = self.board = Board(plan, clock=self.app.setup.clock)
        stop = self._stop = Stop()
        self._shown = -1

        def work() -> Report:
            run_test = self.app.setup.run_test
            return run_test(plan, options, pins=lambda user: pins[user], on_event=board, stop=stop)

        report: Report | None = None
        timer = self.app.set_interval(0.1, self.show)
        try:
            self.show()
            report = await off_screen(work)
        finally:
            timer.stop()
            self._stop = None
            board.end(report)
            stop.stop()
        tested = [
            (test, result)
            for test, result in zip(plan.tests, report.results, strict=True)
            if result.error is None or result.error.name != "INTERRUPTED"
        ]
        self.memory.learn(tested, primus=is_primus, login=options.login)
        await self._mark_rejected()
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

    async def _is_meant(self, plan: Plan, wish: Wish, is_primus: bool) -> bool:
        """Whether secrets that were rejected before shall be offered again all the same."""
        doubts = self.memory.doubts(plan, primus=is_primus, login=wish.login)
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

    async def _pins(self, plan: Plan) -> dict[str, Secret] | None:
        """The PIN of each partition, asked for one after another; None where one was not given."""
        found: dict[str, Secret] = {}
        known = self.app.setup.pin
        for number, user in enumerate(plan.users, 1):
            if known is not None:
                found[user] = known(user)
                continue
            kept = await self._kept_pin(user)
            if kept is not None and kept.password is not None:
                self._offered[user] = kept
                found[user] = kept.password
                continue
            hint = f"partition {number} of {len(plan.users)}; it is offered once, and not kept"
            pin = await self.app.push_screen_wait(Prompt(f"PKCS#11 PIN of {user}", hint))
            if pin is None:
                for other in found.values():
                    other.wipe()
                return None
            found[user] = pin
        return found

    async def _kept_pin(self, user: str) -> StoredSecret | None:
        """The PIN in the keyring; None where there is none, or it was rejected: then people are asked."""
        try:
            return await self.app.keeper.pin(user)
        except SecretUnavailable as error:
            self.app.notify(error.message, markup=False, severity="warning")
            return None

    async def _mark_rejected(self) -> None:
        for credential, how in self.memory.rejected.items():
            secret = self._offered.get(credential.owner)
            if credential.kind is SecretKind.PIN and secret is not None:
                await self.app.keeper.mark_rejected(secret, how)
        self._offered.clear()


def _users_of(plan: Plan) -> list[Key]:
    """Whose secrets the provider needs to connect."""
    keys: list[Key] = [(SecretKind.PERMANENT, user) for user in plan.users if user]
    proxies = dict.fromkeys(test.slot.proxy_user for test in plan.tests)
    return [*keys, *((SecretKind.PROXY, name) for name in proxies if name)]
