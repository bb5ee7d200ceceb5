"""A run that somebody ends from another thread, as a screen does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ppinui.probe.result import Stage
from ppinui.probe.run_state import ProbeEvent
from ppinui.workers.cancellation import Cancellation
from tests.probe.scenes import HsmSpec, RunTest, SlotSpec, configuration, error_of, outcomes
from tests.rig.listeners import Listener
from tests.rig.odd_module import OddModule, Switches, hangs
from tests.rig.patience import patient


def test_a_run_that_is_stopped_ends_at_once_with_what_is_known(
    odd: Callable[[Switches], OddModule], run_test: RunTest, hsm_listener: Listener
) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, faults=(hangs("C_OpenSession", at=2),)))
    stop = Cancellation()

    def stop_when_it_hangs(event: ProbeEvent) -> None:
        if event.test.user == "TWO" and event.stage is Stage.SESSION:
            threading.Thread(target=stop.cancel).start()

    begun = time.monotonic()
    slots = (SlotSpec("ONE", 1), SlotSpec("TWO", 2))
    report = run_test(
        configuration(HsmSpec(hsm_listener, slots)),
        module.path,
        on_event=stop_when_it_hangs,
        stop=stop,
        timeout=60.0,
    )

    assert time.monotonic() - begun < patient(30)
    assert report.interrupted
    assert outcomes(report) == ["ok", "skipped"]
    assert error_of(report.results[1])[1] == "INTERRUPTED"


def test_a_run_that_was_stopped_before_it_began_tests_nothing(
    run_test: RunTest, hsm_listener: Listener
) -> None:
    stop = Cancellation()
    stop.cancel()
    report = run_test(configuration(HsmSpec(hsm_listener, (SlotSpec("ONE", 1),))), None, stop=stop)

    assert report.interrupted
    stop.close()
