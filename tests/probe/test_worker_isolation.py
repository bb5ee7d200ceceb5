"""Modules that misbehave cost their own slot one clear result, never the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ppinui.errors import PpinuiError
from ppinui.probe.result import Outcome
from tests.probe.scenes import HsmSpec, RunTest, SlotSpec, configuration, error_of, outcomes
from tests.rig.listeners import Listener
from tests.rig.odd_module import (
    PRIMUS,
    Fault,
    OddModule,
    Switches,
    aborts,
    answers,
    closes,
    crashes,
    exits,
    hangs,
    ignores_signals,
    prints,
)
from tests.rig.unloadable import Unloadable

MakeOdd = Callable[[Switches], OddModule]
THREE = Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"})
SLOTS = (SlotSpec("ONE", 1), SlotSpec("TWO", 2), SlotSpec("THREE", 3))


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (crashes("C_OpenSession", at=2), ("session", "MODULE_CRASHED"), "SIGSEGV"),
        (aborts("C_GetTokenInfo", at=2), ("token", "MODULE_CRASHED"), "SIGABRT"),
        (exits("C_OpenSession", 3, at=2), ("session", "MODULE_CRASHED"), "code 3"),
        (hangs("C_OpenSession", at=2), ("session", "MODULE_HUNG"), "longer than 1 s"),
        (hangs("C_GetTokenInfo", at=2, hard=True), ("token", "MODULE_HUNG"), "longer than 1 s"),
        (answers("C_GetTokenInfo", 0x80005015, at=2), ("token", ""), "reached"),
        (answers("C_OpenSession", 0x8000FFFF, at=2), ("session", ""), ""),
        (answers("C_OpenSession", 0x12345, at=2), ("session", ""), ""),
        (answers("C_GetSlotInfo", 0x80000069, at=2), ("slot", ""), ""),
    ],
    ids=lambda value: value.action + " " + value.function if isinstance(value, Fault) else "",
)
def test_a_bad_slot_costs_itself_one_result(
    fault: Fault,
    error: tuple[str, str],
    words: str,
    run_test: RunTest,
    hsm_listener: Listener,
    odd: MakeOdd,
) -> None:
    module = odd(replace(THREE, faults=(fault,)))
    report = run_test(configuration(HsmSpec(hsm_listener, SLOTS)), module.path, timeout=1.0)
    assert outcomes(report) == ["ok", "failed", "ok"]
    stage, name = error_of(report.results[1])
    failure = report.results[1].error
    assert failure is not None
    assert stage == error[0]
    if error[1]:
        assert name == error[1]
        assert words in failure.message
    else:
        assert failure.hex == f"0x{int(fault.arguments[0], 16):08X}"


@pytest.mark.parametrize(
    "fault",
    [prints(), closes("C_Initialize", 1), closes("C_Initialize", 0), ignores_signals("C_Initialize")],
    ids=["prints", "closes stdout", "closes stdin", "ignores signals"],
)
def test_a_module_that_meddles_with_its_process_meddles_with_no_other(
    fault: Fault,
    run_test: RunTest,
    hsm_listener: Listener,
    odd: MakeOdd,
    capfd: pytest.CaptureFixture[str],
) -> None:
    module = odd(replace(THREE, faults=(fault,)))
    report = run_test(configuration(HsmSpec(hsm_listener, SLOTS)), module.path)
    assert report.failures == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_crash_at_initialisation_for_one_hsm_leaves_the_others(
    lanes: str, run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(replace(PRIMUS, faults=(crashes("C_Initialize", at="TWO"),)))
    config = configuration(*(HsmSpec(hsm_listener, (slot,)) for slot in SLOTS))
    report = run_test(config, module.path, lanes=lanes)
    assert outcomes(report) == ["ok", "failed", "ok"]
    assert error_of(report.results[1]) == ("load", "MODULE_CRASHED")


def test_hsms_at_which_the_module_never_loads_are_not_waited_for_by_the_rest(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    bad = tuple(f"BAD{number}" for number in range(6))
    module = odd(replace(PRIMUS, faults=tuple(hangs("C_Initialize", at=label) for label in bad)))
    hsms = (HsmSpec(hsm_listener, (SlotSpec(label, n),)) for n, label in enumerate((*bad, "GOOD")))
    report = run_test(configuration(*hsms), module.path, timeout=0.5)
    assert [error_of(result) for result in report.results[:6]] == [("load", "MODULE_HUNG")] * 6
    assert report.results[6].outcome is Outcome.OK


@pytest.mark.parametrize(
    "file", ["missing", "text", "empty", "cut_short", "other_architecture", "without_function_list"]
)
def test_what_is_no_module_fails_at_load(
    file: str, run_test: RunTest, hsm_listener: Listener, unloadable: Unloadable
) -> None:
    report = run_test(configuration(HsmSpec(hsm_listener, SLOTS)), getattr(unloadable, file))
    assert {result.stages[-1].stage.value for result in report.results} == {"load"}
    assert report.failures == 3
    assert all(result.error and result.error.remedy for result in report.results)


def test_without_a_module_the_network_stages_still_run(run_test: RunTest, hsm_listener: Listener) -> None:
    missing = PpinuiError("No library", "looked at /a, /b", "install it")
    report = run_test(configuration(HsmSpec(hsm_listener, SLOTS[:1])), None, module_error=missing)
    (result,) = report.results
    assert [stage.outcome for stage in result.stages] == [Outcome.OK, Outcome.OK, Outcome.FAILED]
    assert error_of(result) == ("load", "MODULE_MISSING")
    assert report.module is None


def test_each_slot_of_a_primus_gets_a_configuration_of_its_own(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    config = configuration(
        HsmSpec(hsm_listener, (SlotSpec("ONE", 1, more='extra = "kept";'), SlotSpec("TWO", 2))),
        HsmSpec(hsm_listener, (SlotSpec("ONE", 1),)),
        globals_="connect_on_init = true; wait_delay = 99;",
    )
    report = run_test(config, module.path)
    assert report.failures == 0
    texts = [given.text or "" for given in module.configurations]
    assert len(texts) == 3
    for text in texts:
        assert text.count("user_name") == 1
        assert text.count("host") == 1
        assert "connect_on_init = false" in text
        assert "wait_delay = 99" in text
        assert "/proc/self/fd/" in text
    assert sum('extra = "kept"' in text for text in texts) == 1
    assert all(given.path.startswith("/proc/self/fd/") for given in module.configurations)


def test_any_other_module_is_initialised_once_for_all_slots(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(THREE)
    config = configuration(*(HsmSpec(hsm_listener, (slot,)) for slot in SLOTS))
    assert run_test(config, module.path).failures == 0
    assert [call.function for call in module.calls].count("C_Initialize") == 1


def test_hsms_of_a_primus_are_tested_side_by_side(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    config = configuration(*(HsmSpec(hsm_listener, (SlotSpec(f"P{n}", n),)) for n in range(4)))
    assert run_test(config, module.path).failures == 0
    assert len({call.pid for call in module.calls}) == 4


def test_no_more_hsms_than_jobs_are_tested_side_by_side(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    config = configuration(*(HsmSpec(hsm_listener, (SlotSpec(f"P{n}", n),)) for n in range(6)))
    assert run_test(config, module.path, jobs=2).failures == 0
    calls = module.calls
    spans = {
        pid: (min(c.began for c in calls if c.pid == pid), max(c.began for c in calls if c.pid == pid))
        for pid in {call.pid for call in calls}
    }
    assert len(spans) == 6
    for moment, _ in spans.values():
        assert sum(begin <= moment <= end for begin, end in spans.values()) <= 2
