"""A library that crashes, hangs, prints or answers with codes that nobody knows."""

from __future__ import annotations

import signal

import pytest

from tests.primus_sim.driver import CKR_OK, Drive
from tests.primus_sim.stand import Stand
from tests.primus_sim.switches import Action, Misbehaviour


@pytest.mark.parametrize(("function", "command"), [("C_Initialize", "init"), ("C_OpenSession", "open 2")])
@pytest.mark.parametrize(
    ("action", "status"),
    [(Action.CRASH, -signal.SIGSEGV), (Action.ABORT, -signal.SIGABRT), (Action.EXIT, 3)],
)
def test_the_library_takes_the_process_with_it(
    primus_cluster: Stand, drive: Drive, function: str, command: str, action: Action, status: int
) -> None:
    primus_cluster.switch_library(misbehaviours=(Misbehaviour(function, action),))
    driver = drive(primus_cluster)
    if command != "init":
        driver.fine("init")
    assert driver.end_of(command)[0] == status


@pytest.mark.parametrize(("function", "command"), [("C_Initialize", "init"), ("C_OpenSession", "open 2")])
def test_the_library_hangs_until_the_process_is_ended(
    primus_cluster: Stand, drive: Drive, function: str, command: str
) -> None:
    hangs = Misbehaviour(function, Action.HANG)
    says_so = Misbehaviour(function, Action.PRINT, text="and now it hangs")
    primus_cluster.switch_library(misbehaviours=(says_so, hangs))
    driver = drive(primus_cluster)
    if command != "init":
        driver.fine("init")
    driver.start(command)
    assert driver.next_line() == "and now it hangs\n"
    driver.kill()


def test_the_library_prints_to_stdout_and_stderr_and_goes_on(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.switch_library(
        misbehaviours=(Misbehaviour("C_Initialize", Action.PRINT, text="hello there"),)
    )
    _, stdout, stderr = drive(primus_cluster).end_of("init")
    assert stdout == "hello there\n0x00000000 \n"
    assert stderr == "hello there\n"


def test_a_function_answers_with_any_code(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.switch_library(
        misbehaviours=(Misbehaviour("C_OpenSession", Action.ANSWER, code=0x8000ABCD),)
    )
    driver = drive(primus_cluster)
    driver.fine("init")
    assert driver.rv("open 1") == 0x8000ABCD
    assert "C_OpenSession() - rv: 0x8000abcd" in primus_cluster.log.read_text()


@pytest.mark.parametrize("by", ["user_name", "port", "host and port"])
def test_only_the_named_partition_or_hsm_is_concerned(primus_both: Stand, drive: Drive, by: str) -> None:
    hsm = primus_both.hsms["hsm0"]
    at = {"user_name": "ARCHIVE", "port": str(hsm.port), "host and port": f"127.0.0.1:{hsm.port}"}[by]
    primus_both.switch_library(
        misbehaviours=(Misbehaviour("C_OpenSession", Action.ANSWER, at=at, code=0x80005019),)
    )
    driver = drive(primus_both)
    driver.fine("init")
    assert [driver.rv(f"open {slot}") for slot in (0, 1, 2)] == [0x80005019, CKR_OK, CKR_OK]


def test_switches_hold_from_the_next_initialisation_on(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    driver.fine("init")
    primus_cluster.switch_library(misbehaviours=(Misbehaviour("C_OpenSession", Action.ANSWER, code=0x5),))
    driver.fine("open 1")
    driver.fine("finalize")
    driver.fine("init")
    assert driver.rv("open 1") == 0x5
