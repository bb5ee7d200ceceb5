"""Every code has a name, a meaning and a next step, and every exception of python-pkcs11 its code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pkcs11 import exceptions
from pkcs11.exceptions import PKCS11Error

from ppinui.pkcs11.return_codes import ErrorEntry, code_of_exception, describe, pkcs11_codes
from ppinui.provider.vendor_codes import vendor_codes
from tests.rig.odd_module import OddModule, Switches

PROJECT = Path(__file__).parents[2]

PKCS11_VALUES = {
    name: int(value, 16)
    for name, value in (
        line.split()
        for line in Path(__file__).with_name("pkcs11_return_values.txt").read_text().splitlines()
        if not line.startswith("#")
    )
}

NEVER_A_RETURN_VALUE = {"MultipleObjectsReturned", "MultipleTokensReturned", "NoSuchKey", "NoSuchToken"}
"""Classes that python-pkcs11 raises for the outcome of its own searches."""

UNKNOWN = (0x0000004, 0x0FFFFFFF, 0x80000007, 0x8FFFFFFF, 0xC0000001, 0xD0000000, 0x40000000, 0x1_0000_0000)


def test_every_return_value_of_the_standard_is_described_under_its_own_name() -> None:
    assert {entry.name: code for code, entry in pkcs11_codes().items()} == PKCS11_VALUES


@pytest.mark.parametrize("code", [*pkcs11_codes(), *UNKNOWN], ids=hex)
def test_an_entry_reads_as_two_sentences_that_others_can_go_on_with(code: int) -> None:
    entry = describe(code)
    assert entry.code == code
    for text in (entry.meaning, entry.remedy):
        assert 15 < len(text) < 260
        assert not text.endswith((".", " "))
        assert "\n" not in text
        assert "`" not in text
        assert not re.search(r"ppin\b|Primus|hsm_sec|partition", text), "the table is for any module"
    assert entry.meaning[0].isupper()
    assert entry.remedy[0].islower()


def test_no_remedy_names_a_command_that_ppinui_does_not_have() -> None:
    known = re.compile(r"ppinui (slots\b|pin (change|init)\b|--test\b)")
    for code in (*pkcs11_codes(), *UNKNOWN):
        for mention in re.finditer(r"ppinui ", describe(code).remedy):
            assert known.match(describe(code).remedy, mention.start()), describe(code).remedy


@pytest.mark.parametrize("code", UNKNOWN, ids=hex)
def test_an_unknown_code_says_honestly_that_no_list_has_it(code: int) -> None:
    entry = describe(code)
    assert entry.hex in entry.name
    assert re.search(r"no version|does not have it|no list|no range", entry.meaning)
    assert "ask" in entry.remedy


def test_a_code_is_written_as_the_vendor_writes_it() -> None:
    assert describe(0xE0).hex == "0x000000E0"
    assert describe(0x8000000B).hex == "0x8000000B"


def test_a_wrong_pin_warns_of_the_lock_before_it_asks_for_another_try() -> None:
    assert "before the next try" in describe(0xA0).remedy


def _all_classes(cls: type[PKCS11Error]) -> set[type[PKCS11Error]]:
    return {cls}.union(*(_all_classes(below) for below in cls.__subclasses__()))


def test_each_exception_class_stands_for_one_code_or_is_known_to_stand_for_none() -> None:
    codes = {
        cls.__name__: code_of_exception(cls())
        for cls in _all_classes(PKCS11Error)
        if cls.__module__ == exceptions.__name__ and cls is not PKCS11Error
    }
    assert {name for name, code in codes.items() if code is None} == NEVER_A_RETURN_VALUE
    found = [code for code in codes.values() if code is not None]
    assert len(found) == len(set(found))


def test_an_exception_derived_from_a_known_one_keeps_its_code() -> None:
    class StillTheWrongPin(exceptions.PinIncorrect):
        pass

    assert code_of_exception(StillTheWrongPin()) == 0xA0


def test_an_exception_of_other_origin_has_no_code() -> None:
    assert code_of_exception(ValueError("Unmapped error code 0x80005015")) is None
    assert code_of_exception(PKCS11Error("OS exception while loading lib.so: no such file")) is None


RAISE_EACH = """
import sys
from pathlib import Path
import pkcs11
from ppinui.pkcs11.return_codes import code_of_exception
from ppinui.provider.vendor_codes import vendor_codes
from tests.rig.odd_module import OddModule, Switches, answers

module = OddModule(Path(sys.argv[1]), Path(sys.argv[2]))
for line in sys.stdin:
    module.behave(Switches(slots={}, faults=(answers("C_Initialize", int(line)),)))
    try:
        pkcs11.lib(str(module.path))
    except pkcs11.PKCS11Error as error:
        print(line.strip(), code_of_exception(error))
    else:
        print(line.strip(), "no exception")
"""


def test_what_a_library_answers_is_what_is_read_from_the_exception(
    odd: Callable[[Switches], OddModule],
) -> None:
    codes = sorted({*PKCS11_VALUES.values(), *vendor_codes(), *UNKNOWN} - {0})
    module = odd(Switches(slots={}))
    done = subprocess.run(
        [sys.executable, "-c", RAISE_EACH, str(module.path), str(module.records)],
        input="".join(f"{code}\n" for code in codes),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{code} {code}" for code in codes]


def test_the_tables_are_read_without_loading_python_pkcs11() -> None:
    script = (
        "import sys; from ppinui.pkcs11.return_codes import describe; "
        "describe(5); print('pkcs11' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    assert done.stdout == "False\n"


def test_an_entry_cannot_be_changed_by_who_reads_it() -> None:
    entry = describe(0x30)
    assert isinstance(entry, ErrorEntry)
    with pytest.raises(AttributeError):
        entry.name = "CKR_OK"  # type: ignore[misc]
