"""The stages of a slot's test, with real tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ppinui.probe.result import Outcome
from tests.probe.scenes import HsmSpec, RunTest, SlotSpec, configuration, error_of, outcomes, stage
from tests.rig.listeners import Listener, accepting, refusing, resetting, silent
from tests.rig.odd_module import OddModule, Switches, answers, logs
from tests.rig.softhsm import USER_PIN, SoftHsm

MakeOdd = Callable[[Switches], OddModule]
Listening = Callable[[Listener], Listener]


def test_every_stage_of_a_good_slot_passes_and_is_timed(
    run_test: RunTest, hsm_listener: Listener, softhsm: SoftHsm
) -> None:
    token = softhsm.token("PARTITION-A")
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("PARTITION-A", token.slot_id),)))
    report = run_test(config, softhsm.module, environ=softhsm.environ, pins={"*": USER_PIN}, crypto=True)
    (result,) = report.results
    assert result.outcome is Outcome.OK
    assert [done.stage.value for done in result.stages] == [
        "resolve", "connect", "load", "slot", "token", "session", "login", "crypto",
    ]  # fmt: skip
    assert all(done.outcome is Outcome.OK and done.milliseconds > 0 for done in result.stages)
    assert result.firmware == "2.6"
    assert (report.tested_hsms, report.partitions, report.failures) == (1, 1, 0)


def test_without_login_the_test_ends_with_a_session(
    run_test: RunTest, hsm_listener: Listener, softhsm: SoftHsm
) -> None:
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("PARTITION-A", 1),)))
    (result,) = run_test(config, softhsm.module, environ=softhsm.environ).results
    assert result.stages[-1].stage.value == "session"
    assert result.outcome is Outcome.OK


def test_a_slot_id_that_is_not_there_is_looked_up_by_its_exact_label(
    run_test: RunTest, hsm_listener: Listener, make_tokens: Callable[..., SoftHsm]
) -> None:
    tokens = make_tokens("tok1", "tok15")
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("tok1", 1),)))
    (result,) = run_test(config, tokens.module, environ=tokens.environ).results
    assert result.outcome is Outcome.OK
    assert stage(result, "slot").note == (
        f"no slot has the id 1: found by its token label in slot {tokens.token('tok1').slot_id}"
    )


def test_two_tokens_of_the_same_label_are_not_guessed_at(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={4: "TWIN", 5: "TWIN"}))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("TWIN", 1),)))
    (result,) = run_test(config, module.path).results
    assert error_of(result) == ("slot", "LABEL_NOT_UNIQUE")


def test_a_slot_that_is_not_there_at_all_names_those_that_are(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={4: "OTHER"}))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    (result,) = run_test(config, module.path).results
    assert error_of(result) == ("slot", "CKR_SLOT_ID_INVALID")
    assert result.error is not None
    assert "4 'OTHER'" in result.error.message
    assert result.error.hex == "0x00000003"


def test_another_token_in_the_slot_is_a_mismatch(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "OTHER"}))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    (result,) = run_test(config, module.path).results
    assert error_of(result) == ("token", "LABEL_MISMATCH")
    assert result.error is not None
    assert "'OTHER'" in result.error.message


def test_an_empty_slot_has_no_token(run_test: RunTest, hsm_listener: Listener, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: None}))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    (result,) = run_test(config, module.path).results
    assert error_of(result) == ("token", "CKR_TOKEN_NOT_PRESENT")


@pytest.mark.parametrize(
    ("make_listener", "name", "code"),
    [(refusing, "CONNECTION_REFUSED", "0x80005015"), (silent, "CONNECT_TIMEOUT", "0x8000003B")],
)
def test_an_hsm_that_does_not_answer_is_told_at_connect(
    make_listener: Callable[[], Listener],
    name: str,
    code: str,
    run_test: RunTest,
    listening: Listening,
    softhsm: SoftHsm,
) -> None:
    hsm = listening(make_listener())
    config = configuration(HsmSpec(hsm, (SlotSpec("PARTITION-A", 0), SlotSpec("PARTITION-B", 1))))
    report = run_test(config, softhsm.module, environ=softhsm.environ, timeout=0.5)
    assert [error_of(result) for result in report.results] == [("connect", name)] * 2
    assert {result.error.hex for result in report.results if result.error} == {code}


def test_only_the_slots_of_the_hsm_that_is_down_fail(
    run_test: RunTest, hsm_listener: Listener, listening: Listening, softhsm: SoftHsm
) -> None:
    up = HsmSpec(hsm_listener, (SlotSpec("PARTITION-A", 0), SlotSpec("PARTITION-B", 1)))
    down = HsmSpec(listening(refusing()), (SlotSpec("PARTITION-C", 2), SlotSpec("PARTITION-D", 3)))
    report = run_test(configuration(down, up), softhsm.module, environ=softhsm.environ)
    assert outcomes(report) == ["failed", "failed", "ok", "ok"]
    assert report.failures == 2


def test_a_connection_that_is_reset_is_told_as_that(
    run_test: RunTest, listening: Listening, softhsm: SoftHsm
) -> None:
    config = configuration(HsmSpec(listening(resetting()), (SlotSpec("PARTITION-A", 0),)))
    (result,) = run_test(config, softhsm.module, environ=softhsm.environ).results
    # The reset may come when the connection stands already: then the module would be the one to see it.
    assert result.outcome is Outcome.OK or error_of(result) == ("connect", "CONNECTION_RESET")


def test_a_name_without_an_address_is_told_at_resolve(
    run_test: RunTest, hsm_listener: Listener, softhsm: SoftHsm
) -> None:
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("PARTITION-A", 0),), host="no-such-host.invalid"))
    (result,) = run_test(config, softhsm.module, environ=softhsm.environ).results
    assert error_of(result)[0] == "resolve"
    assert result.error is not None
    assert result.error.hex == "0x80005015"


def test_the_label_of_a_long_host_name_does_not_upset_the_run(
    run_test: RunTest, hsm_listener: Listener, softhsm: SoftHsm
) -> None:
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("PARTITION-A", 0),), host="x" * 300))
    (result,) = run_test(config, softhsm.module, environ=softhsm.environ).results
    assert error_of(result) == ("resolve", "NAME_NOT_FOUND")


def test_one_endpoint_is_asked_by_one_slot_after_the_other(
    run_test: RunTest, listening: Listening, softhsm: SoftHsm
) -> None:
    hsm = listening(accepting())
    slots = tuple(SlotSpec(label, number) for number, label in enumerate(softhsm.labels))
    report = run_test(configuration(HsmSpec(hsm, slots)), softhsm.module, environ=softhsm.environ)
    assert report.failures == 0
    hsm.wait_for(4)


def test_the_vendors_code_is_read_from_the_private_log(
    run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(
        Switches(
            manufacturer="Securosys SA",
            faults=(
                logs("C_GetSlotInfo", "rv: 0x80005019"),
                answers("C_GetSlotInfo", 0xE0),
            ),
        )
    )
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    (result,) = run_test(config, module.path).results
    assert result.error is not None
    assert (result.stages[-1].stage.value, result.error.hex) == ("slot", "0x80005019")
    assert "CKR_TOKEN_NOT_PRESENT" in result.error.message
    assert "HSM_Hello" in result.error.message
    assert result.error.remedy


@pytest.mark.parametrize("code", [0x1B, 0x8000005F])
def test_where_policy_forbids_session_objects_crypto_is_skipped_and_the_slot_is_fine(
    code: int, run_test: RunTest, hsm_listener: Listener, odd: MakeOdd
) -> None:
    module = odd(Switches(slots={1: "MINE"}, faults=(answers("C_GenerateKeyPair", code),)))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", 1),)))
    (result,) = run_test(config, module.path, pins={"MINE": "1234"}, crypto=True).results
    assert stage(result, "crypto").outcome is Outcome.SKIPPED
    assert stage(result, "crypto").error is not None
    assert result.outcome is Outcome.OK


def test_nothing_of_a_test_is_left_on_the_token(
    run_test: RunTest, hsm_listener: Listener, make_tokens: Callable[..., SoftHsm]
) -> None:
    tokens = make_tokens("MINE")
    before = sorted(path.name for path in tokens.folder.rglob("*"))
    config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", tokens.slot_ids[0]),)))
    report = run_test(config, tokens.module, environ=tokens.environ, pins={"*": USER_PIN}, crypto=True)
    assert report.failures == 0
    assert sorted(path.name for path in tokens.folder.rglob("*")) == before
