"""``ppinui --test`` on openCryptoki's token, which really locks: it must not end locked.

Collected only where PPINUI_TEST_OPENCRYPTOKI is 1, as in .ci/run: openCryptoki belongs to the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.probe.scenes import HsmSpec, SlotSpec, configuration_text
from tests.rig.listeners import Listener, accepting
from tests.rig.opencryptoki import LABEL, USER_PIN, WRONG_PIN, OpenCryptoki, opencryptoki
from tests.rig.program import PPINUI, Ran, ppinui

__test__ = os.environ.get("PPINUI_TEST_OPENCRYPTOKI") == "1"

RunTest = Callable[..., Ran]


@pytest.fixture
def token() -> Iterator[OpenCryptoki]:
    """A token that has seen no wrong PIN."""
    with opencryptoki() as made:
        yield made


@pytest.fixture
def run_on_both(token: OpenCryptoki, tmp_path: Path, listening: Callable[[Listener], Listener]) -> RunTest:
    """`run_on_both(pin, "--crypto")`: the token is a partition that two HSMs share."""
    file = tmp_path / "primus.cfg"
    hsms = (listening(accepting()), listening(accepting("127.0.0.2")))
    file.write_text(configuration_text(*(HsmSpec(hsm, (SlotSpec(LABEL, token.slot),)) for hsm in hsms)))

    def go(pin: str, *options: str) -> Ran:
        command = (*token.entering, *PPINUI)
        asked = ("--test", "--login", "--module", str(token.module), *options)
        return ppinui("-c", file, *asked, stdin=f"{pin}\n", command=command)

    return go


def offer_wrong_pins(token: OpenCryptoki, times: int) -> None:
    """Somebody else's mistakes."""
    for _ in range(times):
        assert not token.offer(WRONG_PIN)


def test_the_token_locks_at_the_third_wrong_pin(token: OpenCryptoki) -> None:
    seen = []
    for _ in range(3):
        offer_wrong_pins(token, 1)
        seen.append(token.flags())

    assert seen == [{"count low"}, {"final try"}, {"locked"}]
    assert not token.offer(USER_PIN)


def test_the_right_pin_is_fine_on_both_hsms(token: OpenCryptoki, run_on_both: RunTest) -> None:
    ran = run_on_both(USER_PIN)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(f"user={LABEL}: OK\n") == 2
    assert token.flags() == set()


@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_a_wrong_pin_is_offered_once(lanes: str, token: OpenCryptoki, run_on_both: RunTest) -> None:
    ran = run_on_both(WRONG_PIN, "--lanes", lanes)

    assert ran.code == 1
    assert ran.err.count("login failed: CKR_PIN_INCORRECT (0x000000A0)") == 1
    assert ran.out.endswith("Number of failures: 2\n")
    assert token.flags() == {"count low"}
    assert run_on_both(USER_PIN).code == 0
    assert token.flags() == set()


@pytest.mark.parametrize("pin", [USER_PIN, WRONG_PIN])
def test_nothing_is_offered_at_the_final_try(pin: str, token: OpenCryptoki, run_on_both: RunTest) -> None:
    offer_wrong_pins(token, 2)

    ran = run_on_both(pin)

    assert ran.code == 1
    assert "PIN_FINAL_TRY" in ran.err
    assert token.flags() == {"final try"}
    assert token.offer(USER_PIN)


def test_wrong_pins_run_after_run_never_lock_it(token: OpenCryptoki, run_on_both: RunTest) -> None:
    for _ in range(4):
        assert run_on_both(WRONG_PIN).code == 1

    assert token.flags() == {"final try"}
    assert token.offer(USER_PIN)


def test_a_locked_token_is_named_so(token: OpenCryptoki, run_on_both: RunTest) -> None:
    offer_wrong_pins(token, 3)

    ran = run_on_both(USER_PIN)

    assert ran.code == 1
    assert "CKR_PIN_LOCKED" in ran.err


def test_the_final_try_is_spent_on_the_users_word(token: OpenCryptoki, run_on_both: RunTest) -> None:
    offer_wrong_pins(token, 2)

    ran = run_on_both(USER_PIN, "--hsm", "hsm0", "--spend-final-try")

    assert (ran.code, ran.err) == (0, "")
    assert token.flags() == set()


def test_cryptography_leaves_nothing_on_the_token(token: OpenCryptoki, run_on_both: RunTest) -> None:
    ran = run_on_both(USER_PIN, "--crypto", "--format", "json")

    assert ran.code == 0
    for slot in json.loads(ran.out)["results"]:
        last = slot["stages"][-1]
        assert last["name"] == "crypto"
        assert last["outcome"] == "ok"
        # openCryptoki before 3.16 has no elliptic curves
        assert last["note"] in (None, "signed with RSA (CKM_RSA_PKCS), as the token has no ECDSA")
    assert token.objects() == ""
    assert token.flags() == set()
