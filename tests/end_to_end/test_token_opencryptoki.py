"""``ppinui slots``, ``token``, ``pin`` and ``objects`` on openCryptoki, whose tokens really lock.

Collected only where PPINUI_TEST_OPENCRYPTOKI is 1, as in .ci/run: openCryptoki belongs to the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import pytest

from tests.rig.opencryptoki import (
    FACTORY_SO_PIN,
    LABEL,
    SO_PIN,
    USER_PIN,
    WRONG_PIN,
    OpenCryptoki,
    opencryptoki,
)
from tests.rig.program import PPINUI, Ran, ppinui
from tests.rig.witness import Witness

__test__ = os.environ.get("PPINUI_TEST_OPENCRYPTOKI") == "1"

NEW_PIN = "13572468"
Run = Callable[..., Ran]


@pytest.fixture
def token() -> Iterator[OpenCryptoki]:
    """A token that has seen no wrong PIN."""
    with opencryptoki() as made:
        yield made


def runner(token: OpenCryptoki) -> Run:
    def go(*arguments: str, stdin: str = "") -> Ran:
        module = ("--module", str(token.module))
        return ppinui(*arguments, *module, stdin=stdin, command=(*token.entering, *PPINUI))

    return go


@pytest.fixture
def run(token: OpenCryptoki) -> Run:
    """`run("pin", "change", LABEL, stdin="…")`."""
    return runner(token)


def test_its_slot_is_listed(run: Run, token: OpenCryptoki) -> None:
    (slot,) = json.loads(run("slots", "--format", "json").out)["slots"]

    assert slot["id"] == token.slot
    assert (slot["token"]["label"], slot["token"]["min_pin"], slot["token"]["max_pin"]) == (LABEL, 4, 8)
    assert slot["token"]["flags"] == ["initialised", "user PIN set", "login required"]


def test_a_token_as_its_maker_left_it_is_initialised() -> None:
    with opencryptoki(initialised=False) as token:
        run = runner(token)
        listed = run("slots")
        assert "not initialised" in listed.out
        init = ("token", "init", str(token.slot), "--label", LABEL)
        pins = f"{FACTORY_SO_PIN}\n{SO_PIN}\n{USER_PIN}\n"

        refused = run(*init, stdin=f"{SO_PIN}\n{USER_PIN}\n")
        assert refused.code == 1
        assert "repeat with --factory-so-pin" in refused.err
        assert "CKR_PIN_INCORRECT" in refused.err
        done = run(*init, "--factory-so-pin", stdin=pins)

        assert done.code == 0, done.err
        assert token.flags() == set()
        assert token.offer(USER_PIN)
        seen = Witness(token.module, entering=token.entering).tokens()[LABEL]
        assert not {flag for flag in seen.flags if "to be changed" in flag}


def test_a_token_that_is_half_made_says_what_it_lacks() -> None:
    with opencryptoki(initialised=False) as token:
        run = runner(token)
        init = ("token", "init", str(token.slot), "--label", LABEL, "--factory-so-pin")

        # it takes no SO PIN that is the one before
        half = run(*init, stdin=f"{FACTORY_SO_PIN}\n{FACTORY_SO_PIN}\n{USER_PIN}\n")
        assert half.code == 1
        assert "its user PIN is not set (ppinui pin init SLOT), and its SO PIN is the one" in half.err
        again = run(*init, "--yes-erase", LABEL, stdin=f"{FACTORY_SO_PIN}\n{SO_PIN}\n{USER_PIN}\n")

        assert again.code == 0, again.err
        assert token.offer(USER_PIN)


def test_it_is_erased_by_its_security_officer(run: Run, token: OpenCryptoki) -> None:
    init = ("token", "init", LABEL, "--label", LABEL, "--yes-erase", LABEL)

    done = run(*init, stdin=f"{SO_PIN}\n{NEW_PIN}\n")

    if done.code == 0:
        assert token.offer(NEW_PIN)
    else:  # version 3.8 lets nobody log in to a token that was initialised for the second time
        assert "C_Login" in done.err
        assert "the token is initialised, but its user PIN is not set (ppinui pin init SLOT)" in done.err
    assert token.flags() == set()


def test_pins_are_changed_and_set(run: Run, token: OpenCryptoki) -> None:
    assert run("pin", "change", LABEL, stdin=f"{USER_PIN}\n{NEW_PIN}\n").code == 0
    assert token.offer(NEW_PIN)
    assert run("pin", "change", LABEL, "--so", stdin=f"{SO_PIN}\n11223344\n").code == 0
    assert run("pin", "init", LABEL, stdin=f"11223344\n{USER_PIN}\n").code == 0
    assert token.offer(USER_PIN)


def test_a_pin_that_is_too_long_is_refused_before_one_is_offered(run: Run, token: OpenCryptoki) -> None:
    refused = run("pin", "change", LABEL, stdin=f"{USER_PIN}\n123456789\n")

    assert refused.code == 2
    assert "9 bytes, and the token takes 4 to 8" in refused.err
    assert token.flags() == set()


def test_wrong_pins_run_after_run_never_lock_it(run: Run, token: OpenCryptoki) -> None:
    seen = []
    for _ in range(4):
        # its C_SetPIN counts no wrong ones
        assert run("pin", "change", LABEL, stdin=f"{WRONG_PIN}\n{NEW_PIN}\n").code in {1, 2}
        ran = run("objects", LABEL, "--login", "--pin-fd", "0", stdin=f"{WRONG_PIN}\n")
        seen.append((ran.code, token.flags()))

    assert seen == [(1, {"count low"}), (1, {"final try"}), (2, {"final try"}), (2, {"final try"})]
    assert token.offer(USER_PIN)


def test_a_check_spends_one_try_and_no_second_one(run: Run, token: OpenCryptoki) -> None:
    asked = run("pin", "check", LABEL)
    assert asked.code == 2
    assert token.flags() == set()
    seen = []
    for _ in range(3):
        ran = run("pin", "check", LABEL, "--spend-one-try", "--format", "json")
        (slot,) = json.loads(ran.out)["slots"]
        seen.append((ran.code, slot["verdict"], token.flags()))

    assert seen == [
        (0, "other", {"count low"}),
        (1, "not tried", {"count low"}),
        (1, "not tried", {"count low"}),
    ]
    assert token.offer(USER_PIN)


def test_a_well_known_pin_is_found_and_changed(run: Run, token: OpenCryptoki) -> None:
    assert run("pin", "init", LABEL, stdin=f"{SO_PIN}\n98765432\n").code == 0

    found = run("pin", "check", LABEL, "--spend-one-try")

    assert found.code == 1
    assert "STILL HAS the well-known PIN 98765432" in found.out
    assert token.flags() == set()
    assert run("pin", "change", LABEL, stdin=f"98765432\n{NEW_PIN}\n").code == 0
    assert token.offer(NEW_PIN)


@pytest.mark.parametrize("more", [(), ("--on-token",)])
def test_a_test_key_leaves_nothing_behind(more: tuple[str, ...], run: Run, token: OpenCryptoki) -> None:
    made = run("objects", "test-key", LABEL, *more, "--pin-fd", "0", stdin=f"{USER_PIN}\n")

    assert made.code == 0, made.err
    assert token.objects() == ""


def test_objects_are_listed_and_exported(run: Run, token: OpenCryptoki) -> None:
    witness = Witness(token.module, entering=token.entering)
    witness.do(LABEL, USER_PIN, "--keypairgen", "--key-type", "rsa:2048", "--label", "sign", "--id", "0a")

    listed = run("objects", LABEL, "--login", "--pin-fd", "0", "--format", "json", stdin=f"{USER_PIN}\n")
    exported = run("objects", "export", LABEL, "--id", "0a")

    assert listed.code == 0, listed.err
    objects = {one["class"]: one for one in json.loads(listed.out)["objects"]}
    assert set(objects) == {"private key", "public key"}
    assert {(one["type"], one["size"]) for one in objects.values()} == {("RSA", "2048 bits")}
    assert exported.out.startswith("-----BEGIN PUBLIC KEY-----")
