"""Slots that are named by their id alone: without a network, each HSM with a library of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from ppinui.errors import PpinuiError
from ppinui.probe.credentials import NO_LOGIN, Pin, SecretSource, SlotSecrets
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.result import Outcome, Report, Stage
from ppinui.probe.run_state import ProbeEvent
from ppinui.probe.runner import ProbeOptions, run
from ppinui.secrets.secret import Secret
from ppinui.workers.cancellation import Cancellation
from tests.rig.odd_module import OddModule, Switches, hangs

MakeOdd = Callable[[Switches], OddModule]


class Pins:
    """The PIN of every slot is 1234, but for those without login."""

    def __init__(self, *without: str, source: SecretSource = SecretSource.CONFIGURATION) -> None:
        self._without = without
        self._source = source

    def secrets_of(self, _test: SlotTest) -> SlotSecrets:
        return SlotSecrets()

    def pin_of(self, user: str) -> Pin:
        return NO_LOGIN if user in self._without else Pin(Secret("1234"), self._source)


def plan(*slots: tuple[str, int]) -> Plan:
    """HSM and id of each slot; its user is ``HSM.ID``."""
    return Plan(
        "made up",
        tuple(
            SlotTest(index, hsm, f"slot{number}", number, f"{hsm}.{number}", f"{hsm}.{number}")
            for index, (hsm, number) in enumerate(slots)
        ),
    )


def options(*modules: tuple[str, Path | PpinuiError], **more: object) -> ProbeOptions:
    return ProbeOptions(
        None, modules=dict(modules), login=True, timeout=5.0, environ=dict(os.environ), **more
    )  # type: ignore[arg-type]


def test_each_hsm_has_its_library_and_its_lane(odd: MakeOdd) -> None:
    one, two = odd(Switches(slots={1: "A", 2: "B"})), odd(Switches(slots={1: "C"}))
    report = run(
        plan(("x", 1), ("y", 1), ("x", 2)), options(("x", one.path), ("y", two.path)), credentials=Pins()
    )

    assert [(slot.hsm, slot.user, slot.outcome) for slot in report.results] == [
        ("x", "A", Outcome.OK),
        ("y", "C", Outcome.OK),
        ("x", "B", Outcome.OK),
    ]
    assert [slot.module for slot in report.results] == [str(one.path), str(two.path), str(one.path)]
    assert report.module is None
    assert report.results[0].stages[0].stage is Stage.LOAD
    assert len({call.pid for call in one.calls}) == 1


def test_a_missing_library_fails_its_own_hsm_alone(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "A"}))
    missing = PpinuiError("there is none", "/lib/x.so", "link it")
    report = run(plan(("x", 1), ("y", 1)), options(("x", missing), ("y", module.path)), credentials=Pins())

    first, second = report.results
    assert first.error is not None
    assert (first.error.name, first.error.remedy, first.module) == ("MODULE_MISSING", "link it", "/lib/x.so")
    assert second.outcome is Outcome.OK


def test_a_slot_without_login_is_fine_and_says_so(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "A"}))
    report = run(plan(("x", 1)), options(("x", module.path)), credentials=Pins("x.1"))

    (slot,) = report.results
    assert (slot.outcome, slot.stages[-1].outcome) == (Outcome.OK, Outcome.SKIPPED)
    assert slot.stages[-1].note is not None
    assert slot.secrets == {}
    assert module.attempts == ()


def test_no_label_finds_another_slot(odd: MakeOdd) -> None:
    module = odd(Switches(slots={2: "x.1"}))
    report = run(plan(("x", 1)), options(("x", module.path)), credentials=Pins())
    assert report.results[0].error is not None
    assert report.results[0].error.name == "CKR_SLOT_ID_INVALID"


def test_a_pin_that_somebody_typed_is_offered_after_a_wrong_one(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "A"}))
    module.set_wrong_pins("A", 1)
    report = run(plan(("x", 1)), options(("x", module.path)), credentials=Pins(source=SecretSource.ASKED))
    assert report.failures == 0


def test_an_interrupted_run_speaks_of_no_network(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "A", 2: "B"}, faults=(hangs("C_OpenSession", at=1),)))
    stop = Cancellation()

    def on_event(event: ProbeEvent) -> None:
        if event.stage is Stage.SESSION:
            threading.Thread(target=stop.cancel).start()

    report: Report = run(
        plan(("x", 1), ("x", 2)),
        options(("x", module.path)),
        credentials=Pins(),
        on_event=on_event,
        stop=stop,
    )
    stop.close()
    assert report.interrupted
    assert [slot.stages[-1].stage for slot in report.results] == [Stage.SESSION, Stage.LOAD]
