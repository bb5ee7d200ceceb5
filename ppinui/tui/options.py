"""What the app is started with: files, environment, and how to find what it needs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ppinui.services.context import Context
from ppinui.state import state_folder

if TYPE_CHECKING:
    from ppinui.probe.credentials import Credentials
    from ppinui.probe.plan import Plan
    from ppinui.probe.result import Report
    from ppinui.probe.run_state import Listener
    from ppinui.probe.runner import ProbeOptions
    from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess
    from ppinui.secrets.secret import Secret
    from ppinui.tokens.module_client import Access
    from ppinui.tokens.objects import ObjectList
    from ppinui.tokens.slot import SlotList, TokenSlot
    from ppinui.workers.cancellation import Cancellation


class Runner(Protocol):
    """Runs a connection test, in the thread that calls it, and reports each event."""

    def __call__(
        self,
        plan: Plan,
        options: ProbeOptions,
        *,
        credentials: Credentials,
        on_event: Listener,
        stop: Cancellation,
    ) -> Report: ...


class SlotLister(Protocol):
    """Lists the slots of a module, and hands on each as it is known (token.slots.list_slots is one)."""

    def __call__(self, access: Access, *, on_slot: Callable[[TokenSlot], None]) -> SlotList: ...


class ObjectLister(Protocol):
    """Lists the objects of a slot, with the user's PIN or without (token.objects.list_objects is one)."""

    def __call__(
        self, access: Access, slot: TokenSlot, pin: Secret | None, *, spend_final_try: bool
    ) -> ObjectList: ...


def _list_slots(access: Access, *, on_slot: Callable[[TokenSlot], None]) -> SlotList:
    from ppinui.tokens.slot_list import list_slots

    return list_slots(access, on_slot=on_slot)


def _list_objects(
    access: Access, slot: TokenSlot, pin: Secret | None, *, spend_final_try: bool
) -> ObjectList:
    from ppinui.tokens.objects import list_objects

    return list_objects(access, slot, pin, spend_final_try=spend_final_try)


def _run_test(
    plan: Plan, options: ProbeOptions, *, credentials: Credentials, on_event: Listener, stop: Cancellation
) -> Report:
    from ppinui.probe.runner import run
    from ppinui.tui.background import preload_workers

    preload_workers()
    return run(plan, options, credentials=credentials, on_event=on_event, stop=stop)


@dataclass(frozen=True)
class AppOptions:
    """Where the app works, and with what."""

    configuration: Path
    context: Context = field(default_factory=Context)
    """Where secrets, ppin and the module are looked for, and on which host; deadlines; the system's log."""
    rule: str = "-c"
    """What led to the configuration, in words."""
    is_there: bool = True
    """Whether there is a configuration; where there is none the app offers to make one."""
    state: Path = field(default_factory=state_folder)
    """The folder for what is to outlive the app."""
    module: Callable[[], Path] | None = None
    """Finds the PKCS#11 library, if not by the context."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """The environment in which the library is loaded."""
    pin: Callable[[str], Secret] | None = field(default=None, repr=False)
    """Knows the PIN of each partition (the demo does); None: people are asked."""
    keyring: KeyringChoice | Literal["usual"] | None = "usual"
    """Which keyring, ``usual`` as the environment says; None: there is none here (the demo keeps nothing)."""
    open_keyring: Callable[..., KeyringProcess] | None = None
    """Called as ``KeyringProcess`` is, which is what None stands for."""
    editor_environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """The environment of the user's editor."""
    look_every: float = 2.0
    """Seconds between two looks at the file, for what others do to it."""
    called: Callable[[str], str] = str
    """Rewrites a message so that its commands of this program can be pasted."""
    run_test: Runner = _run_test
    list_slots: SlotLister = _list_slots
    list_objects: ObjectLister = _list_objects
    clock: Callable[[], float] = time.monotonic
    """Seconds, by which a test shows how long it takes."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """By which certificates expire."""

    def find_module(self) -> Path:
        """The PKCS#11 library. Raises PpinuiError."""
        return self.context.find_module() if self.module is None else self.module()
