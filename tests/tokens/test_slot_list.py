"""Every slot of a module is listed, and one that misbehaves costs itself alone."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.provider.library import ModuleUnusable
from ppinui.tokens.module_client import Access, Interrupted
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.slot_list import LOST_IN_A_ROW, choose_slot, find_slot, list_slots, slot_id_of
from ppinui.tokens.token_errors import ModuleLostError, TokenError, of_answer
from ppinui.tokens.token_refusal import TokenRefusal
from tests.rig.odd_module import PRIMUS, Fault, Switches, aborts, answers, crashes, exits, hangs, prints
from tests.rig.patience import patient
from tests.rig.softhsm import SoftHsm
from tests.rig.unloadable import Unloadable
from tests.tokens.module_rig import MakeOdd, MakeTokens, StopAfter, reach, reach_odd, witness_of

THREE = Switches(slots={1: "ONE", 2: "TWO", 3: "THREE"})


def test_another_program_sees_the_same_tokens(softhsm: SoftHsm) -> None:
    found = list_slots(reach(softhsm))

    tokens = {slot.id: slot.token for slot in found.slots if slot.token and slot.token.label}
    seen = witness_of(softhsm).tokens().values()
    assert {(id_, token.label, token.serial) for id_, token in tokens.items()} == {
        (one.slot_id, one.label, one.serial) for one in seen
    }
    assert {token.words for token in tokens.values()} == {("initialised", "user PIN set", "login required")}
    assert found.library.manufacturer == "SoftHSM"
    assert found.failures == 0


def test_the_free_slot_says_just_that_it_is_not_initialised(softhsm: SoftHsm) -> None:
    *_, free = list_slots(reach(softhsm)).slots

    assert free.token is not None
    assert free.token.words == ("not initialised",)


def test_a_slot_without_a_token_is_no_error(odd: MakeOdd) -> None:
    found = list_slots(reach_odd(odd(Switches(slots={1: "ONE", 2: None}))))

    assert [slot.token is None for slot in found.slots] == [False, True]
    assert found.failures == 0


@pytest.mark.parametrize("function", ["C_GetSlotInfo", "C_GetTokenInfo"])
def test_a_slot_that_answers_with_an_error_is_a_row_with_that_error(function: str, odd: MakeOdd) -> None:
    found = list_slots(reach_odd(odd(replace(THREE, faults=(answers(function, 0x30, at=2),)))))

    one, two, three = found.slots
    assert (one.token and one.token.label, three.token and three.token.label) == ("ONE", "THREE")
    assert two.failure is not None
    assert (two.failure.name, two.failure.hex, two.failure.function) == (
        "CKR_DEVICE_ERROR",
        "0x00000030",
        function,
    )
    assert two.failure.meaning
    assert two.failure.remedy


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        (crashes("C_GetTokenInfo", at=2), "MODULE_CRASHED", "crashed (SIGSEGV) at C_GetTokenInfo"),
        (aborts("C_GetSlotInfo", at=2), "MODULE_CRASHED", "SIGABRT"),
        (exits("C_GetTokenInfo", 3, at=2), "MODULE_CRASHED", "code 3"),
        (hangs("C_GetTokenInfo", at=2, hard=True), "MODULE_HUNG", "from C_GetTokenInfo in 1 s"),
    ],
    ids=["crash", "abort", "exit", "hang"],
)
def test_a_slot_at_which_the_module_is_lost_hides_no_other(
    fault: Fault, name: str, words: str, odd: MakeOdd
) -> None:
    found = list_slots(reach_odd(odd(replace(THREE, faults=(fault,))), timeout=1.0))

    one, two, three = found.slots
    assert one.token is not None
    assert three.token is not None
    assert two.failure is not None
    assert two.failure.name == name
    assert words in two.failure.meaning


def test_a_module_that_is_lost_again_and_again_is_not_waited_for(odd: MakeOdd) -> None:
    faults = tuple(hangs("C_GetTokenInfo", at=number) for number in range(2, 64))
    slots = {number: f"T{number}" for number in range(64)}
    begun = time.monotonic()

    found = list_slots(reach_odd(odd(Switches(slots=slots, faults=faults)), timeout=0.3))

    names = [slot.failure.name if slot.failure else "" for slot in found.slots]
    assert names == ["", ""] + ["MODULE_HUNG"] * LOST_IN_A_ROW + ["NOT_ASKED"] * (62 - LOST_IN_A_ROW)
    assert time.monotonic() - begun < patient(10)


def test_sixty_four_slots_are_asked_by_one_process(odd: MakeOdd) -> None:
    module = odd(Switches(slots={number: f"T{number}" for number in range(64)}))
    known: list[TokenSlot] = []

    found = list_slots(reach_odd(module), on_slot=known.append)

    assert [slot.token.label for slot in found.slots if slot.token] == [f"T{n}" for n in range(64)]
    assert tuple(known) == found.slots
    assert len({call.pid for call in module.calls}) == 1


def test_a_module_that_does_not_start_again_costs_no_slot_that_is_known(odd: MakeOdd) -> None:
    module = odd(replace(THREE, faults=(crashes("C_GetTokenInfo", at=2),)))
    broken = replace(THREE, faults=(answers("C_Initialize", 0x30),))

    def break_it(slot: TokenSlot) -> None:
        if slot.failure is not None:
            module.behave(broken)

    found = list_slots(reach_odd(module), on_slot=break_it)

    names = [slot.failure.name if slot.failure else "" for slot in found.slots]
    assert names == ["", "MODULE_CRASHED", "NOT_ASKED"]


@pytest.mark.parametrize("fault", [hangs("C_Initialize"), hangs("C_GetSlotList"), hangs("load")])
def test_a_module_that_hangs_before_any_slot_is_one_clear_error(fault: Fault, odd: MakeOdd) -> None:
    module = odd(replace(THREE, faults=(fault,)))

    with pytest.raises(ModuleLostError) as caught:
        list_slots(reach_odd(module, timeout=0.2))
    assert "did not come back" in caught.value.message
    assert caught.value.place.startswith(str(module.path))


def test_a_module_that_cannot_be_initialised_says_why(odd: MakeOdd) -> None:
    with pytest.raises(TokenError) as caught:
        list_slots(reach_odd(odd(replace(THREE, faults=(answers("C_Initialize", 0x30),)))))
    assert "CKR_DEVICE_ERROR (0x00000030)" in caught.value.message


@pytest.mark.parametrize("file", ["missing", "text", "empty", "cut_short", "other_architecture"])
def test_a_file_that_is_no_library_is_never_loaded(file: str, unloadable: Unloadable) -> None:
    with pytest.raises(ModuleUnusable):
        list_slots(reach_odd(getattr(unloadable, file)))


def test_a_library_that_is_no_pkcs11_module_is_refused(unloadable: Unloadable) -> None:
    with pytest.raises(TokenRefusal) as caught:
        list_slots(reach_odd(unloadable.without_function_list))
    assert caught.value.name == "not-loadable"


def test_what_a_module_prints_is_seen_nowhere(odd: MakeOdd, capfd: pytest.CaptureFixture[str]) -> None:
    list_slots(reach_odd(odd(replace(THREE, faults=(prints(),)))))

    assert capfd.readouterr() == ("", "")


def test_whoever_has_had_enough_can_stop_it(odd: MakeOdd) -> None:
    module = odd(replace(THREE, faults=(hangs("C_Initialize"),)))
    here, there = multiprocessing.Pipe()
    there.send_bytes(b"stop")
    access = Access(module.path, {}, stop=StopAfter(0, here))

    with pytest.raises(Interrupted):
        list_slots(access)


# -- a Primus ----------------------------------------------------------------------------------------------


def test_a_primus_is_asked_for_no_slot_unless_that_is_wanted(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))

    with pytest.raises(TokenRefusal) as caught:
        list_slots(reach_odd(module))
    assert caught.value.name == "primus"
    assert "C_GetSlotList" not in {call.function for call in module.calls}
    assert list_slots(reach_odd(module, connect=True)).slots[0].token is not None


def test_a_file_that_names_the_maker_is_not_even_loaded(odd: MakeOdd, tmp_path: Path) -> None:
    module = odd(replace(PRIMUS, slots={1: "ONE"}))
    with module.path.open("ab") as file:
        file.write(b"Securosys SA")

    with pytest.raises(TokenRefusal) as caught:
        list_slots(reach_odd(module))
    assert caught.value.name == "primus"
    assert module.calls == ()


@pytest.mark.parametrize("code", [0x80005015, 0xE0])
def test_a_primus_that_fails_at_one_slot_is_asked_for_no_other(code: int, odd: MakeOdd) -> None:
    fault = answers("C_GetTokenInfo", code, at=2)
    module = odd(replace(PRIMUS, slots={1: "ONE", 2: "TWO", 3: "THREE"}, faults=(fault,)))

    found = list_slots(reach_odd(module, connect=True))

    assert [slot.failure.name if slot.failure else "" for slot in found.slots][::2] == ["", "NOT_ASKED"]
    assert found.slots[1].failure == of_answer("C_GetTokenInfo", code, on_primus=True)
    assert [call.slot for call in module.calls if call.function == "C_GetTokenInfo"] == [1, 2]


# -- which slot is meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slot_id"),
    [("5", 5), ("0x10", 16), ("0X1f", 31), ("010", 10), ("-1", None), ("5 ", None), ("", None), ("0x", None)],
)
def test_a_slot_id_is_decimal_or_hexadecimal(text: str, slot_id: int | None) -> None:
    assert slot_id_of(text) == slot_id


def test_a_slot_is_found_by_id_or_by_its_label_in_full(odd: MakeOdd) -> None:
    access = reach_odd(odd(Switches(slots={1: "tok1", 15: "tok15", 7: "0x63", 8: "12"})))

    assert [find_slot(access, text).id for text in ("15", "0xf", "tok1", "tok15", "0x63", "12")] == [
        15,
        15,
        1,
        15,
        7,
        8,
    ]


def test_a_primus_slot_without_a_token_is_an_error_with_the_way_on(odd: MakeOdd) -> None:
    module = odd(replace(PRIMUS, slots={1: None, 2: "TWO"}))

    first, second = list_slots(reach_odd(module, connect=True)).slots

    assert first.failure is not None
    assert first.failure.name == "CKR_TOKEN_NOT_PRESENT"
    assert "permanent secret" in first.failure.remedy
    assert second.failure is not None


def test_asking_for_one_slot_by_its_id_waits_for_no_other(odd: MakeOdd) -> None:
    module = odd(replace(THREE, faults=(hangs("C_GetTokenInfo", at=1),)))

    assert find_slot(reach_odd(module), "2").token is not None


def test_a_label_that_two_tokens_have_is_refused(make_tokens: MakeTokens) -> None:
    hsm = make_tokens("SAME", "SAME", "OTHER")

    with pytest.raises(TokenRefusal) as caught:
        find_slot(reach(hsm), "SAME")
    assert caught.value.name == "label-not-unique"
    assert all(str(slot_id) in caught.value.message for slot_id in hsm.slot_ids[:2])


def test_an_empty_text_is_no_token_without_a_label(make_tokens: MakeTokens) -> None:
    access = reach(make_tokens("PAYMENTS"))
    assert [slot.token.label for slot in list_slots(access).slots if slot.token] == ["PAYMENTS", ""]

    with pytest.raises(TokenRefusal) as caught:
        find_slot(access, "")
    assert caught.value.name == "no-such-slot"


def test_what_is_not_there_is_said_to_be_not_there(odd: MakeOdd) -> None:
    found = list_slots(reach_odd(odd(replace(THREE, faults=(answers("C_GetTokenInfo", 0x30, at=2),)))))

    with pytest.raises(TokenRefusal) as caught:
        choose_slot(found, "TWO")
    assert "(slots that answered with an error: 1)" in caught.value.message
