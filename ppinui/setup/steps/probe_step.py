"""The step that tests every slot on every HSM, and explains each failure with the step to go back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NoReturn

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import ExitCode, PpinuiError
from ppinui.probe.plan import Plan, make_plan
from ppinui.probe.rejection import rejected_by
from ppinui.probe.result import Outcome, Report, SlotResult, Stage
from ppinui.probe.run_state import Listener, ProbeEvent
from ppinui.probe.runner import run
from ppinui.provider.library import mentions_primus
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import SecretKind
from ppinui.services.stored_credentials import StoredCredentials
from ppinui.setup.questions import Question, QuestionType
from ppinui.setup.steps.hsms_step import HSMS
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.partitions_step import PARTITIONS
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.steps.secret_status import saved_config, users_of
from ppinui.setup.steps.secret_steps import PERMANENT, PROXY
from ppinui.setup.walkthrough import Action, Finding, Given, Here, Running, SecretNeed, Step, StepState
from ppinui.text import plural

TEST: Final = "test"
LOGIN: Final = "test_login"
"""The question's id."""


_TEXT: Final = """
    Every slot of every HSM is tested as an application sees it: name, port, library, token, session.
    - A secret that one HSM has rejected is offered to no other.
"""


def _questions(_: Here) -> tuple[Question, ...]:
    return (
        Question(
            LOGIN,
            "Log in with the PIN too",
            "Shows that the PIN is right. A PIN that is not in the keyring is asked for once.",
            QuestionType.YES_NO,
            default=False,
        ),
    )


def _look(here: Here) -> Finding:
    config = saved_config(here)
    plan = _plan(here, config)
    login = here.answers.yes(LOGIN)
    return Finding(
        StepState.TO_DO,
        f"{len(plan.tests)} slot{'' if len(plan.tests) == 1 else 's'} to test",
        action=Action(
            "test every slot",
            "Connects to each HSM with the secrets that are kept, and changes nothing on any of them."
            + (" Each partition's PIN is offered once." if login else " No PIN is offered."),
            lambda given, running: _test(here, given, running),
            _pins(here, plan) if login else (),
            changes=False,
        ),
    )


def _plan(here: Here, config: PrimusConfig) -> Plan:
    """The slots of these partitions; those of others in the file are not of this set-up."""
    whole = make_plan(config)
    plan = whole.only(users_of(here, config).partitions)
    return plan if plan.tests else whole


def _pins(here: Here, plan: Plan) -> tuple[SecretNeed, ...]:
    """The PINs that the keyring does not have."""
    asked = []
    for user in plan.users:
        try:
            kept = store_of(here).has(SecretKind.PIN, user)
        except KeyringError:
            kept = False
        if not kept:
            prompt = f"Provide PKCS11 password for '{user}': "
            alone = len(plan.users) == 1
            asked.append(SecretNeed(user, prompt, "--pin-fd", owner=user, alone=alone))
    return tuple(asked)


def _test(here: Here, given: Given, running: Running) -> Finding:
    context = here.context
    config = saved_config(here)
    plan = _plan(here, config)
    secrets = context.secrets_location()
    secrets_file = secrets.path if secrets.exists else None
    options = replace(context.probe_options(login=here.answers.yes(LOGIN)), secrets_file=secrets_file)
    credentials = StoredCredentials(
        config,
        plan,
        secrets_file=secrets_file,
        open_store=lambda: store_of(here),
        ask=lambda user: Secret(given[user].reveal_bytes()),
        login=options.login,
        connects=options.module is not None and mentions_primus(options.module),
        without_file=_raise,
        without_keyring=lambda error: running.say(f"the keyring is not used: {error.message}"),
    )
    try:
        report = run(
            plan,
            options,
            credentials=credentials,
            on_event=progress_listener(plan, running),
            stop=running.stop,
        )
        credentials.mark_rejected(report.results)
    finally:
        credentials.wipe()
    return finding_of(report, _back_to)


def _raise(error: PpinuiError) -> NoReturn:
    raise error


def _back_to(result: SlotResult, stage: Stage) -> str | None:
    """The step in which a failure can be fixed."""
    if stage in (Stage.RESOLVE, Stage.CONNECT):
        return HSMS
    if stage is Stage.LOAD:
        return PROVIDER
    feared = rejected_by(result.stages[-1])
    missing = {kind for kind, source in result.secrets.items() if source == "missing"}
    if SecretKind.PROXY.value in missing or (result.proxy and SecretKind.PROXY in feared):
        return PROXY
    if SecretKind.PERMANENT in feared or SecretKind.PERMANENT.value in missing:
        return PERMANENT
    return TEST if SecretKind.PIN in feared else PARTITIONS


TEST_STEP: Final = Step(TEST, "Test of every slot", _TEXT, _look, _questions)
"""Tests all slots of the partitions that the walkthrough is about."""


WayBack = Callable[[SlotResult, Stage], str | None]
"""The step in which a slot that failed at a stage can be fixed."""


def progress_listener(plan: Plan, running: Running) -> Listener:
    """Says how far the test is, in one line for each event, and passes the event on to a watcher."""
    watching = running.watch(plan) if running.watch is not None else None

    def listen(event: ProbeEvent) -> None:
        test = event.test
        stage = event.stage.value if event.stage else "done"
        running.say(
            f"{event.done} of {event.total} slots tested, {test.hsm}.{test.slot} {test.user}: {stage}"
        )
        if watching is not None:
            watching(event)

    return listen


def finding_of(report: Report, back_to: WayBack) -> Finding:
    """What a test has shown; a failure comes with the step in which it can be fixed."""
    failures = _failures(report, back_to)
    total = report.partitions
    if report.interrupted:
        return Finding(
            StepState.TO_DO, "the test was interrupted", items=failures, exit_code=ExitCode.INTERRUPTED
        )
    if not report.failures:
        return Finding(StepState.DONE, f"all {total} slots are fine" if total > 1 else "the slot is fine")
    return Finding(
        StepState.PROBLEM,
        f"{report.failures} of {plural(total, 'slot')} are not fine",
        items=failures,
        back_to=next((item.back_to for item in failures if item.back_to), None),
    )


def _failures(report: Report, back_to: WayBack) -> tuple[Finding, ...]:
    """One for each reason, with the slots that have it."""
    found: dict[Finding, list[str]] = {}
    for result in report.results:
        if result.outcome is not Outcome.OK:
            found.setdefault(_failure(result, back_to), []).append(f"{result.hsm}.{result.slot}")
    return tuple(replace(finding, subject=", ".join(slots)) for finding, slots in found.items())


def _failure(result: SlotResult, back_to: WayBack) -> Finding:
    stage = result.stages[-1] if result.stages else None
    error = stage.error if stage else None
    if stage is None or error is None:
        return Finding(StepState.PROBLEM, "was not tested", "test again")
    code = f" ({error.hex})" if error.hex else ""
    words = f"{stage.stage.value} {stage.outcome.value}: {error.name}{code}. {error.message}"
    return Finding(StepState.PROBLEM, words, error.remedy, back_to=back_to(result, stage.stage))
