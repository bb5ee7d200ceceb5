"""PINs are changed and set on real tokens, offered once, and not at all where something speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ppinui.pkcs11.token_flags import UserType
from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import result_of
from ppinui.tokens.pins import change_pin, init_pin
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tokens.slot_list import find_slot
from ppinui.tokens.token_errors import TokenError
from ppinui.tokens.token_refusal import TokenRefusal
from tests.rig.odd_module import PRIMUS, Switches, answers
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm
from tests.tokens.module_rig import MakeOdd, MakeTokens, look_at, reach, reach_odd, witness_of

NEW_PIN = "a-new-user-pin"


@pytest.fixture
def hsm(make_tokens: MakeTokens) -> SoftHsm:
    return make_tokens("PAYMENTS", "OTHER")


def test_the_user_pin_is_changed(hsm: SoftHsm) -> None:
    token = change_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret(USER_PIN), Secret(NEW_PIN))

    witness = witness_of(hsm)
    assert token.words == ("initialised", "user PIN set", "login required")
    assert witness.accepts("PAYMENTS", NEW_PIN)
    assert not witness.accepts("PAYMENTS", USER_PIN)
    assert witness.accepts("OTHER", USER_PIN)


def test_the_security_officers_pin_is_changed(hsm: SoftHsm) -> None:
    slot = look_at(hsm, "PAYMENTS")

    change_pin(reach(hsm), slot, Secret(SO_PIN), Secret("a-new-so-pin"), user=UserType.SO)

    init_pin(reach(hsm), slot, Secret("a-new-so-pin"), Secret(NEW_PIN))
    assert witness_of(hsm).accepts("PAYMENTS", NEW_PIN)


def test_the_security_officer_sets_the_user_pin_without_the_old_one(hsm: SoftHsm) -> None:
    init_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret(SO_PIN), Secret(NEW_PIN))

    assert witness_of(hsm).accepts("PAYMENTS", NEW_PIN)


def test_a_wrong_old_pin_is_named_so_with_the_flags_afterwards(hsm: SoftHsm) -> None:
    with pytest.raises(TokenError) as caught:
        change_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret("wrong-pin"), Secret(NEW_PIN))

    assert caught.value.failure.name == "CKR_PIN_INCORRECT"
    assert "the token's flags now: user PIN count low" in caught.value.message
    witness = witness_of(hsm)
    assert witness.tokens()["PAYMENTS"].wrong_pins == {"user PIN count low"}
    assert witness.accepts("PAYMENTS", USER_PIN)


def test_a_wrong_so_pin_counts_for_the_security_officer(hsm: SoftHsm) -> None:
    with pytest.raises(TokenError) as caught:
        init_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret("wrong-pin"), Secret(NEW_PIN))

    assert caught.value.failure.function == "C_Login"
    assert "SO PIN count low" in caught.value.message
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (USER_PIN, "123", "pin-length"),
        (USER_PIN, "x" * 256, "pin-length"),
        ("123", NEW_PIN, "pin-length"),
        (USER_PIN, USER_PIN, "same-pin"),
    ],
)
def test_pins_that_cannot_be_are_refused_before_one_is_offered(
    old: str, new: str, name: str, hsm: SoftHsm
) -> None:
    with pytest.raises(TokenRefusal) as caught:
        change_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret(old), Secret(new))

    assert caught.value.name == name
    assert witness_of(hsm).tokens()["PAYMENTS"].wrong_pins == set()


def test_a_pin_is_measured_in_bytes(hsm: SoftHsm) -> None:
    with pytest.raises(TokenRefusal) as caught:
        change_pin(reach(hsm), look_at(hsm, "PAYMENTS"), Secret(USER_PIN), Secret("ä" * 128))
    assert "256 bytes" in caught.value.message


def test_a_token_that_was_exchanged_meanwhile_gets_no_pin(hsm: SoftHsm) -> None:
    slot = look_at(hsm, "PAYMENTS")
    assert slot.token is not None
    changed = replace(slot, token=replace(slot.token, serial="0000000000000000"))

    with pytest.raises(TokenRefusal) as caught:
        change_pin(reach(hsm), changed, Secret(USER_PIN), Secret(NEW_PIN))
    assert caught.value.name == "other-token"
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


Change = Callable[[TokenSlot], Token]


@pytest.mark.parametrize(("wrong", "name"), [(2, "pin-final-try"), (3, "pin-locked")])
def test_nothing_is_offered_where_the_flags_forbid_it(wrong: int, name: str, odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}))
    access = reach_odd(module)
    fresh = find_slot(access, "1")
    module.set_wrong_pins("ONE", wrong)

    for slot in (fresh, find_slot(access, "1")):  # the flags as they were, and as they are
        with pytest.raises(TokenRefusal) as caught:
            change_pin(access, slot, Secret("1234"), Secret(NEW_PIN))
        assert caught.value.name == name
    assert "C_SetPIN" not in {call.function for call in module.calls}


def test_the_final_try_is_spent_on_the_users_word(odd: MakeOdd) -> None:
    module = odd(Switches(slots={1: "ONE"}))
    module.set_wrong_pins("ONE", 2)
    access = reach_odd(module)

    with pytest.raises(TokenError):  # the odd module has no C_SetPIN
        change_pin(access, find_slot(access, "1"), Secret("1234"), Secret(NEW_PIN), spend_final_try=True)
    assert "C_SetPIN" in {call.function for call in module.calls}


def test_a_function_that_the_module_lacks_is_named(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: "ONE"})))

    with pytest.raises(TokenError) as caught:
        change_pin(access, find_slot(access, "1"), Secret("1234"), Secret(NEW_PIN))
    assert "CKR_FUNCTION_NOT_SUPPORTED" in caught.value.message
    assert caught.value.place.endswith("C_SetPIN")


def test_a_slot_with_an_error_is_that_error(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: "ONE"}, faults=(answers("C_GetTokenInfo", 0x30),))))

    with pytest.raises(TokenError) as caught:
        change_pin(access, find_slot(access, "1"), Secret("1234"), Secret(NEW_PIN))
    assert caught.value.failure.name == "CKR_DEVICE_ERROR"


def test_an_empty_slot_has_no_pin(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: None})))

    with pytest.raises(TokenRefusal) as caught:
        change_pin(access, find_slot(access, "1"), Secret("1234"), Secret(NEW_PIN))
    assert caught.value.name == "no-token"


def test_the_user_pin_of_a_primus_is_not_set_from_here(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))
    access = reach_odd(module, connect=True)

    with pytest.raises(TokenRefusal) as caught:
        init_pin(access, find_slot(access, "1"), Secret(SO_PIN), Secret(NEW_PIN))
    assert caught.value.name == "never-on-a-primus"
    assert module.attempts == ()


def test_a_module_that_is_refused_is_asked_nothing_and_its_worker_gets_no_pin(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))

    with pytest.raises(TokenRefusal) as caught:
        result_of(reach_odd(module), {"do": "pin_ops:try_pin"}, Secret(USER_PIN))

    assert caught.value.name == "primus"
    asked = {call.function for call in module.calls}
    assert asked <= {"C_GetFunctionList", "C_Initialize", "C_GetInfo", "C_Finalize"}
