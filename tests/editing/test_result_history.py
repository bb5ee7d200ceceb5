"""What the tests of a session are remembered for."""

from __future__ import annotations

import pytest

from ppinui.config.primus_config import read
from ppinui.editing.result_history import Memory
from ppinui.libconfig.document import parse
from ppinui.probe.conditions import explain_condition
from ppinui.probe.plan import make_plan
from ppinui.probe.result import ErrorInfo, Outcome, SlotResult, Stage, StageResult
from ppinui.probe.secret_guard import Credential
from ppinui.probe.stage_errors import explain_answer
from ppinui.secrets.stored_secret import SecretKind

PLAN = make_plan(
    read(
        parse(
            'primus: { hsms: { hsm0: { host = "h"; port = "1"; slots: {'
            ' slot0: { user_name = "P"; id = 1; }; }; }; }; };'
        )
    )
)
THE_PIN = Credential(SecretKind.PIN, "P")


def login_ended_with(error: ErrorInfo) -> SlotResult:
    stages = (StageResult(Stage.LOGIN, Outcome.FAILED, 1.0, error),)
    return SlotResult("hsm0", "h", "1", "slot0", 1, "P", None, Outcome.FAILED, stages)


@pytest.mark.parametrize("condition", ["module-hung", "module-crashed", "interrupted", "pin-locked"])
def test_a_pin_of_which_nobody_said_that_it_is_wrong_was_not_rejected(condition: str) -> None:
    memory = Memory()
    ended = login_ended_with(explain_condition(condition))
    memory.learn([(PLAN.tests[0], ended)], primus=False, login=True)
    assert memory.doubts(PLAN, primus=False, login=True) == {}


def test_a_pin_that_was_rejected_is_remembered_until_it_is_replaced() -> None:
    memory = Memory()
    ended = login_ended_with(explain_answer(0xA0, None, None))
    memory.learn([(PLAN.tests[0], ended)], primus=False, login=True)
    assert memory.doubts(PLAN, primus=False, login=True) == {THE_PIN: "CKR_PIN_INCORRECT on hsm0"}
    memory.forget_secrets_of("P")
    assert memory.doubts(PLAN, primus=False, login=True) == {}
