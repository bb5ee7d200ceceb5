"""The PKCS#11 module that the screens of tokens and objects ask, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message

from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, Interrupted
from ppinui.tokens.slot import Slot
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.tui.background import off_screen, warm_up_workers
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.workers.cancellation import Cancellation

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

Result = TypeVar("Result")


class Busy(Message):
    """The module is asked something now (in words), or nothing any more ("")."""

    def __init__(self, doing: str) -> None:
        self.doing = doing
        super().__init__()


class SlotChanged(Message):
    """A slot is otherwise than it was."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        super().__init__()


class GivenUp(Exception):
    """Somebody was asked, and went back: nothing is done, and nothing is said."""


class Reach:
    """How this app reaches tokens. Its user has to agree before a Primus provider connects."""

    def __init__(self, app: PpinuiApp) -> None:
        self.app = app
        self.module: Path | None = None
        """None until it has been looked for, and where there is none."""
        self.doing = ""
        """What the module is asked just now, in words; "" for nothing."""
        self.is_changing = False
        """Whether that changes a token: the app is not left meanwhile."""
        self._may_connect: set[Path] = set()
        self._stop: Cancellation | None = None
        self._lock = asyncio.Lock()
        self._flows = 0
        self._wrong_pins: set[str] = set()

    def flow(self, flow: Coroutine[Any, Any, object]) -> None:
        """Run something that asks questions and the module, unless something of that kind is on.

        One at a time: SoftHSM2 and others do not bear two processes that change the same token.
        """
        ending = self._stop is not None and self._stop.requested
        if self._lock.locked() and not ending:
            flow.close()
            self.app.notify(f"Wait: {self.doing or 'something else is on'}. x cancels it.", markup=False)
            return

        async def run() -> None:
            async with self._lock:  # what was stopped has a moment to end in order
                try:
                    await flow
                except GivenUp:
                    return

        self._flows += 1
        self.app.in_flow(run(), f"token-{self._flows}")

    def known_pin(self, label: str) -> Secret | None:
        """The user PIN of a partition, where the app was started with those (the demo is)."""
        pin = self.app.setup.pin
        if pin is None or label in self._wrong_pins:
            return None
        users = {slot.user_name for slot in self.app.main.config.slots}
        return pin(label) if label in users else None

    def forget_pin(self, label: str) -> None:
        """It is not the PIN of this token any more."""
        self._wrong_pins.add(label)

    def stop(self) -> None:
        """End what is going on; its worker process goes with it."""
        if self._stop is not None:
            self._stop.cancel()

    async def ask(
        self,
        doing: str,
        work: Callable[[Access], Result],
        *,
        secrets: Sequence[Secret] = (),
        changes: bool = False,
        never_on_primus: bool = False,
    ) -> Result:
        """What ``work`` returns or raises, done away from the screen; a Primus is asked after leave alone.

        ``secrets``: wiped when they were used. ``changes``: it changes a token. ``never_on_primus``: the
        commands do not do it on a Primus either. Raises PpinuiError, and GivenUp.
        """

        def spend(access: Access) -> Result:
            try:
                return work(access)
            finally:
                # Here, where nobody is left who would offer what is no PIN any more.
                for secret in secrets:
                    secret.wipe()

        self.is_changing = changes
        try:
            return await self._ask(doing, spend, never_on_primus)
        except TokenRefusal as refusal:
            if refusal.name != "primus" or secrets:
                raise
            await self._ask_for_leave()
            return await self._ask(doing, spend, never_on_primus)
        except Interrupted:
            if changes:
                raise  # what has become of the token is to be looked at
            raise GivenUp from None
        finally:
            self.is_changing = False

    async def _ask(self, doing: str, work: Callable[[Access], Result], never_on_primus: bool) -> Result:
        if self.module is None:
            self.module = await off_screen(self.app.setup.module)
        module, stop = self.module, Cancellation()

        def run() -> Result:
            try:
                warm_up_workers()
                return work(self._access(module, stop, never_on_primus))
            finally:
                stop.close()

        self._say(doing, stop)
        try:
            return await off_screen(run)
        finally:
            self._say("", None)

    def saw(self, slot: Slot, flags: int | None) -> None:
        """The token of a slot has these flags now (None: they could not be read); the screens are told."""
        if flags is not None and slot.token is not None:
            changed = replace(slot, token=slot.token.with_flags(flags))
            self._tell(lambda: SlotChanged(changed))

    def _say(self, doing: str, stop: Cancellation | None) -> None:
        self.doing, self._stop = doing, stop
        self._tell(lambda: Busy(doing))

    def _tell(self, make: Callable[[], Message]) -> None:
        for screen in self.app.screen_stack:
            screen.post_message(make())

    def _access(self, module: Path, stop: Cancellation, never_on_primus: bool) -> Access:
        setup, connect = self.app.setup, module in self._may_connect
        environ = dict(setup.environ)
        if connect:  # with what is open here
            if setup.configuration.exists():
                environ["SECUROSYS_PKCS11_CONF"] = str(setup.configuration)
            if setup.secrets_file is not None:
                environ["SECUROSYS_SECRETS_CONF"] = str(setup.secrets_file)
        return Access(
            module,
            environ,
            timeout=setup.timeout,
            connect=connect,
            never_on_primus=never_on_primus,
            stop=stop,
        )

    async def _ask_for_leave(self) -> None:
        """Raises GivenUp where it is not given."""
        assert self.module is not None
        answer = await self.app.push_screen_wait(
            Question(
                "This is the Primus provider. Let it connect to its HSMs?",
                [
                    (str(self.module), ""),
                    ("", ""),
                    ("Asked for its slots, it connects with the secrets of .secrets.cfg.", "warning"),
                    ("A Primus is tested on the test screen (F5). m names another library here.", ""),
                ],
                [Answer("back", "b", "Back"), Answer("connect", "c", "Connect")],
            )
        )
        if answer != "connect":
            raise GivenUp
        self._may_connect.add(self.module)
