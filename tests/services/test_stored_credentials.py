"""What a test's outcome leaves in the keyring: a mark on what was rejected, and none on what was not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.probe.plan import make_plan
from ppinui.probe.result import Report, Stage
from ppinui.probe.run_state import ProbeEvent
from ppinui.probe.runner import ProbeOptions, run
from ppinui.secrets.lookup import offer_all
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.services.stored_credentials import mark_rejected
from ppinui.workers.cancellation import Cancellation
from tests.probe.scenes import HsmSpec, SlotSpec, configuration, error_of
from tests.rig.listeners import Listener, accepting
from tests.rig.odd_module import PRIMUS, Fault, OddModule, answers, crashes, hangs, logs
from tests.secrets.memory_keyring import MemoryKeyring

MakeOdd = Callable[..., OddModule]
PIN = "1234"
PERMANENT, THE_PIN = (SecretKind.PERMANENT, "P"), (SecretKind.PIN, "P")


@pytest.fixture
def log_in(listening: Callable[[Listener], Listener]) -> Callable[..., Report]:
    """`log_in(module)`: logs in to a partition P with the PIN; stopped as soon as it is at a stage."""
    config = configuration(HsmSpec(listening(accepting()), (SlotSpec("P", 1),)))

    def go(module: Path, pin: str = PIN, *, stopped_at: Stage | None = None) -> Report:
        stop = Cancellation()

        def listen(event: ProbeEvent) -> None:
            if event.stage is stopped_at and event.result is None:
                threading.Thread(target=stop.cancel).start()

        timeout = 1.0 if stopped_at is None else 60.0
        options = ProbeOptions(module, login=True, timeout=timeout)
        return run(make_plan(config), options, pins=lambda _: Secret(pin), on_event=listen, stop=stop)

    return go


def marked(report: Report) -> set[SecretKind]:
    """The kinds of P's secrets that are marked in a keyring which has them all."""
    store = SecretStore(MemoryKeyring())
    store.put(StoredSecret(SecretKind.PIN, "P", password=Secret(PIN)))
    store.put(StoredSecret(SecretKind.PERMANENT, "P", password=Secret("opaque")))
    mark_rejected(store, offer_all(store, [PERMANENT, THE_PIN]).secrets, report.results)
    kept = {kind: store.get(kind, "P") for kind, _ in (PERMANENT, THE_PIN)}
    return {kind for kind, secret in kept.items() if secret and store.rejection_of(secret)}


def test_a_wrong_pin_is_marked(odd: MakeOdd, log_in: Callable[..., Report]) -> None:
    report = log_in(odd(PRIMUS).path, "9999")
    assert error_of(report.results[0]) == ("login", "CKR_PIN_INCORRECT")
    assert marked(report) == {SecretKind.PIN}


@pytest.mark.parametrize(
    "fault",
    [
        hangs("C_Login", hard=True),
        crashes("C_Login"),
        answers("C_Login", 0x30),
        answers("C_Login", 0xE0),
        answers("C_Login", 0x05),
    ],
    ids=["hang", "crash", "device error", "token not present", "general error"],
)
def test_a_login_that_ended_without_a_word_about_the_pin_leaves_no_mark(
    fault: Fault, odd: MakeOdd, log_in: Callable[..., Report]
) -> None:
    report = log_in(odd(replace(PRIMUS, faults=(fault,))).path)
    assert error_of(report.results[0])[0] == "login"
    assert marked(report) == set()


def test_a_login_that_was_interrupted_leaves_no_mark(odd: MakeOdd, log_in: Callable[..., Report]) -> None:
    module = odd(replace(PRIMUS, faults=(hangs("C_Login"),)))
    report = log_in(module.path, stopped_at=Stage.LOGIN)
    assert error_of(report.results[0]) == ("login", "INTERRUPTED")
    assert marked(report) == set()


@pytest.mark.parametrize(("wrong_pins", "error"), [(2, "PIN_FINAL_TRY"), (3, "CKR_PIN_LOCKED")])
def test_a_pin_that_was_held_back_is_not_marked(
    wrong_pins: int, error: str, odd: MakeOdd, log_in: Callable[..., Report]
) -> None:
    module = odd(PRIMUS)
    module.set_wrong_pins("P", wrong_pins)
    report = log_in(module.path)
    assert error_of(report.results[0]) == ("login", error)
    assert module.attempts == ()
    assert marked(report) == set()


@pytest.mark.parametrize(
    ("logged", "rejected"),
    [
        ("rv: 0x80005018", {SecretKind.PERMANENT}),
        ("rv: 0x8000ffff", {SecretKind.PERMANENT}),
        ("Failed to login on HSM 127.0.0.1:2310 (slot: 1)", {SecretKind.PERMANENT}),
        ("rv: 0x8000000d", set()),
        ("rv: 0x80005015", set()),
    ],
    ids=["expired", "a code that no list has", "a login that failed", "no such partition", "no connection"],
)
def test_a_permanent_secret_is_marked_by_the_word_of_the_log(
    logged: str, rejected: set[SecretKind], odd: MakeOdd, log_in: Callable[..., Report]
) -> None:
    faults = (logs("C_GetTokenInfo", logged), answers("C_GetTokenInfo", 0xE0))
    assert marked(log_in(odd(replace(PRIMUS, faults=faults)).path)) == rejected
