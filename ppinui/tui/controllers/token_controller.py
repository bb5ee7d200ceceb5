"""The PKCS#11 module that the screens of tokens and objects ask, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ppinui.config.locate import CONFIG_VARIABLE, SECRETS_VARIABLE
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access, Interrupted
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.tui.background import preload_workers, run_in_thread
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.messages import ModuleBusy, SlotChanged
from ppinui.workers.cancellation import Cancellation

Result = TypeVar("Result")


class FlowCancelled(Exception):
    """The user was asked, and went back: nothing is done, and no error is shown."""


class TokenController:
    """How this app reaches tokens. Its user has to agree before a Primus provider connects."""

    def __init__(self, context: ControllerContext) -> None:
        self._context = context
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
            self._context.notify(f"Wait: {self.doing or 'something else is on'}. x cancels it.")
            return

        async def run() -> None:
            async with self._lock:  # what was stopped has a moment to end in order
                try:
                    await flow
                except FlowCancelled:
                    return

        self._flows += 1
        self._context.start_flow(run(), f"token-{self._flows}")

    def known_pin(self, label: str) -> Secret | None:
        """The user PIN of a partition, where the app was started with those (the demo is)."""
        pin = self._context.options.pin
        if pin is None or label in self._wrong_pins:
            return None
        users = {slot.user_name for slot in self._context.config.slots}
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
        commands do not do it on a Primus either. Raises PpinuiError, and FlowCancelled.
        """

        def spend(access: Access) -> Result:
            try:
                return work(access)
            finally:
                # Here: nothing can offer it any more.
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
            raise FlowCancelled from None
        finally:
            self.is_changing = False

    async def _ask(self, doing: str, work: Callable[[Access], Result], never_on_primus: bool) -> Result:
        if self.module is None:
            self.module = await run_in_thread(self._context.options.find_module)
        module, stop = self.module, Cancellation()

        def run() -> Result:
            try:
                preload_workers()
                return work(self._access(module, stop, never_on_primus))
            finally:
                stop.close()

        self._set_busy(doing, stop)
        try:
            return await run_in_thread(run)
        finally:
            self._set_busy("", None)

    def saw(self, slot: TokenSlot, flags: int | None) -> None:
        """The token of a slot has these flags now (None: not readable); sends that to the screens."""
        if flags is not None and slot.token is not None:
            changed = replace(slot, token=slot.token.with_flags(flags))
            self._context.broadcast(partial(SlotChanged, changed))

    def _set_busy(self, doing: str, stop: Cancellation | None) -> None:
        self.doing, self._stop = doing, stop
        self._context.broadcast(ModuleBusy)

    def _access(self, module: Path, stop: Cancellation, never_on_primus: bool) -> Access:
        options, connect = self._context.options, module in self._may_connect
        environ = dict(options.environ)
        if connect:  # with what is open here
            if options.configuration.exists():
                environ[CONFIG_VARIABLE] = str(options.configuration)
            if options.context.secrets is not None:
                environ[SECRETS_VARIABLE] = options.context.secrets
        return Access(
            module,
            environ,
            timeout=options.context.timeout,
            connect=connect,
            never_on_primus=never_on_primus,
            stop=stop,
        )

    async def _ask_for_leave(self) -> None:
        """Raises FlowCancelled where it is not given."""
        assert self.module is not None
        answer = await self._context.choose(
            "This is the Primus provider. Let it connect to its HSMs?",
            [
                (str(self.module), ""),
                ("", ""),
                ("Asked for its slots, it connects with the secrets of .secrets.cfg.", "warning"),
                ("A Primus is tested on the test screen (F5). m names another library here.", ""),
            ],
            [DialogChoice("back", "b", "Back"), DialogChoice("connect", "c", "Connect")],
        )
        if answer != "connect":
            raise FlowCancelled
        self._may_connect.add(self.module)
