"""A connection test's outcome in words: ppin's text, and the reasons beside it."""

from __future__ import annotations

import dataclasses

import pytest

from ppinui.cli.report_output import render_reasons, render_text
from ppinui.probe.result import ErrorInfo, Outcome, Report, SlotResult, Stage, StageResult

NOT_PRESENT = ErrorInfo(
    0xE0, "CKR_TOKEN_NOT_PRESENT", "no HSM of this slot can be reached", "look whether the HSM is up"
)
OK_STAGES = (StageResult(Stage.CONNECT, Outcome.OK, 1.5), StageResult(Stage.TOKEN, Outcome.OK, 0.5))

FINE = SlotResult(
    hsm="hsm0",
    host="82.197.162.10",
    port="2411",
    slot="slot0",
    id=2,
    user="DEMO-TEST",
    proxy=None,
    outcome=Outcome.OK,
    stages=OK_STAGES,
    firmware="RP-2.10.0-T",
)
FAILED = dataclasses.replace(
    FINE,
    slot="slot1",
    id=3,
    user="TESTPARTITION",
    outcome=Outcome.FAILED,
    stages=(*OK_STAGES, StageResult(Stage.SESSION, Outcome.FAILED, 0.1, NOT_PRESENT)),
    firmware=None,
)


def report(*results: SlotResult) -> Report:
    return Report("/etc/primus/primus.cfg", "/usr/local/primus/lib/libprimusP11.so", results)


def test_it_is_ppin_s_documented_sample_word_for_word() -> None:
    assert (
        render_text(report(FINE, FAILED))
        == """\
Load config file: '/etc/primus/primus.cfg'

hsm0: Connect to '82.197.162.10' on port 2411, firmware: RP-2.10.0-T\N{SPACE}
    slot0 (id=2), user=DEMO-TEST: OK
    slot1 (id=3), user=TESTPARTITION: CKR_TOKEN_NOT_PRESENT

Number of tested HSMs: 1 (number of partitions: 2)
Number of failures: 1
"""
    )


def test_each_hsm_has_a_paragraph_and_its_own_firmware() -> None:
    other = dataclasses.replace(FAILED, hsm="hsm1", host="10.0.0.2", port="2310")

    lines = render_text(report(FINE, other)).splitlines()
    assert "hsm0: Connect to '82.197.162.10' on port 2411, firmware: RP-2.10.0-T " in lines
    assert "hsm1: Connect to '10.0.0.2' on port 2310, firmware: unknown " in lines
    assert lines[-2:] == ["Number of tested HSMs: 2 (number of partitions: 2)", "Number of failures: 1"]


def test_the_firmware_comes_from_any_slot_that_knows_it() -> None:
    assert "firmware: RP-2.10.0-T \n" in render_text(report(dataclasses.replace(FAILED, slot="slot0"), FINE))


def test_a_slot_that_was_left_out_says_why_or_that_it_was() -> None:
    spent = ErrorInfo(None, "PIN_REJECTED_ELSEWHERE", "another HSM rejected it", "give the right one")
    stage = StageResult(Stage.LOGIN, Outcome.SKIPPED, 0.0, spent)
    named = dataclasses.replace(FINE, outcome=Outcome.SKIPPED, stages=(stage,))
    nameless = dataclasses.replace(FINE, outcome=Outcome.SKIPPED, stages=())

    assert ": PIN_REJECTED_ELSEWHERE\n" in render_text(report(named))
    assert ": SKIPPED\n" in render_text(report(nameless))


def test_what_is_missing_in_the_configuration_is_missing_in_the_text() -> None:
    bare = dataclasses.replace(FAILED, host="", port="", id=None, user="")

    assert "hsm0: Connect to '' on port , firmware: unknown " in render_text(report(bare))
    assert "    slot1 (id=?), user=: CKR_TOKEN_NOT_PRESENT" in render_text(report(bare))


def test_what_an_hsm_calls_itself_steers_no_terminal() -> None:
    odd = dataclasses.replace(FINE, user="A\x1b[2J\nB", firmware="2\x1b[m")
    text = render_text(report(odd)) + render_reasons(report(odd))

    assert "\x1b" not in text
    assert len(text.splitlines()) == len(render_text(report(FINE)).splitlines())


def test_a_failure_has_its_stage_code_meaning_and_next_step() -> None:
    assert render_reasons(report(FINE, FAILED)).splitlines() == [
        "hsm0.slot1: session failed: CKR_TOKEN_NOT_PRESENT (0x000000E0)",
        "    no HSM of this slot can be reached",
        "    fix: look whether the HSM is up",
    ]


def test_slots_with_the_same_failure_share_one_entry() -> None:
    others = [dataclasses.replace(FAILED, slot=f"slot{number}") for number in (2, 3)]

    lines = render_reasons(report(FAILED, *others)).splitlines()
    assert lines[0].startswith("hsm0.slot1, hsm0.slot2, hsm0.slot3: session failed")
    assert len(lines) == 3


def test_a_run_without_anything_to_say_says_nothing() -> None:
    assert render_reasons(report(FINE)) == ""


def test_how_a_slot_was_found_is_said() -> None:
    stage = StageResult(Stage.SLOT, Outcome.OK, 0.1, note="found by its token label in slot 77")
    found = dataclasses.replace(FINE, stages=(stage,))

    assert render_reasons(report(found)) == "hsm0.slot0: slot: found by its token label in slot 77"


def test_a_skipped_stage_of_a_slot_that_works_says_why() -> None:
    disabled = ErrorInfo(0x8000005F, "SESSION_OBJECTS_DISABLED", "not allowed", "allow them")
    stage = StageResult(Stage.CRYPTO, Outcome.SKIPPED, 0.1, disabled)
    slot = dataclasses.replace(FINE, stages=(*OK_STAGES, stage))

    assert ": OK\n" in render_text(report(slot))
    assert "crypto skipped: SESSION_OBJECTS_DISABLED (0x8000005F)" in render_reasons(report(slot))


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.FAILED])
def test_behind_a_proxy_a_failure_is_the_endpoint_s(outcome: Outcome) -> None:
    slot = dataclasses.replace(FAILED if outcome is Outcome.FAILED else FINE, proxy="eqabxrfnqqos")

    said = "behind the service proxy of 'eqabxrfnqqos': the result is the endpoint's" in render_reasons(
        report(slot)
    )
    assert said == (outcome is Outcome.FAILED)
