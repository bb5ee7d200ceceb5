"""The process that tests the slots of one lane, one after another, with the PKCS#11 module loaded."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict

from pkcs11.constants import TokenFlag
from pkcs11.exceptions import PKCS11Error

from ppinui.files.memory_file import MemoryFile
from ppinui.pkcs11.return_codes import code_of_exception
from ppinui.probe.conditions import StageError
from ppinui.probe.result import Outcome, Stage
from ppinui.probe.slot_probe import AnswerError, ModuleInHand, TokenFound
from ppinui.probe.slot_request import SlotRequest
from ppinui.provider.provider_log import read_log
from ppinui.provider.vendor_codes import SESSION_OBJECTS_DISABLED
from ppinui.workers.channel import Channel, Message

GRACE = 5
"""Seconds past its deadline after which a worker ends itself, should nobody be there to end it."""


class _SlotRun:
    """One slot's way through the stages."""

    def __init__(self, channel: Channel, module: ModuleInHand, order: SlotRequest, log: MemoryFile) -> None:
        self._channel = channel
        self._module = module
        self._order = order
        self._log = log

    def stage(self, stage: Stage, work: Callable[[], str | None]) -> bool:
        """Pass one stage and report it; the work returns a note. True if the next one may follow."""
        self._channel.send({"kind": "started", "stage": stage})
        signal.alarm(math.ceil(self._order.timeout) + GRACE)
        begun = time.perf_counter()
        report: Message = {"kind": "ended", "stage": stage, "outcome": Outcome.OK}
        try:
            report["note"] = work()
        except StageError as error:
            report["outcome"] = Outcome.SKIPPED if error.skipped else Outcome.FAILED
            report |= {"condition": error.condition, "detail": error.detail}
        except PKCS11Error as error:
            code = code_of_exception(error)
            report |= {"outcome": Outcome.FAILED, "answered": code}
            if code is None:
                report |= {"condition": "unknown-answer", "detail": str(error)}
        except AnswerError as error:
            report |= {"outcome": Outcome.FAILED, "answered": error.code}
        report["milliseconds"] = (time.perf_counter() - begun) * 1000
        signal.alarm(0)
        if report["outcome"] is Outcome.FAILED:
            findings = read_log(self._log.read())
            if stage is Stage.CRYPTO and findings.code == SESSION_OBJECTS_DISABLED:
                report |= {
                    "outcome": Outcome.SKIPPED,
                    "answered": None,
                    "condition": "session-objects-disabled",
                }
            report |= {"logged": findings.code, "logged_by": findings.function, "errno": findings.errno}
            report["failed_login"] = findings.failed_login
        self._channel.send(report)
        return report["outcome"] is Outcome.OK

    def run(self, pin: bytearray | None) -> None:
        """Go through the stages until one does not pass, then say that the slot is done."""
        order, module = self._order, self._module
        reusable = True
        passed = (
            self.stage(Stage.LOAD, self._load)
            and self.stage(Stage.SLOT, lambda: module.find_slot(order.slot_id, order.label))
            and self.stage(Stage.TOKEN, self._token)
            and self.stage(Stage.SESSION, module.open_session)
        )
        if passed and order.login:
            assert pin is not None
            # After a failed login the library leaves the session open: only a fresh process is clean.
            reusable = self.stage(
                Stage.LOGIN,
                lambda: module.login(
                    pin, spend_final_try=order.spend_final_try, spend_one_try=order.spend_one_try
                ),
            )
            if reusable and order.crypto:
                self.stage(Stage.CRYPTO, module.use_crypto)
        signal.alarm(math.ceil(order.timeout) + GRACE)
        try:
            module.leave_slot()
        except PKCS11Error:
            reusable = False
        signal.alarm(0)
        self._channel.send({"kind": "done", "reusable": reusable and module.loaded})

    def _load(self) -> None:
        info = self._module.load(anew=self._order.initialise_anew)
        self._channel.send({"kind": "module"} | asdict(info))

    def _token(self) -> None:
        found: TokenFound = self._module.read_token()
        self._channel.send({"kind": "token", "firmware": found.firmware, "label": found.label})
        if not found.flags & TokenFlag.TOKEN_INITIALIZED:
            raise StageError("token-not-initialised")
        if self._order.label not in (None, found.label):
            raise StageError("label-mismatch", f"the token's label is '{found.label}'")


def run_slot_tests(channel: Channel) -> None:
    """Take orders from the channel until it closes: the work of a :class:`provider.isolation.Worker`.

    Says ``ready`` with the path of the private log first. For each order it sends ``started`` and ``ended``
    for each stage, ``module`` and ``token`` with what they say of themselves, and ``done`` last.
    """
    # The kernel ends the process if a module never comes back and the parent is gone.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    before = {name: os.environ.get(name) for name in ("SECUROSYS_PKCS11_CONF", "SECUROSYS_SECRETS_CONF")}
    with (
        MemoryFile("provider-log", writable=True) as log,
        MemoryFile("provider-configuration") as configuration,
        MemoryFile("provider-secrets") as secrets_file,
    ):
        channel.send({"kind": "ready", "log": log.path})
        module: ModuleInHand | None = None
        while True:
            message, attachments = channel.receive()
            order = SlotRequest(**message["request"])
            log.wipe()
            for is_ours, file, variable in (
                (order.own_configuration, configuration, "SECUROSYS_PKCS11_CONF"),
                (order.own_secrets_file, secrets_file, "SECUROSYS_SECRETS_CONF"),
            ):
                value = before[variable]
                if is_ours:
                    file.replace(attachments.pop(0))
                    os.environ[variable] = file.path
                elif value is not None:
                    os.environ[variable] = value
                else:
                    os.environ.pop(variable, None)
            pin = attachments.pop(0) if order.login else None
            if module is None:
                module = ModuleInHand(order.module)
            _SlotRun(channel, module, order, log).run(pin)
