"""The step that tests every slot of a kms.toml, as the KMS would log in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_file import KmsFile, Login
from ppinui.kms.kms_plan import KmsPlan, make_kms_plan
from ppinui.kms.kms_reader import load
from ppinui.probe.result import Report, SlotResult, Stage
from ppinui.probe.runner import ProbeOptions, run
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.services.stored_credentials import mark_rejected
from ppinui.setup.steps.keyring_step import store_of
from ppinui.setup.steps.kms_library_step import LIBRARY, MODEL, kms_file
from ppinui.setup.steps.kms_tokens_step import PINS, TOKENS, tokens_of
from ppinui.setup.steps.probe_step import finding_of, progress_listener
from ppinui.setup.walkthrough import Action, Finding, Given, Here, Running, Step, StepState
from ppinui.text import plural

KMS_TEST: Final = "test"


_TEXT: Final = """
    Every slot of the file is tested as the KMS uses it: library, slot, token, session, login.
    - A PIN of the file is offered once. A slot with <NO_LOGIN> is tested without.
"""


def _look(here: Here) -> Finding:
    file = load(kms_file(here))
    try:
        plan = _plan(here, file)
        if (rejected := _rejected(here, file)) is not None:
            return rejected
    finally:
        file.wipe()
    total = len(plan.plan.tests)
    pins = sum(slot.login is Login.PIN for one in file.instances for slot in one.slots)
    return Finding(
        StepState.TO_DO,
        f"{plural(total, 'slot')} to test",
        action=Action(
            "test every slot",
            "Changes nothing on any token." + (" Each PIN of the file is offered once." if pins else ""),
            lambda given, running: _test(here, given, running),
            changes=False,
        ),
    )


def _plan(here: Here, file: KmsFile) -> KmsPlan:
    context = here.context
    return make_kms_plan(file, environ=context.environ, root=context.host.root)


def _test(here: Here, _: Given, running: Running) -> Finding:
    context = here.context
    file = load(kms_file(here))
    try:
        plan = _plan(here, file)
        options = ProbeOptions(
            None, modules=plan.modules, login=True, timeout=context.timeout, environ=context.environ
        )
        report = run(
            plan.plan,
            options,
            credentials=plan.supply,
            on_event=progress_listener(plan.plan, running),
            stop=running.stop,
        )
        _mark_rejected(here, file, report, running)
    finally:
        file.wipe()
    return finding_of(report, _back_to)


def _rejected(here: Here, file: KmsFile) -> Finding | None:
    """A problem where the file has a PIN that a token has rejected: it is offered no more."""
    try:
        with _kept_pins(here, file) as kept:
            for pin in kept.values():
                if (rejection := store_of(here).rejection_of(pin)) is not None:
                    return Finding(
                        StepState.PROBLEM,
                        f"the PIN of '{pin.name}' was rejected by {rejection.by}, and is not offered again",
                        "keep the right one, and save the file with it",
                        back_to=PINS,
                    )
    except KeyringError:  # nothing was kept, so nothing was marked
        pass
    return None


def _mark_rejected(here: Here, file: KmsFile, report: Report, running: Running) -> None:
    """Mark in the keyring the PINs of the file that were rejected, if they are those that it has."""
    try:
        with _kept_pins(here, file) as kept:
            pins = {
                (SecretKind.PIN, result.user): kept[result.hsm, result.slot]
                for result in report.results
                if (result.hsm, result.slot) in kept
            }
            mark_rejected(store_of(here), pins, report.results)
    except PpinuiError as error:
        running.say(f"what was rejected is not marked in the keyring: {error.message}")


@contextmanager
def _kept_pins(here: Here, file: KmsFile) -> Iterator[dict[tuple[str, str], StoredSecret]]:
    """The PINs of the file that the keyring has too, by HSM and slot. Raises PpinuiError."""
    kept: dict[tuple[str, str], StoredSecret] = {}
    try:
        in_file = {
            (one.name, slot.name): slot
            for one in file.instances
            if one.model is Model(here.answers.text(MODEL))
            for slot in one.slots
            if slot.login is Login.PIN
        }
        chosen = tokens_of(here) if in_file else ()
        labels = {one.slot.id: one.label for one in chosen if one.slot is not None}
        for key, slot in in_file.items():
            label = labels.get(slot.id) if slot.id is not None else None
            stored = store_of(here).get(SecretKind.PIN, label) if label is not None else None
            if stored is not None:
                kept[key] = stored
        yield {key: one for key, one in kept.items() if one.password == in_file[key].pin}
    finally:
        for one in kept.values():
            one.wipe()


def _back_to(_: SlotResult, stage: Stage) -> str | None:
    match stage:
        case Stage.LOAD:
            return LIBRARY
        case Stage.LOGIN:
            return PINS
        case _:
            return TOKENS


KMS_TEST_STEP: Final = Step(KMS_TEST, "Test of every slot", _TEXT, _look)
"""Tests all slots of the file."""
