"""A worker's part of a connection test: the slots of one queue, one after another."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache

from pkcs11.exceptions import PKCS11Error

from ppinui.config.locate import CONFIG_VARIABLE, SECRETS_VARIABLE
from ppinui.files.memory_file import MemoryFile
from ppinui.pkcs11.raw_calls import CryptokiError
from ppinui.pkcs11.structures import text_of, version_of
from ppinui.pkcs11.token_flags import TokenFlag
from ppinui.pkcs11.worker import ModuleWorker
from ppinui.probe.conditions import StageError
from ppinui.probe.result import Outcome, Stage
from ppinui.probe.slot_probe import SlotProbe
from ppinui.probe.slot_request import SlotRequest
from ppinui.provider.provider_log import read_log
from ppinui.provider.vendor_codes import SESSION_OBJECTS_DISABLED
from ppinui.workers.channel import Message

GRACE = 5
"""Seconds after its deadline at which a worker ends itself, in case its parent is gone."""


class _SlotRun:
    """One slot's way through the stages."""

    def __init__(self, worker: ModuleWorker, probe: SlotProbe, request: SlotRequest, log: MemoryFile) -> None:
        self._worker = worker
        self._probe = probe
        self._request = request
        self._log = log

    def stage(self, stage: Stage, work: Callable[[], str | None]) -> bool:
        """Pass one stage and report it; the work returns a note. True if the next one may follow."""
        self._worker.send("started", stage=stage)
        signal.alarm(math.ceil(self._request.timeout) + GRACE)
        begun = time.perf_counter()
        report: Message = {"stage": stage, "outcome": Outcome.OK}
        try:
            report["note"] = work()
        except StageError as error:
            report["outcome"] = Outcome.SKIPPED if error.skipped else Outcome.FAILED
            report |= {"condition": error.condition, "detail": error.detail}
        except CryptokiError as error:
            report |= {"outcome": Outcome.FAILED, "answered": error.code}
        except PKCS11Error as error:  # no return value of the module
            report |= {"outcome": Outcome.FAILED, "condition": "unknown-answer", "detail": str(error)}
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
        self._worker.send("ended", **report)
        return report["outcome"] is Outcome.OK

    def run(self, pin: bytearray | None) -> bool:
        """Go through the stages until one does not pass; returns whether the worker may test another slot."""
        request, probe = self._request, self._probe
        reusable = True
        passed = (
            self.stage(Stage.LOAD, self._load)
            and self.stage(Stage.SLOT, lambda: probe.find_slot(request.slot_id, request.label))
            and self.stage(Stage.TOKEN, self._token)
            and self.stage(Stage.SESSION, probe.open_session)
        )
        if passed and pin is not None:
            # After a failed login the library leaves the session open: only a fresh process is clean.
            reusable = self.stage(
                Stage.LOGIN,
                lambda: probe.login(
                    pin, spend_final_try=request.spend_final_try, spend_one_try=request.spend_one_try
                ),
            )
            if reusable and request.crypto:
                self.stage(Stage.CRYPTO, probe.use_crypto)
        signal.alarm(math.ceil(request.timeout) + GRACE)
        try:
            probe.leave_slot()
        except CryptokiError:
            reusable = False
        signal.alarm(0)
        return reusable and probe.loaded

    def _load(self) -> None:
        info = self._probe.load(anew=self._request.initialise_anew)
        self._worker.send("module", **asdict(info))

    def _token(self) -> None:
        found = self._probe.read_token()
        label = text_of(found.label)
        # a Primus shows its firmware as the hardware version
        self._worker.send("token", firmware=version_of(found.hardware_version), label=label)
        if not found.flags & TokenFlag.INITIALISED:
            raise StageError("token-not-initialised")
        if self._request.label not in (None, label):
            raise StageError("label-mismatch", f"the token's label is '{label}'")


class _PrivateFiles:
    """What the library reads and writes of one slot; the process has them until its end."""

    def __init__(self) -> None:
        self.log = MemoryFile("provider-log", writable=True)
        self._files = {
            CONFIG_VARIABLE: MemoryFile("provider-configuration"),
            SECRETS_VARIABLE: MemoryFile("provider-secrets"),
        }
        self._before = {variable: os.environ.get(variable) for variable in self._files}

    def provide(self, variable: str, content: bytearray | None) -> None:
        """Let the variable name a file with this content; with None, what it named at the start."""
        if content is not None:
            self._files[variable].replace(content)
            os.environ[variable] = self._files[variable].path
        elif (before := self._before[variable]) is not None:
            os.environ[variable] = before
        else:
            os.environ.pop(variable, None)


_private_files = cache(_PrivateFiles)
_probe_of = cache(SlotProbe)
"""One for each process: of the library's environment, and of the module at this path."""


def prepare(_worker: ModuleWorker, _request: Message, _attachments: list[bytearray]) -> Message:
    """The first operation: ``ready``, with the path of the private log."""
    # The kernel ends the process if a module never comes back and the parent is gone.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return {"kind": "ready", "log": _private_files().log.path}


def probe_slot(worker: ModuleWorker, message: Message, attachments: list[bytearray]) -> Message:
    """Test one slot; sends ``started`` and ``ended`` for each stage, and ``module`` and ``token``.

    ``message["request"]``: the fields of a SlotRequest. Attachments: those that it says, in their order: the
    configuration, the secrets file, the PIN. Returns whether the worker is ``reusable``.
    """
    request = SlotRequest(**message["request"])
    files, left = _private_files(), iter(attachments)
    files.log.wipe()
    files.provide(CONFIG_VARIABLE, next(left) if request.own_configuration else None)
    files.provide(SECRETS_VARIABLE, next(left) if request.own_secrets_file else None)
    run = _SlotRun(worker, _probe_of(request.module), request, files.log)
    return {"reusable": run.run(next(left) if request.login else None)}
