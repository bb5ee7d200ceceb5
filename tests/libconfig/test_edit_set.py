"""Setting a value changes the characters of that value and nothing else."""

from __future__ import annotations

from pathlib import Path

import libconf
import pytest

from ppinui.libconfig.document import EditRefused, Kind, encode, load, parse
from ppinui.libconfig.edit import set_value
from tests.libconfig.c_libconfig import Witness


def test_place_comment_and_alignment_stay(cluster: Path) -> None:
    document = load(cluster)
    edited = set_value(set_value(document, "primus.log.trace_level", 7), "primus.wait_delay", 1000)
    assert edited.text == document.text.replace("= 4;        /*", "= 7;        /*").replace(
        "wait_delay = 250; /* in ms*/", "wait_delay = 1000; /* in ms*/"
    )


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("1", 2, "2"),
        ("+1", 2, "+2"),
        ("+1", -2, "-2"),
        ("007", 8, "8"),
        ("0x00", 6, "0x06"),
        ("0x00", 256, "0x100"),
        ("0X0a", 255, "0X0ff"[:2] + "ff"),
        ("0xAB", 205, "0xCD"),
        ("0xab", 205, "0xcd"),
        ("0x0fL", 16, "0x10L"),
        ("0x00", -1, "-1"),
        ("1L", 2, "2L"),
        ("1LL", 2, "2LL"),
        ("1", 2**31, "2147483648L"),
        ("0x1", 2**32, "0x100000000L"),
        ("1", -(2**63), "-9223372036854775808L"),
        ("true", False, "false"),
        ("TRUE", False, "FALSE"),
        ("True", False, "False"),
        ("1.5", 2.5, "2.5"),
        ("1.5", 1e16, "1e+16"),
        ('"a"', "b", '"b"'),
        ('"a" /* and */ "b"', "c", '"c"'),
        ("2310", "2310", '"2310"'),
        ('"4"', 4, "4"),
        ("true", 1.0, "1.0"),
        ("1", True, "true"),
        ('"x"', 'a"b\\c\n\r\t\f\x01\x7f', r'"a\"b\\c\n\r\t\f\x01\x7f"'),
        ('"x"', "C:\\temp", r'"C:\\temp"'),
        ('"x"', "Zürich \udce9", '"Zürich \udce9"'),
    ],
)
def test_the_notation_is_kept_and_the_type_follows_the_value(
    old: str, value: str | int | float | bool, new: str, witness: Witness
) -> None:
    edited = set_value(parse(f"a:\t{old} ; # c\n"), "a", value)
    assert edited.text == f"a:\t{new} ; # c\n"
    setting = edited.get("a")
    assert setting is not None
    assert (type(setting.value), setting.value) == (type(value), value)
    (said,) = witness.read([encode(edited.text)])
    ((_, _, kind, read),) = said.rows
    assert kind == setting.kind.value
    assert read == (encode(value) if isinstance(value, str) else value)
    assert libconf.loads(edited.text)["a"] == value


def test_the_same_value_again_changes_nothing() -> None:
    document = parse('a = "x" /* and */ "y"; b = 0x0F;')
    assert set_value(document, "a", "xy") is document
    assert set_value(document, "b", 15) is document


def test_one_element_of_an_array_or_list_can_be_set() -> None:
    document = parse('a = [1, /* two */ 2 ,3]; b = ( { c = 1; }, "x" "y" );')
    edited = set_value(set_value(set_value(document, "a.[1]", 20), "b.[1]", True), "b.[0].c", 5)
    assert edited.text == "a = [1, /* two */ 20 ,3]; b = ( { c = 5; }, true );"
    assert edited.get("b.[1]").kind is Kind.BOOL  # type: ignore[union-attr]
    assert set_value(parse("a = [1];"), "a.[0]", "x").text == 'a = ["x"];'


def test_an_array_keeps_one_type() -> None:
    for value in ("x", 2**40):
        with pytest.raises(EditRefused, match="all elements of an array have one type, here int"):
            set_value(parse("a = [1, 2];"), "a.[0]", value)


def test_a_value_does_not_run_into_the_word_behind_it(witness: Witness) -> None:
    document = parse('a = "x"e5 = "y"true- = 1')
    edited = set_value(set_value(document, "a", 5), "e5", True)
    assert edited.text == "a = 5 e5 = truetrue- = 1".replace("truetrue-", "true true-")
    (said,) = witness.read([encode(edited.text)])
    assert [row[1:] for row in said.rows] == [("a", "int", 5), ("e5", "bool", True), ("true-", "int", 1)]


@pytest.mark.parametrize(
    ("path", "value", "message", "remedy"),
    [
        ("x", 1, "there is no setting x", "check the path: ppinui config show lists all settings"),
        ("g", 1, "g is of type group, not a single value", "set one of the settings inside it"),
        ("l", 1, "l is of type list, not a single value", "set one of the settings inside it"),
        ("", 1, "the file is of type group, not a single value", "set one of the settings inside it"),
        ("a", "x\0y", "libconfig cannot hold a text with a NUL character", "remove the NUL character"),
        (
            "a",
            "\ud800",
            "the text has half a surrogate pair, which no file can hold",
            "enter the text again",
        ),
        ("a", 2**63, "the number does not fit into 64 bits", "use a smaller number, or text in quotes"),
        (
            "a",
            -(2**63) - 1,
            "the number does not fit into 64 bits",
            "use a smaller number, or text in quotes",
        ),
        ("a", float("nan"), "libconfig has no number nan", "use a finite number, or text in quotes"),
        ("a", float("-inf"), "libconfig has no number -inf", "use a finite number, or text in quotes"),
    ],
)
def test_what_libconfig_cannot_hold_is_refused(
    path: str, value: str | int | float, message: str, remedy: str
) -> None:
    with pytest.raises(EditRefused) as refused:
        set_value(parse("a = 1; g = { b = 1; }; l = (1);"), path, value)
    assert (refused.value.message, refused.value.remedy) == (message, remedy)


def test_bytes_that_make_a_character_together_are_that_character() -> None:
    edited = set_value(parse('a = "";'), "a", "\udcc3\udca9")
    assert edited.get("a").value == "é"  # type: ignore[union-attr]
    assert encode(edited.text) == 'a = "é";'.encode()
