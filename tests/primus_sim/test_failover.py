"""Redundant HSMs behind one slot: which one is taken, and what happens when it goes away."""

from __future__ import annotations

import pytest

from tests.primus_sim.driver import (
    CKR_DEVICE_REMOVED,
    CKR_OK,
    CKR_SESSION_HANDLE_INVALID,
    CKR_TOKEN_NOT_PRESENT,
    CKR_USER_NOT_LOGGED_IN,
    Drive,
    Driver,
)
from tests.primus_sim.stand import PINS, Stand
from tests.primus_sim.switches import AfterFailure, Answers, Failover, InitFails

HARDWARE = {"hsm1": "hardware 2.10", "hsm2": "hardware 2.11"}


def hsm_of(driver: Driver, slot: int) -> str:
    told = driver.fine(f"token {slot}")
    return next(name for name, words in HARDWARE.items() if words in told)


def signing(driver: Driver) -> str:
    """A session of slot 1 that has just signed with the EC key."""
    driver.fine("init")
    session = driver.fine("open 1")
    driver.fine(f"login {session} {PINS['PAYMENTS']}")
    driver.fine(f"key {session} ec-key")
    driver.fine(f"sign {session} ec")
    return session


@pytest.mark.parametrize(("priorities", "first"), [((0, 1), "hsm1"), ((1, 0), "hsm2"), ((127, 126), "hsm2")])
def test_the_smaller_priority_is_tried_first(
    primus_cluster: Stand, drive: Drive, priorities: tuple[int, int], first: str
) -> None:
    for name, priority in zip(("hsm1", "hsm2"), priorities, strict=True):
        primus_cluster.change_hsm(name, priority=priority)
    driver = drive(primus_cluster)
    driver.fine("init")
    assert [hsm_of(driver, slot) for slot in (1, 2)] == [first, first]


@pytest.mark.parametrize(("draw", "order"), [(0, ["hsm1", "hsm2"]), (1, ["hsm2", "hsm1"])])
def test_equals_take_turns_after_the_first_draw(
    primus_cluster: Stand, drive: Drive, draw: int, order: list[str]
) -> None:
    primus_cluster.change_hsm("hsm2", priority=None)
    primus_cluster.switch_library(first_draw=draw)
    driver = drive(primus_cluster)
    driver.fine("init")
    assert [hsm_of(driver, slot) for slot in (1, 2)] == order


def test_the_first_draw_is_random(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.change_hsm("hsm2", priority=None)
    driver = drive(primus_cluster)
    seen = set()
    for _ in range(64):
        driver.fine("init")
        seen.add(hsm_of(driver, 1))
        driver.fine("finalize")
        if len(seen) == 2:
            break
    assert seen == {"hsm1", "hsm2"}


@pytest.mark.parametrize("fault", ["refuses", "resets", "talks nonsense", "greets with a code", "is silent"])
def test_an_hsm_that_cannot_be_used_is_passed_over(primus_cluster: Stand, drive: Drive, fault: str) -> None:
    primus_cluster.write_config(wait_delay=60)
    hsm = primus_cluster.hsms["hsm1"]
    match fault:
        case "refuses":
            hsm.refuse()
        case "resets":
            hsm.faults.reset_at = "*"
        case "talks nonsense":
            hsm.faults.wrong_answers = True
        case "greets with a code":
            hsm.faults.answers["HELLO"] = 0x8000004E
        case "is silent":
            hsm.faults.silent = True
    driver = drive(primus_cluster)
    driver.fine("init")
    assert hsm_of(driver, 1) == "hsm2"


def test_a_session_goes_on_on_the_other_hsm(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    session = signing(driver)
    other = driver.fine("open 1")
    primus_cluster.hsms["hsm1"].go_away()
    driver.fine(f"sign {session} ec")
    driver.fine(f"verify {session} ec-key ec")
    assert driver.fine(f"session {other}") == "slot 1 state 3"
    assert driver.fine(f"objects {other}") == "4"
    assert hsm_of(driver, 1) == "hsm2"


def test_a_session_moves_as_often_as_it_has_to(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    session = signing(driver)
    here, there = primus_cluster.hsms.values()
    for _ in range(3):
        here.go_away()
        there.come_back()
        driver.fine(f"sign {session} ec")
        driver.fine(f"verify {session} ec-key ec")
        here, there = there, here
    # The key was found on hsm1, and its handle is good there and elsewhere.
    driver.fine(f"logout {session}")
    assert driver.rv(f"sign {session} ec") != CKR_OK


def test_an_hsm_that_falls_silent_is_left(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.write_config(wait_delay=60)
    driver = drive(primus_cluster)
    session = signing(driver)
    primus_cluster.hsms["hsm1"].faults.silent = True
    driver.fine(f"sign {session} ec")
    assert "receive failed errno 110" in primus_cluster.log.read_text()


def test_an_hsm_that_resets_in_the_middle_is_left(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    session = signing(driver)
    primus_cluster.hsms["hsm1"].faults.reset_at = "CALL"
    driver.fine(f"sign {session} ec")
    assert "receive failed errno 104" in primus_cluster.log.read_text()


def test_a_pin_that_the_next_hsm_refuses_is_offered_to_it_once(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    session = signing(driver)
    primus_cluster.partitions["PAYMENTS"].pin = "changed meanwhile"
    primus_cluster.hsms["hsm1"].go_away()
    for _ in range(2):
        assert driver.rv(f"sign {session} ec") != CKR_OK
    assert driver.rv(f"logout {session}") == CKR_USER_NOT_LOGGED_IN
    assert [attempt.hsm for attempt in primus_cluster.wrong_attempts] == ["OBERALP"]


def test_without_another_hsm_the_token_is_gone_until_one_comes_back(
    primus_cluster: Stand, drive: Drive
) -> None:
    driver = drive(primus_cluster)
    session = signing(driver)
    for hsm in primus_cluster.hsms.values():
        hsm.go_away()
    assert driver.rv(f"sign {session} ec") == CKR_TOKEN_NOT_PRESENT
    assert driver.rv("slot 1") == CKR_TOKEN_NOT_PRESENT
    primus_cluster.hsms["hsm2"].come_back()
    driver.fine(f"sign {session} ec")


def test_sessions_can_be_made_to_end_instead(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.switch_library(failover=Failover.REOPEN)
    driver = drive(primus_cluster)
    session = signing(driver)
    primus_cluster.hsms["hsm1"].go_away()
    assert driver.rv(f"sign {session} ec") == CKR_DEVICE_REMOVED
    assert driver.rv(f"sign {session} ec") == CKR_SESSION_HANDLE_INVALID
    again = driver.fine("open 1")
    driver.fine(f"login {again} {PINS['PAYMENTS']}")
    assert hsm_of(driver, 1) == "hsm2"


def test_connect_on_init_authenticates_all_slots_at_once(primus_both: Stand, drive: Drive) -> None:
    driver = drive(primus_both)
    driver.fine("init")
    assert [attempt.user for attempt in primus_both.attempts if attempt.kind == "permanent"] == [
        "ARCHIVE",
        "PAYMENTS",
        "SIGNING",
    ]


def test_without_connect_on_init_a_slot_connects_when_it_is_used(primus_both: Stand, drive: Drive) -> None:
    primus_both.write_config(connect_on_init=False)
    driver = drive(primus_both)
    driver.fine("init")
    driver.fine("slots all")
    assert primus_both.attempts == []
    driver.fine("slot 2")
    assert [attempt.user for attempt in primus_both.attempts if attempt.kind == "permanent"] == ["SIGNING"]


@pytest.mark.parametrize(
    ("init_fails", "some_gone", "all_gone"),
    [
        (InitFails.NEVER, CKR_OK, CKR_OK),
        (InitFails.IF_NONE, CKR_OK, CKR_TOKEN_NOT_PRESENT),
        (InitFails.IF_ANY, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_PRESENT),
    ],
)
def test_initialisation_can_depend_on_the_connections(
    primus_both: Stand, drive: Drive, init_fails: InitFails, some_gone: int, all_gone: int
) -> None:
    primus_both.switch_library(init_fails=init_fails)
    driver = drive(primus_both)
    driver.fine("init")
    driver.fine("finalize")
    primus_both.hsms["hsm0"].go_away()
    assert driver.rv("init") == some_gone
    driver.rv("finalize")
    for hsm in primus_both.hsms.values():
        hsm.go_away()
    assert driver.rv("init") == all_gone


@pytest.mark.parametrize("answers", list(Answers))
@pytest.mark.parametrize("after", list(AfterFailure))
def test_a_failed_slot_is_tried_again_or_remembered(
    primus_standalone: Stand, drive: Drive, after: AfterFailure, answers: Answers
) -> None:
    primus_standalone.switch_library(after_failure=after, answers=answers)
    hsm = primus_standalone.hsms["hsm0"]
    hsm.refuse()
    failure = CKR_TOKEN_NOT_PRESENT if answers is Answers.PKCS11 else 0x80005015
    driver = drive(primus_standalone)
    driver.fine("init")
    assert driver.rv("slot 0") == failure
    hsm.come_back()
    assert driver.rv("slot 0") == (CKR_OK if after is AfterFailure.AGAIN else failure)
    driver.fine("finalize")
    driver.fine("init")
    driver.fine("slot 0")
