"""A secret is spent, not tried: what is offered to whom, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ppinui.probe.plan import SlotSelection
from ppinui.probe.result import Outcome
from tests.probe.scenes import HsmSpec, RunTest, SlotSpec, configuration, error_of, outcomes, stage
from tests.rig.listeners import Listener, accepting
from tests.rig.odd_module import PRIMUS, Fault, OddModule, Switches, answers, crashes, hangs, logs

MakeOdd = Callable[[Switches], OddModule]
Listening = Callable[[Listener], Listener]
WRONG = "9999"


@pytest.fixture
def two_hsms(listening: Listening) -> tuple[Listener, Listener]:
    return listening(accepting()), listening(accepting("127.0.0.2"))


def shared(two_hsms: tuple[Listener, Listener], *slots: SlotSpec) -> tuple[HsmSpec, ...]:
    """The same partitions on both HSMs."""
    return tuple(HsmSpec(hsm, slots or (SlotSpec("SHARED", 1),)) for hsm in two_hsms)


@pytest.mark.parametrize("flags_shown", [True, False])
@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_wrong_pin_is_offered_once_to_a_partition_on_two_hsms(
    lanes: str,
    flags_shown: bool,
    run_test: RunTest,
    two_hsms: tuple[Listener, Listener],
    odd: MakeOdd,
) -> None:
    module = odd(replace(PRIMUS, pin_flags_shown=flags_shown))
    report = run_test(configuration(*shared(two_hsms)), module.path, pins={"SHARED": WRONG}, lanes=lanes)
    assert [attempt.pin for attempt in module.attempts] == [WRONG]
    assert sorted(outcomes(report)) == ["failed", "skipped"]
    failed, skipped = sorted(report.results, key=lambda result: result.outcome.value)
    assert error_of(failed) == ("login", "CKR_PIN_INCORRECT")
    assert error_of(skipped) == ("login", "SECRET_REJECTED_BEFORE")
    assert stage(skipped, "session").outcome is Outcome.OK
    assert report.failures == 2


def test_a_wrong_pin_is_offered_once_by_several_slots_of_one_partition(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "SAME", 2: "SAME", 3: "OTHER"}))
    slots = (SlotSpec("SAME", 1), SlotSpec("SAME", 2), SlotSpec("OTHER", 3))
    pins = {"SAME": WRONG, "OTHER": "1234"}
    report = run_test(configuration(HsmSpec(hsm_listener, slots)), module.path, pins=pins)
    assert [attempt.label for attempt in module.attempts if attempt.pin == WRONG] == ["SAME"]
    assert outcomes(report) == ["failed", "skipped", "ok"]


def test_a_right_pin_goes_on_to_the_other_hsm(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    report = run_test(configuration(*shared(two_hsms)), module.path, pins={"SHARED": "1234"})
    assert report.failures == 0
    assert len(module.attempts) == 2


def test_the_other_hsm_waits_until_the_first_has_answered(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    run_test(configuration(*shared(two_hsms)), module.path, pins={"SHARED": "1234"}, lanes="hsm")
    first, second = sorted({call.pid for call in module.calls}, key=lambda pid: pids_begin(module, pid))
    accepted = next(call for call in module.calls if call.pid == first and call.function == "C_Login")
    assert accepted.ended is not None
    assert pids_begin(module, second) > accepted.ended


def pids_begin(module: OddModule, pid: int) -> float:
    return min(call.began for call in module.calls if call.pid == pid)


@pytest.mark.parametrize("wrong_pins", [2, 3])
def test_no_pin_is_offered_at_the_final_try_or_when_locked(
    wrong_pins: int, run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    module.set_wrong_pins("SHARED", wrong_pins)
    report = run_test(configuration(*shared(two_hsms)), module.path, pins={"SHARED": "1234"})
    assert module.attempts == ()
    assert report.failures == 2
    names = {error_of(result)[1] for result in report.results}
    assert names <= {"PIN_FINAL_TRY", "CKR_PIN_LOCKED", "SECRET_REJECTED_BEFORE"}
    assert names & {"PIN_FINAL_TRY", "CKR_PIN_LOCKED"}


def test_the_final_try_is_spent_on_the_users_word(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    module.set_wrong_pins("MINE", 2)
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    report = run_test(config, module.path, pins={"MINE": "1234"}, spend_final_try=True)
    assert report.failures == 0
    assert len(module.attempts) == 1


def test_a_fresh_process_follows_a_failed_login(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "A", 2: "B"}, sessions=1))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("A", 1), SlotSpec("B", 2))))
    report = run_test(config, module.path, pins={"A": WRONG, "B": "1234"})
    assert outcomes(report) == ["failed", "ok"]
    assert len({attempt.pid for attempt in module.attempts}) == 2


@pytest.mark.parametrize("code", [0x8000000B, 0x80005017, 0x8000FFFF])
def test_a_permanent_secret_that_may_have_been_rejected_is_offered_to_no_other_hsm(
    code: int, run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    faults = (logs("C_GetTokenInfo", f"rv: 0x{code:08x}"), answers("C_GetTokenInfo", 0xE0))
    module = odd(replace(PRIMUS, faults=faults))
    report = run_test(configuration(*shared(two_hsms)), module.path)
    _, skipped = sorted(report.results, key=lambda result: result.outcome.value)
    assert sorted(outcomes(report)) == ["failed", "skipped"]
    assert error_of(skipped) == ("load", "SECRET_REJECTED_BEFORE")
    assert len(module.configurations) == 1


@pytest.mark.parametrize("code", [0x80005015, 0x8000003B, 0x80000018, 0x8000004E, 0xE0])
def test_an_hsm_that_is_away_says_nothing_of_the_secret(
    code: int, run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    at = two_hsms[0].host
    faults = (logs("C_GetTokenInfo", f"rv: 0x{code:08x}", at=at), answers("C_GetTokenInfo", 0xE0, at=at))
    module = odd(replace(PRIMUS, faults=faults))
    report = run_test(configuration(*shared(two_hsms)), module.path)
    assert outcomes(report) == ["failed", "ok"]


def test_a_rejected_proxy_password_spares_every_partition_behind_that_proxy(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    faults = (logs("C_GetTokenInfo", "rv: 0x80005017"), answers("C_GetTokenInfo", 0xE0))
    module = odd(replace(PRIMUS, faults=faults))
    slots = (SlotSpec("A", 1, proxy="service"), SlotSpec("B", 2, proxy="service"))
    report = run_test(configuration(*shared(two_hsms, *slots)), module.path)
    assert outcomes(report).count("failed") == 1
    assert outcomes(report).count("skipped") == 3
    assert len(module.configurations) == 1


@pytest.mark.parametrize(
    "fault",
    [hangs("C_Login", hard=True), crashes("C_Login"), answers("C_Login", 0x30), answers("C_Login", 0xE0)],
    ids=["hang", "crash", "device error", "token not present"],
)
def test_a_login_of_which_nobody_knows_whether_it_counted_is_not_done_again(
    fault: Fault, run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(replace(PRIMUS, faults=(fault,)))
    report = run_test(configuration(*shared(two_hsms)), module.path, pins={"SHARED": "1234"}, timeout=1.0)
    assert sorted(outcomes(report)) == ["failed", "skipped"]
    assert len([call for call in module.calls if call.function == "C_Login"]) == 1


def test_a_failed_login_in_the_log_alone_is_feared_too(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    faults = (
        logs("C_GetTokenInfo", "Failed to login on HSM 127.0.0.1:2310 (slot: 1)"),
        answers("C_GetTokenInfo", 0xE0),
    )
    report = run_test(configuration(*shared(two_hsms)), odd(replace(PRIMUS, faults=faults)).path)
    assert sorted(outcomes(report)) == ["failed", "skipped"]


def test_a_pin_that_is_no_text_is_not_offered(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "MINE"}))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    report = run_test(config, module.path, pins={"MINE": "CAN\udcff"})
    assert error_of(report.results[0]) == ("login", "PIN_NOT_TEXT")
    assert module.attempts == ()


def test_a_hanging_hsm_does_not_keep_the_others_from_being_tested(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(replace(PRIMUS, faults=(hangs("C_OpenSession", at=two_hsms[0].host),)))
    report = run_test(configuration(*shared(two_hsms)), module.path, timeout=1.0)
    assert outcomes(report) == ["failed", "ok"]


def test_pins_are_asked_for_once_for_each_chosen_partition(
    run_test: RunTest, two_hsms: tuple[Listener, Listener], odd: MakeOdd
) -> None:
    module = odd(PRIMUS)
    config = configuration(*shared(two_hsms, SlotSpec("A", 1), SlotSpec("B", 2)))
    report = run_test(config, module.path, pins={"A": "1234"}, selection=SlotSelection(user="A"))
    assert [result.user for result in report.results] == ["A", "A"]
    assert report.failures == 0
