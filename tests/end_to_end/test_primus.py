"""``ppinui --test`` on a Primus: the stand-in HSMs behind the stand-in provider library."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.primus_sim.stand import PINS, PROXY_USER, Stand
from tests.primus_sim.state import Kind
from tests.primus_sim.switches import Action, AfterFailure, Answers, Misbehaviour, OnRejection, PinFlags
from tests.rig.program import Ran, ppinui

WRONG_PIN = "wrong-pin-0"


@dataclass(frozen=True)
class Finding:
    """What one run of the test found, from both of its outputs."""

    ran: Ran
    report: dict[str, Any]

    def slot(self, hsm: str, user: str) -> dict[str, Any]:
        results = self.report["results"]
        return next(result for result in results if (result["hsm"], result["user"]) == (hsm, user))

    def error(self, hsm: str, user: str) -> dict[str, Any]:
        """The error that ended a slot's test."""
        error = self.slot(hsm, user)["stages"][-1]["error"]
        assert isinstance(error, dict)
        return error

    def stopped_at(self, hsm: str, user: str) -> str:
        name = self.slot(hsm, user)["stages"][-1]["name"]
        assert isinstance(name, str)
        return name

    @property
    def outcomes(self) -> dict[str, str]:
        return {f"{slot['hsm']}.{slot['user']}": slot["outcome"] for slot in self.report["results"]}


def run_test(stand: Stand, *options: str, pins: Sequence[str] = ()) -> Finding:
    """The command as a user types it, with the variables of the installation."""
    login = ["--login"] if pins else []
    arguments = ["--test", "--format", "json", *login, *options]
    ran = ppinui(*arguments, stdin="".join(f"{pin}\n" for pin in pins), environ=stand.environ)
    return Finding(ran, json.loads(ran.out))


def test_all_is_fine_and_the_text_is_ppin_s(primus_both: Stand) -> None:
    ran = ppinui("--test", environ=primus_both.environ)
    lines = ran.out.splitlines()

    assert ran.code == 0, ran.err
    assert lines[0] == f"Load config file: '{primus_both.config}'"
    host, port = primus_both.hsms["hsm0"].host, primus_both.hsms["hsm0"].port
    assert f"hsm0: Connect to '{host}' on port {port}, firmware: 2.8 " in lines
    assert [line.strip() for line in lines if line.startswith("    slot")] == [
        "slot0 (id=0), user=ARCHIVE: OK",
        "slot0 (id=1), user=PAYMENTS: OK",
        "slot1 (id=2), user=SIGNING: OK",
        "slot0 (id=1), user=PAYMENTS: OK",
        "slot1 (id=2), user=SIGNING: OK",
    ]
    assert lines[-2:] == ["Number of tested HSMs: 3 (number of partitions: 5)", "Number of failures: 0"]
    assert primus_both.wrong_attempts == []


def test_login_and_crypto_work_on_every_slot(primus_both: Stand) -> None:
    tested = run_test(primus_both, "--crypto", pins=[PINS["ARCHIVE"], PINS["PAYMENTS"], PINS["SIGNING"]])

    assert tested.ran.code == 0, tested.ran.err
    assert all(slot["stages"][-1]["name"] == "crypto" for slot in tested.report["results"])
    assert all(slot["stages"][-1]["outcome"] == "ok" for slot in tested.report["results"])


def test_the_hsms_of_a_cluster_are_told_apart(primus_cluster: Stand) -> None:
    tested = run_test(primus_cluster)

    assert [slot["firmware"] for slot in tested.report["results"]] == ["2.10", "2.10", "2.11", "2.11"]
    for name in ("hsm1", "hsm2"):
        users = {
            attempt.user
            for attempt in primus_cluster.attempts
            if attempt.hsm == _hsm_name(primus_cluster, name)
        }
        assert {"PAYMENTS", "SIGNING"} <= users


def _hsm_name(stand: Stand, group: str) -> str:
    return stand.hsms[group].name


def test_behind_a_proxy_the_result_says_that_it_is_the_endpoint_s(primus_both: Stand) -> None:
    tested = run_test(primus_both)

    assert tested.slot("hsm0", "ARCHIVE")["scope"] == "hsm"
    assert tested.slot("hsm1", "PAYMENTS")["scope"] == "endpoint"
    assert tested.slot("hsm1", "PAYMENTS")["proxy"] == PROXY_USER


def test_with_one_hsm_down_only_its_slots_fail_at_connect(primus_cluster: Stand) -> None:
    primus_cluster.hsms["hsm1"].go_away()
    tested = run_test(primus_cluster)

    assert tested.ran.code == 1
    assert tested.outcomes == {
        "hsm1.PAYMENTS": "failed",
        "hsm1.SIGNING": "failed",
        "hsm2.PAYMENTS": "ok",
        "hsm2.SIGNING": "ok",
    }
    assert tested.stopped_at("hsm1", "PAYMENTS") == "connect"
    assert tested.error("hsm1", "PAYMENTS")["code"] == "0x80005015"


def _wrong_proxy(stand: Stand) -> None:
    stand.write_secrets(wrong=[PROXY_USER])


def _wrong_permanent(stand: Stand) -> None:
    stand.write_secrets(wrong=["PAYMENTS"])


def _missing_permanent(stand: Stand) -> None:
    stand.write_secrets(without=["PAYMENTS"])


def _disabled(stand: Stand) -> None:
    stand.partitions["PAYMENTS"].enabled = False


def _full(stand: Stand) -> None:
    stand.partitions["PAYMENTS"].max_connections = 0


def _other_label(stand: Stand) -> None:
    stand.partitions["PAYMENTS"].label = "RENAMED"


CASES: list[tuple[Callable[[Stand], None], str | None, str]] = [
    (_wrong_proxy, "0x80005017", f"ppinui -p -e {PROXY_USER}"),
    (_wrong_permanent, "0x80005017", "ppinui -u -e PAYMENTS"),
    (_missing_permanent, "0x8000000C", "ppinui -a -e PAYMENTS"),
    (_disabled, "0x80000069", "crypto_access"),
    (_full, "0x80000018", ""),
    (_other_label, None, "user_name"),
]


@pytest.mark.parametrize("answers", list(Answers))
@pytest.mark.parametrize(("spoil", "code", "remedy"), CASES, ids=[case[0].__name__ for case in CASES])
def test_each_failure_has_its_documented_code_name_and_remedy(
    spoil: Callable[[Stand], None],
    code: str | None,
    remedy: str,
    answers: Answers,
    primus_cluster: Stand,
) -> None:
    primus_cluster.switch_library(answers=answers)
    spoil(primus_cluster)
    tested = run_test(primus_cluster, "--hsm", "hsm1", "--user", "PAYMENTS")
    error = tested.error("hsm1", "PAYMENTS")

    assert tested.ran.code == 1
    assert error["code"] == code
    assert error["name"]
    assert error["message"]
    assert error["remedy"]
    assert remedy in error["remedy"]
    assert error["name"] in tested.ran.err
    assert error["remedy"] in tested.ran.err
    if code and answers is Answers.PKCS11:
        assert "the library answered CKR_" in error["message"]
    text = ppinui("--test", "--hsm", "hsm1", "--user", "PAYMENTS", environ=primus_cluster.environ)
    assert f"user=PAYMENTS: {error['name']}" in text.out


@pytest.mark.parametrize("after_failure", list(AfterFailure))
@pytest.mark.parametrize("on_rejection", list(OnRejection))
@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_wrong_permanent_secret_reaches_the_cluster_once(
    lanes: str,
    on_rejection: OnRejection,
    after_failure: AfterFailure,
    primus_cluster: Stand,
) -> None:
    primus_cluster.switch_library(on_rejection=on_rejection, after_failure=after_failure)
    primus_cluster.write_secrets(wrong=["PAYMENTS"])
    tested = run_test(primus_cluster, "--lanes", lanes, "--user", "PAYMENTS")

    assert [attempt.kind for attempt in primus_cluster.wrong_attempts] == [Kind.PERMANENT]
    assert sorted(tested.outcomes.values()) == ["failed", "skipped"]
    assert tested.ran.code == 1


@pytest.mark.parametrize("after_failure", list(AfterFailure))
@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_wrong_proxy_password_reaches_the_cluster_once(
    lanes: str,
    after_failure: AfterFailure,
    primus_cluster: Stand,
) -> None:
    primus_cluster.switch_library(after_failure=after_failure)
    primus_cluster.write_secrets(wrong=[PROXY_USER])
    tested = run_test(primus_cluster, "--lanes", lanes)

    assert [attempt.kind for attempt in primus_cluster.wrong_attempts] == [Kind.PROXY]
    assert sorted(tested.outcomes.values()) == ["failed", "skipped", "skipped", "skipped"]


@pytest.mark.parametrize("pin_flags", list(PinFlags))
@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_wrong_pin_reaches_the_cluster_once(
    lanes: str,
    pin_flags: PinFlags,
    primus_cluster: Stand,
) -> None:
    primus_cluster.switch_library(pin_flags=pin_flags)
    tested = run_test(primus_cluster, "--lanes", lanes, pins=[WRONG_PIN, PINS["SIGNING"]])

    assert [attempt.secret for attempt in primus_cluster.wrong_attempts] == [WRONG_PIN]
    assert [tested.outcomes[f"{hsm}.SIGNING"] for hsm in ("hsm1", "hsm2")] == ["ok", "ok"]
    assert sorted(tested.outcomes[f"{hsm}.PAYMENTS"] for hsm in ("hsm1", "hsm2")) == ["failed", "skipped"]


@pytest.mark.parametrize("pin_flags", list(PinFlags))
def test_a_wrong_pin_in_two_runs_reaches_the_cluster_twice_and_no_more(
    pin_flags: PinFlags,
    primus_cluster: Stand,
) -> None:
    primus_cluster.lock_after(3)
    primus_cluster.switch_library(pin_flags=pin_flags)
    for _ in range(2):
        run_test(primus_cluster, "--user", "PAYMENTS", pins=[WRONG_PIN])
    if pin_flags is PinFlags.SHOWN:
        # one more would lock it: none is offered, right or wrong
        tested = run_test(primus_cluster, "--user", "PAYMENTS", pins=[PINS["PAYMENTS"]])
        assert {slot["stages"][-1]["name"] for slot in tested.report["results"]} == {"login"}
        assert tested.ran.code == 1
        assert "PIN_FINAL_TRY" in tested.ran.err

    assert len(primus_cluster.wrong_attempts) == 2
    assert not primus_cluster.clusters[0].is_locked(primus_cluster.partitions["PAYMENTS"], "hsm1")


def test_a_locked_partition_is_offered_nothing(primus_cluster: Stand) -> None:
    primus_cluster.lock_after(1)
    run_test(primus_cluster, "--user", "PAYMENTS", pins=[WRONG_PIN])
    before = len([attempt for attempt in primus_cluster.attempts if attempt.kind is Kind.PIN])
    tested = run_test(primus_cluster, "--user", "PAYMENTS", pins=[PINS["PAYMENTS"]])

    assert len([attempt for attempt in primus_cluster.attempts if attempt.kind is Kind.PIN]) == before
    assert "CKR_PIN_LOCKED" in tested.ran.err


def test_where_session_objects_are_off_crypto_is_skipped(primus_standalone: Stand) -> None:
    primus_standalone.partitions["ARCHIVE"].session_objects = False
    tested = run_test(primus_standalone, "--crypto", pins=[PINS["ARCHIVE"]])
    crypto = tested.slot("hsm0", "ARCHIVE")["stages"][-1]

    assert tested.ran.code == 0, tested.ran.err
    assert (crypto["outcome"], crypto["error"]["code"]) == ("skipped", "0x8000005F")


def test_a_silent_hsm_is_told_and_costs_its_own_slots_alone(primus_cluster: Stand) -> None:
    primus_cluster.hsms["hsm1"].faults.silent = True
    tested = run_test(primus_cluster, "--timeout", "6")

    assert [tested.outcomes[f"hsm2.{user}"] for user in ("PAYMENTS", "SIGNING")] == ["ok", "ok"]
    assert [tested.outcomes[f"hsm1.{user}"] for user in ("PAYMENTS", "SIGNING")] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("misbehaviour", "name"),
    [
        (Misbehaviour("C_Initialize", Action.CRASH, at="PAYMENTS"), "MODULE_CRASHED"),
        (Misbehaviour("C_OpenSession", Action.CRASH, at="PAYMENTS"), "MODULE_CRASHED"),
        (Misbehaviour("C_OpenSession", Action.HANG, at="PAYMENTS"), "MODULE_HUNG"),
    ],
    ids=["crash at C_Initialize", "crash at C_OpenSession", "hang at C_OpenSession"],
)
def test_a_library_that_misbehaves_at_one_partition_leaves_the_other(
    misbehaviour: Misbehaviour,
    name: str,
    primus_cluster: Stand,
) -> None:
    primus_cluster.switch_library(misbehaviours=(misbehaviour,))
    tested = run_test(primus_cluster, "--timeout", "2")

    for hsm in ("hsm1", "hsm2"):
        assert tested.outcomes[f"{hsm}.SIGNING"] == "ok"
        assert tested.error(hsm, "PAYMENTS")["name"] == name


def test_a_library_that_prints_and_unknown_codes_do_no_harm(primus_cluster: Stand) -> None:
    primus_cluster.switch_library(
        misbehaviours=(
            Misbehaviour("C_OpenSession", Action.PRINT, text="noise of the library"),
            Misbehaviour("C_OpenSession", Action.ANSWER, at="PAYMENTS", code=0x8000ABCD),
        )
    )
    tested = run_test(primus_cluster, "--hsm", "hsm1")

    assert "noise" not in tested.ran.out + tested.ran.err
    assert tested.error("hsm1", "PAYMENTS")["code"] == "0x8000ABCD"
    assert tested.outcomes["hsm1.SIGNING"] == "ok"


def test_the_library_s_own_log_and_files_are_left_alone(primus_cluster: Stand) -> None:
    before = {path: path.read_bytes() for path in (primus_cluster.config, primus_cluster.secrets)}
    run_test(primus_cluster)

    assert {path: path.read_bytes() for path in before} == before
    assert not primus_cluster.log.exists()
