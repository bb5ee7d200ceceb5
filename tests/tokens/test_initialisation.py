"""Tokens are initialised as another program sees it, and wherever they are afterwards."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import Pipe

import pytest

from ppinui.pkcs11.token_flags import TokenFlag
from ppinui.secrets.secret import Secret
from ppinui.tokens.initialisation import Pins, initialise, name_to_type, needs_of, padded_label
from ppinui.tokens.module_client import Interrupted
from ppinui.tokens.slot import Token, TokenSlot
from ppinui.tokens.slot_list import find_slot, list_slots
from ppinui.tokens.token_errors import TokenError
from ppinui.tokens.token_refusal import TokenRefusal
from tests.rig.odd_module import PRIMUS, Switches
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm
from tests.tokens.module_rig import MakeOdd, MakeTokens, StopAfter, look_at, reach, reach_odd, witness_of

NEW_SO_PIN, NEW_PIN = "a-new-so-pin", "a-new-user-pin"


@pytest.fixture
def hsm(make_tokens: MakeTokens) -> SoftHsm:
    return make_tokens("PAYMENTS")


def free_slot(hsm: SoftHsm) -> TokenSlot:
    return list_slots(reach(hsm)).slots[-1]


def new_pins() -> Pins:
    return Pins(Secret(NEW_PIN), new_so=Secret(NEW_SO_PIN))


@pytest.mark.parametrize("label", ["NEW", "Zahlungen für Köln", "x" * 32, "with  blanks", "1234"])
def test_a_fresh_token_gets_label_and_pins(label: str, hsm: SoftHsm) -> None:
    free = free_slot(hsm)
    assert not needs_of(free, hsm.module).erases

    made = initialise(reach(hsm), free, label, new_pins())

    witness = witness_of(hsm)
    seen = witness.tokens()[label]
    assert made.token is not None
    assert (made.id, made.token.label, made.token.serial) == (seen.slot_id, label, seen.serial)
    assert made.id != free.id  # SoftHSM has moved it
    assert witness.accepts(label, NEW_PIN)
    assert witness.accepts("PAYMENTS", USER_PIN)
    init = witness.run(
        "--slot",
        str(made.id),
        "--login",
        "--login-type",
        "so",
        "--so-pin",
        NEW_SO_PIN,
        "--init-pin",
        "--pin",
        "9999",
    )
    assert "User PIN successfully initialized" in init


def test_a_token_in_use_is_erased_by_its_security_officer(hsm: SoftHsm) -> None:
    witness = witness_of(hsm)
    witness.do("PAYMENTS", USER_PIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "lost")
    slot = look_at(hsm, "PAYMENTS")
    needs = needs_of(slot, hsm.module)
    assert (needs.erases, needs.current_so_pin, needs.new_so_pin) == (True, True, False)

    made = initialise(reach(hsm), slot, "ANEW", Pins(Secret(NEW_PIN), current_so=Secret(SO_PIN)))

    assert set(witness.tokens()) == {"ANEW"}
    assert made.id == witness.tokens()["ANEW"].slot_id
    assert witness.objects("ANEW", NEW_PIN) == ""


def test_a_wrong_so_pin_erases_nothing(hsm: SoftHsm) -> None:
    with pytest.raises(TokenError) as caught:
        initialise(
            reach(hsm),
            look_at(hsm, "PAYMENTS"),
            "ANEW",
            Pins(Secret(NEW_PIN), current_so=Secret("wrong-pin")),
        )

    assert (caught.value.failure.name, caught.value.failure.function) == ("CKR_PIN_INCORRECT", "C_InitToken")
    assert "initialised, but" not in caught.value.message
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


@pytest.mark.parametrize(
    ("label", "serial", "typed"),
    [
        ("PAYMENTS", "4711", ("label", "PAYMENTS")),
        ("", "4711", ("serial number", "4711")),
        (" ", "4711", ("serial number", "4711")),
        ("", "", ("slot id", "5")),
    ],
)
def test_a_token_is_never_erased_by_typing_nothing(label: str, serial: str, typed: tuple[str, str]) -> None:
    token = Token(label, "Maker", "Model", serial, "1.0", "1.0", int(TokenFlag.INITIALISED), 4, 8)

    assert name_to_type(TokenSlot(5, token=token)) == typed


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("x" * 33, "label-too-long"),
        ("ä" * 17, "label-too-long"),
        ("", "label-not-text"),
        ("  ", "label-not-text"),
        ("a\tb", "label-not-text"),
        ("a\udce4", "label-not-text"),
    ],
)
def test_a_label_that_does_not_fit_is_refused(label: str, name: str, hsm: SoftHsm) -> None:
    with pytest.raises(TokenRefusal) as caught:
        initialise(reach(hsm), free_slot(hsm), label, new_pins())

    assert caught.value.name == name
    assert set(witness_of(hsm).tokens()) == {"PAYMENTS"}


def test_a_label_is_padded_with_blanks_to_its_32_bytes() -> None:
    assert padded_label("Köln", "").encode() == "Köln".encode() + b" " * 27


def test_a_pin_that_is_too_short_stops_it_before_anything_is_erased(hsm: SoftHsm) -> None:
    with pytest.raises(TokenRefusal) as caught:
        initialise(
            reach(hsm), look_at(hsm, "PAYMENTS"), "ANEW", Pins(Secret("123"), current_so=Secret(SO_PIN))
        )

    assert caught.value.name == "pin-length"
    assert witness_of(hsm).accepts("PAYMENTS", USER_PIN)


def test_another_token_than_the_one_that_was_looked_at_is_not_erased(hsm: SoftHsm) -> None:
    slot = look_at(hsm, "PAYMENTS")
    assert slot.token is not None
    other = replace(slot, token=replace(slot.token, label="ANOTHER"))

    with pytest.raises(TokenRefusal) as caught:
        initialise(reach(hsm), other, "ANEW", Pins(Secret(NEW_PIN), current_so=Secret(SO_PIN)))
    assert caught.value.name == "other-token"
    assert set(witness_of(hsm).tokens()) == {"PAYMENTS"}


def test_whoever_stops_it_is_told_that_the_token_may_be_half_made(hsm: SoftHsm) -> None:
    """Wherever it is stopped: it says so whenever the token is another than before."""
    halves = 0
    for messages in range(6, 14):
        stop = StopAfter(messages, Pipe()[0])
        free = free_slot(hsm)
        with pytest.raises(Interrupted) as caught:
            initialise(replace(reach(hsm), stop=stop), free, f"T{messages}", new_pins())
        assert "may be initialised by now, without a user PIN" in caught.value.message
        assert "ppinui pin init SLOT" in caught.value.remedy
        halves += f"T{messages}" in witness_of(hsm).tokens()
    assert halves  # else nothing was shown here


def test_a_primus_is_never_initialised(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))
    access = reach_odd(module, connect=True)
    slot = find_slot(access, "1")

    with pytest.raises(TokenRefusal) as caught:
        initialise(access, slot, "ANEW", Pins(Secret(NEW_PIN), current_so=Secret(SO_PIN)))
    assert caught.value.name == "never-on-a-primus"
    assert "C_InitToken" not in {call.function for call in module.calls}


def test_a_module_that_cannot_initialise_says_so(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: "ONE"})))

    with pytest.raises(TokenError) as caught:
        initialise(access, find_slot(access, "1"), "ANEW", Pins(Secret(NEW_PIN), current_so=Secret(SO_PIN)))
    assert caught.value.failure.function == "C_InitToken"
    assert caught.value.lines()[2] == "  fix: use the tool of the module's vendor for this"
