"""The walkthrough for another PKCS#11 HSM with a KMS, on SoftHSM2's tokens."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import SecretKind, StoredSecret
from ppinui.services.context import Context
from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds.kms_kind import KMS
from ppinui.setup.walkthrough import Running, StepState, Style
from tests.rig.odd_module import OddModule, Switches
from tests.rig.softhsm import USER_PIN, SoftHsm
from tests.setup.walkthrough_rig import MemoryKeyrings, at, commands, context_of, do, found

MakeTokens = Callable[..., SoftHsm]
MakeOdd = Callable[[Switches], OddModule]
PAYMENTS = {"tokens": [{"label": "PAYMENTS"}]}


@pytest.fixture
def hsm(make_tokens: MakeTokens) -> SoftHsm:
    return make_tokens("PAYMENTS")


@pytest.fixture
def context(hsm: SoftHsm, tmp_path: Path) -> Context:
    """A machine on which SoftHSM2 is the library of an "other" HSM, and no kms.toml."""
    (tmp_path / "etc/cosmian").mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libkmshsm.so").symlink_to(hsm.module)
    return context_of(tmp_path, {**hsm.environ, "PATH": os.environ["PATH"]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "etc/cosmian/kms.toml"


def keep(context: Context, label: str, pin: str) -> None:
    context.keyrings.store(None).put(StoredSecret(SecretKind.PIN, label, password=Secret(pin)))


def kms_at(step: str, context: Context, **answers: Any) -> Walkthrough:
    return at(step, context, KMS, **answers)


def test_from_a_library_to_a_test_of_every_slot(context: Context, path: Path) -> None:
    walk = Walkthrough(KMS, context)
    walk.go_to("library")
    assert found(walk.page()).state is StepState.DONE
    walk.go_to("tokens")
    assert walk.answer({"tokens": [{"label": "PAYMENTS"}, {"label": "SIGNING"}]}) == {}

    assert "no token is called 'SIGNING'" in found(walk.page()).message
    assert do(walk, so_pin="0815-so-pin", user_pin="signing-pin") is None
    assert found(walk.page()).state is StepState.DONE

    walk.forward()
    assert found(walk.page()).message == "the PIN of 'PAYMENTS' is not in the keyring"
    do(walk, user_pin=USER_PIN)
    assert found(walk.page()).message == "all 2 PINs are set, and in the keyring"

    walk.forward()
    assert walk.answer({"kms_admin": "alice", "kms_pins_in_file": True}) == {}
    (diff,) = found(walk.page()).blocks
    assert diff.style is Style.VERBATIM
    assert "signing-pin" not in diff.text
    assert "hsm_password = [••••, ••••]" in diff.text
    do(walk)
    assert found(walk.page()).state is StepState.DONE
    written = tomllib.loads(path.read_text())
    assert written["hsm_password"] == [USER_PIN, "signing-pin"]
    assert (written["hsm_model"], written["hsm_admin"]) == ("other", ["alice"])
    assert path.stat().st_mode & 0o777 == 0o600

    walk.forward()
    outcome = do(walk)
    assert outcome is not None
    assert (outcome.state, outcome.message) == (StepState.DONE, "all 2 slots are fine")


def test_going_through_it_again_changes_nothing(context: Context, path: Path) -> None:
    keep(context, "PAYMENTS", USER_PIN)
    do(kms_at("kms", context, **PAYMENTS))
    before = path.read_bytes()
    again = kms_at("kms", context, **PAYMENTS)
    assert found(again.page()).state is StepState.DONE
    assert path.read_bytes() == before
    assert not path.with_name("kms.toml.bak").exists()


def test_a_pin_is_written_on_request_alone(context: Context, path: Path) -> None:
    keep(context, "PAYMENTS", USER_PIN)
    do(kms_at("kms", context, **PAYMENTS))
    assert tomllib.loads(path.read_text())["hsm_password"] == ["<NO_LOGIN>"]


def test_slots_that_the_file_has_stay(context: Context, path: Path, hsm: SoftHsm) -> None:
    path.write_text(
        'hsm_model = "other" # ours\nhsm_admin = ["a", "b"]\nhsm_slot = [3]\nhsm_password = ["x"]\n'
    )
    path.chmod(0o600)
    do(kms_at("kms", context, **PAYMENTS))
    (slot,) = hsm.slot_ids
    assert path.read_text() == (
        'hsm_model = "other" # ours\nhsm_admin = ["a", "b"]\n'
        f'hsm_slot = [3, {slot}]\nhsm_password = ["x", "<NO_LOGIN>"]\n'
    )


def test_a_wrong_pin_leads_back_to_the_pins(context: Context) -> None:
    keep(context, "PAYMENTS", "wrong-pin")
    do(kms_at("kms", context, kms_pins_in_file=True, **PAYMENTS))
    outcome = do(kms_at("test", context, kms_pins_in_file=True, **PAYMENTS))
    assert outcome is not None
    assert (outcome.state, outcome.back_to) == (StepState.PROBLEM, "pins")
    assert "CKR_PIN_INCORRECT" in outcome.items[0].message


def test_a_pin_that_was_rejected_is_offered_no_more_and_can_be_replaced(context: Context, path: Path) -> None:
    keep(context, "PAYMENTS", "wrong-pin")
    do(kms_at("kms", context, kms_pins_in_file=True, **PAYMENTS))
    walk = kms_at("test", context, kms_pins_in_file=True, **PAYMENTS)
    do(walk)
    again = found(walk.page())
    assert (again.state, again.action, again.back_to) == (StepState.PROBLEM, None, "pins")
    assert "CKR_PIN_INCORRECT" in again.message
    assert "is not offered again" in again.message
    assert "wrong-pin" not in again.message

    walk.go_to("pins")
    assert found(walk.page()).state is StepState.TO_DO
    assert do(walk, user_pin=USER_PIN) is None
    walk.go_to("kms")
    assert do(walk) is None
    assert tomllib.loads(path.read_text())["hsm_password"] == [USER_PIN]
    walk.go_to("test")
    assert found(walk.page()).action is not None


def test_a_library_that_is_elsewhere_is_linked(context: Context, hsm: SoftHsm, tmp_path: Path) -> None:
    place = tmp_path / "lib/libkmshsm.so"
    place.unlink()
    place.symlink_to("/gone")
    walk = kms_at("library", context)
    assert "leads nowhere" in found(walk.page()).message
    walk = kms_at("library", context, kms_library=str(hsm.module))
    do(walk)
    assert place.resolve() == hsm.module.resolve()
    assert found(walk.page()).state is StepState.DONE


def test_a_library_that_is_none_is_not_linked(context: Context, tmp_path: Path) -> None:
    (tmp_path / "lib/libkmshsm.so").unlink()
    (tmp_path / "none.so").write_text("no library")
    page = kms_at("library", context, kms_library=str(tmp_path / "none.so")).page()
    assert found(page).state is StepState.PROBLEM
    assert found(page).action is None
    assert not (tmp_path / "lib/libkmshsm.so").exists()


def test_a_token_that_is_in_use_is_never_initialised(context: Context, hsm: SoftHsm) -> None:
    (slot,) = hsm.slot_ids
    finding = found(kms_at("tokens", context, tokens=[{"label": "OTHER", "slot": slot}]).page())
    assert (finding.state, finding.action) == (StepState.PROBLEM, None)
    assert f"slot {slot} is none that was never initialised" in finding.message


def test_two_tokens_of_one_label_are_told_apart_by_nobody(make_tokens: MakeTokens, tmp_path: Path) -> None:
    twins = make_tokens("TWIN", "TWIN")
    context = context_of(tmp_path, {**twins.environ, "OTHER_HSM_PKCS11_LIB": str(twins.module)})
    finding = found(kms_at("tokens", context, tokens=[{"label": "TWIN"}]).page())
    assert finding.message.startswith("several tokens are called 'TWIN'")


def test_a_keyring_that_fails_costs_no_token(context: Context, path: Path) -> None:
    keyrings = context.keyrings
    assert isinstance(keyrings, MemoryKeyrings)
    keyrings.keyring.fails = lambda _: True
    walk = kms_at("tokens", context, tokens=[{"label": "NEW"}])
    said: list[str] = []
    action = found(walk.page()).action
    assert action is not None
    given = {"so_pin": Secret("0815-so-pin"), "user_pin": Secret("4711-pin")}
    assert walk.act(action, given, Running(said.append)) is None
    assert any("is not in the keyring" in line for line in said)
    assert found(walk.page()).state is StepState.DONE


def test_the_end_names_commands_for_this_file(context: Context, path: Path) -> None:
    page = kms_at("next", context, **PAYMENTS).page()
    lines = [line for block in page.blocks if block.style is Style.COMMAND for line in block.text.split("\n")]
    assert f"ppinui -c {path} --test --format json" in lines
    assert f"cosmian_kms -c {path}" in lines
    assert commands(found(page)) == []
