"""The step that tests every slot of a kms.toml, as the KMS would log in."""

from __future__ import annotations

from typing import Final

from ppinui.kms.plan import KmsPlan, make_kms_plan
from ppinui.kms.reading import load
from ppinui.kms.settings import KmsFile, Login
from ppinui.probe.result import SlotResult, Stage
from ppinui.probe.runner import Options, run
from ppinui.setup.steps.kms_library import LIBRARY, kms_file
from ppinui.setup.steps.kms_pins import PINS
from ppinui.setup.steps.kms_tokens import TOKENS
from ppinui.setup.steps.reporting import finding_of, hearing
from ppinui.setup.walkthrough import Action, Block, Finding, Given, Here, Running, State, Step, point, text

KMS_TEST: Final = "test"


def kms_test_step() -> Step:
    """Tests all slots of the file."""
    return Step(KMS_TEST, "Test of every slot", _text, _look)


def _text(_: Here) -> tuple[Block, ...]:
    return (
        text("Every slot of the file is tested as the KMS uses it: library, slot, token, session, login."),
        point("A PIN of the file is offered once. A slot with <NO_LOGIN> is tested without."),
    )


def _look(here: Here) -> Finding:
    file = load(kms_file(here))
    try:
        plan = _plan(here, file)
    finally:
        file.wipe()
    total = len(plan.plan.tests)
    pins = sum(slot.login is Login.PIN for one in file.instances for slot in one.slots)
    return Finding(
        State.TO_DO,
        f"{total} slot{'' if total == 1 else 's'} to test",
        action=Action(
            "test every slot",
            "Changes nothing on any token." + (" Each PIN of the file is offered once." if pins else ""),
            lambda given, running: _test(here, given, running),
            changes=False,
        ),
    )


def _plan(here: Here, file: KmsFile) -> KmsPlan:
    around = here.around
    return make_kms_plan(file, environ=around.environ, root=around.machine.root)


def _test(here: Here, _: Given, running: Running) -> Finding:
    around = here.around
    file = load(kms_file(here))
    try:
        plan = _plan(here, file)
        options = Options(
            None, modules=plan.modules, login=True, timeout=around.timeout, environ=around.environ
        )
        report = run(
            plan.plan,
            options,
            supply=plan.supply,
            on_event=hearing(plan.plan, running),
            stop=running.stop,
        )
    finally:
        file.wipe()
    return finding_of(report, _back_to)


def _back_to(_: SlotResult, stage: Stage) -> str | None:
    match stage:
        case Stage.LOAD:
            return LIBRARY
        case Stage.LOGIN:
            return PINS
        case _:
            return TOKENS
