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

from ppinui.pkcs11.return_codes import ErrorEntry, code_of_exception, describe, known_codes
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

VENDOR_CODES = {
    0x80000001: "Unexpected data type",
    0x80000002: "Buffer too small",
    0x80000003: "Duplicate entry",
    0x80000004: "No more keys",
    0x80000005: "Public key not found",
    0x80000006: "Private key not found",
    0x80000008: "Invalid block cipher",
    0x80000009: "Invalid mechanism",
    0x8000000A: "Object not found",
    0x8000000B: "Login failed, wrong PKCS#11 PIN",
    0x8000000C: "User not logged in",
    0x8000000D: "User not found",
    0x8000000E: "Wrong password for the key",
    0x80000012: "Key not found",
    0x80000018: "Max Connections exceeded",
    0x8000002A: "Key import not allowed",
    0x80000037: "Password expired",
    0x8000003B: "Connect Timeout",
    0x8000004E: "HSM_Hello failed (unpublished code)",
    0x80000058: "EC Curve Unknown",
    0x8000005F: "Session objects disabled by HSM configuration",
    0x80000069: "Access to partition disabled by HSM configuration",
    0x80000084: "DL Group unknown",
    0x80000085: "PQC mode unknown",
    0x80005001: "No HSM/User configured",
    0x80005002: "HSM/User configuration already exists",
    0x80005003: "Primus configuration file not found",
    0x80005004: "Primus secrets file not found",
    0x80005005: "Invalid Primus configuration file",
    0x80005006: "Invalid Primus secrets file",
    0x80005007: "No write access to Primus secrets file",
    0x80005008: "Failed to add permanent secret to secrets file",
    0x80005009: "Invalid secrets file configuration element",
    0x80005010: "Failed to update Primus secrets file",
    0x80005011: "Failed to remove permanent secret from Primus secrets file",
    0x80005012: "User not found in Primus configuration file",
    0x80005013: "Unsupported secret types",
    0x80005014: "NULL list pointer",
    0x80005015: "Connection to HSM failed (network level, IP not reachable)",
    0x80005017: "Login to HSM failed with provided credentials (Setup Password)",
    0x80005018: "Setup password expired",
    0x80005019: "Access to partition disabled by HSM configuration",
}

NEVER_A_RETURN_VALUE = {"MultipleObjectsReturned", "MultipleTokensReturned", "NoSuchKey", "NoSuchToken"}
"""Classes that python-pkcs11 raises for the outcome of its own searches."""

UNKNOWN = (0x0000004, 0x0FFFFFFF, 0x80000007, 0x8FFFFFFF, 0xC0000001, 0xD0000000, 0x40000000, 0x1_0000_0000)


def test_every_return_value_of_the_standard_is_described_under_its_own_name() -> None:
    own = {entry.name: code for code, entry in known_codes().items() if code < 0x80000000}
    assert own == PKCS11_VALUES


def test_every_code_of_the_vendor_is_described_under_its_published_meaning() -> None:
    assert {code: entry.name for code, entry in known_codes().items() if code >= 0x80000000} == VENDOR_CODES


@pytest.mark.parametrize("code", [*known_codes(), *UNKNOWN], ids=hex)
def test_an_entry_reads_as_two_sentences_that_others_can_go_on_with(code: int) -> None:
    entry = describe(code)
    assert entry.code == code
    for text in (entry.meaning, entry.remedy):
        assert 15 < len(text) < 260
        assert not text.endswith((".", " "))
        assert "\n" not in text
        assert "`" not in text
    assert entry.meaning[0].isupper()
    assert entry.remedy[0].islower()


def test_no_remedy_names_a_command_that_ppinui_does_not_have() -> None:
    known = re.compile(r"ppinui (config (path|show|get|check|set|add-hsm|add-slot|remove)\b|--test\b)")
    for code in (*known_codes(), *UNKNOWN):
        for mention in re.finditer(r"ppinui ", describe(code).remedy):
            assert known.match(describe(code).remedy, mention.start()), describe(code).remedy


@pytest.mark.parametrize("code", UNKNOWN, ids=hex)
def test_an_unknown_code_says_honestly_that_no_list_has_it(code: int) -> None:
    entry = describe(code)
    assert entry.hex in entry.name
    assert re.search(r"no version|does not have it|no list|no range", entry.meaning)
    assert "ask" in entry.remedy


def test_an_unknown_code_is_laid_at_the_door_of_the_one_whose_range_it_is_in() -> None:
    assert "PKCS#11" in describe(0x00000004).name
    assert "vendor" in describe(0x8000ABCD).name
    assert "HSM system" in describe(0xC0000010).name


def test_a_code_is_written_as_the_vendor_writes_it() -> None:
    assert describe(0xE0).hex == "0x000000E0"
    assert describe(0x8000000B).hex == "0x8000000B"


def test_a_disabled_access_names_the_settings_of_the_security_officer() -> None:
    remedy = describe(0x80000069).remedy
    assert "hsm_sec_set_config crypto_access=true" in remedy
    assert "pkcs11=true" in remedy


def test_a_wrong_pin_warns_of_the_lock_before_it_asks_for_another_try() -> None:
    for code in (0xA0, 0x8000000B):
        assert "before the next try" in describe(code).remedy


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
    codes = sorted({*PKCS11_VALUES.values(), *VENDOR_CODES, *UNKNOWN} - {0})
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
