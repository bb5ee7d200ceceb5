"""Before a save two parsers read the result: what one of them reads differently is not saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.config.config_save import save
from ppinui.config.verification import MisreadError, confirm, libconf_reads
from ppinui.libconfig.document import Document, encode, load, parse
from ppinui.libconfig.edit import remove, set_value
from ppinui.libconfig.includes import Source
from ppinui.libconfig.insert import copy, insert
from tests.rig.saved import CONFIG, edited, no_trace, put_config, refusal

ODD_BUT_LEGAL = {
    "leading zeros": 'a = 007; b = [-010, +00]; c = 00L; wait = 1; s = "007";',
    "latin-1 bytes": 's = "M\udcfcller"; # \udce4\nwait = 1;',
    "an escape that is none": r's = "C:\Users\xzz\q"; t = "\\xzz"; wait = 1;',
    "an escaped byte": r's = "\x80\xC3\xbc\x00\X41"; wait = 1;',
    "an apostrophe after a backslash": r"""s = "it\'s"; wait = 1;""",
    "numbers beyond 32 bits": "a = 3000000000; b = 0xFFFFFFFF; c = 99999999999999999999L; wait = 1;",
    "floats without digits": "f = .; g = .e5; h = -.5; wait = 1;",
    "every kind": 'a = [1, 2]; b = ("x", { c = 0x0F; }, ()); d = 1.5e3; e = TRUE; f = 5L; g: {}; wait = 1;',
    "pieces of text": 's = "a" /* " */ "b" # "\n "c"; wait = 1',
    "carriage returns": 'a = "x";\r\nwait = 1;\r\n',
    "nothing else": "wait = 1",
}


@pytest.mark.parametrize("text", ODD_BUT_LEGAL.values(), ids=ODD_BUT_LEGAL.keys())
def test_an_edit_beside_odd_values_is_confirmed_by_both_without_a_remark(text: str) -> None:
    old = parse(text)
    new = set_value(old, "wait", 2)
    assert confirm(old, new) == (encode(new.text), ())


@pytest.mark.parametrize("text", ODD_BUT_LEGAL.values(), ids=ODD_BUT_LEGAL.keys())
def test_odd_values_may_be_new(text: str) -> None:
    assert confirm(None, parse(text))[1] == ()


def test_a_group_with_odd_values_may_be_copied() -> None:
    old = parse('hsms: {\n  hsm0: { port = 007; host = "\\q"; };\n};\n')
    assert confirm(old, copy(old, "hsms.hsm0", "hsm1"))[1] == ()


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.one_of(
        st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
    ),
)
def test_whatever_value_is_set_both_read_it(text: str, other: bool | int | float) -> None:
    old = parse('s = "x"; other = 1;')
    new = set_value(set_value(old, "s", text), "other", other)
    assert confirm(old, new) == (encode(new.text), ())


def test_an_included_file_is_read_by_both(tmp_path: Path) -> None:
    (tmp_path / "more.cfg").write_text('host = "192.0.2.1";\n')
    old = parse('hsm0: {\n@include "more.cfg"\n};\nwait = 1;\n', include_dir=tmp_path)
    assert confirm(old, set_value(old, "wait", 2))[1] == ()


def test_a_text_nested_too_deep_for_libconf_is_judged_by_our_parser_with_a_remark() -> None:
    old = parse("wait = 1; " + "a: { " * 300 + "x = 1; " + "}; " * 300)
    (remark,) = confirm(old, set_value(old, "wait", 2))[1]
    assert "nested too deep for libconf" in remark


def test_what_libconf_could_not_read_before_is_judged_by_our_parser_with_a_remark() -> None:
    old = parse("wait = 1; /* a comment without an end")
    (remark,) = confirm(old, set_value(old, "wait", 2))[1]
    assert "libconf could not read it before either" in remark


def test_a_name_that_libconf_takes_for_a_value_is_refused(tmp_path: Path) -> None:
    path = put_config(tmp_path)
    old = load(path)
    refused = refusal(path, old, insert(old, "primus", "true-random", 1))
    assert refused.message == "the result would not be read as it was meant: libconf cannot read it"
    assert path.read_text() == CONFIG


def test_a_value_that_libconf_reads_differently_is_refused_without_showing_it() -> None:
    old = parse('pin = "FXAJX"; wait = 1;')
    new = set_value(old, "pin", "XWVQ3")

    def mishears(text: str) -> Mapping[str, Any]:
        return {**libconf_reads(text), "pin": "DC0O5"}

    with pytest.raises(MisreadError) as caught:
        confirm(old, new, second=mishears)
    assert str(caught.value) == "libconf reads pin differently"


@pytest.mark.parametrize("heard", [{"wait": 2, "more": 1}, {}, {"wait": "2"}, {"wait": True}, {"wait": [2]}])
def test_a_setting_too_many_or_too_few_or_of_another_type_is_refused(heard: Mapping[str, Any]) -> None:
    old = parse("wait = 1;")
    with pytest.raises(MisreadError):
        confirm(old, set_value(old, "wait", 2), second=lambda _: heard)


def test_what_libconf_misread_before_is_not_held_against_the_edit() -> None:
    old = parse("odd = 5; wait = 1;")

    def mishears(text: str) -> Mapping[str, Any]:
        return {**libconf_reads(text), "odd": 6}

    assert confirm(old, set_value(old, "wait", 2), second=mishears)[1] == ()
    with pytest.raises(MisreadError, match="libconf reads odd differently"):
        confirm(old, set_value(old, "odd", 7), second=mishears)


def _untrue(document: Document, text: str) -> Document:
    """A document whose text says something else than the document does, as after a faulty edit."""
    return Document(Source(document.origin, text), document.parsed, document.files, False)


@pytest.mark.parametrize(
    "text",
    [
        CONFIG.replace("250", "251"),
        CONFIG.replace("id = 0", "id = 1"),
        CONFIG.replace("250", '"250"'),
        CONFIG + "more = 1;\n",
        CONFIG.replace('version = "1.0";', ""),
        CONFIG.replace("}; /* end primus */", ""),
    ],
)
def test_a_text_that_says_something_else_than_was_meant_is_refused(tmp_path: Path, text: str) -> None:
    path = put_config(tmp_path)
    old = load(path)
    refused = refusal(path, old, _untrue(old, text))
    assert refused.message.startswith("the result would not be read as it was meant: ")
    assert refused.command == f"ppinui -c {path} config check"
    assert path.read_text() == CONFIG


def test_half_a_surrogate_pair_is_refused() -> None:
    old = parse('s = "x";')
    with pytest.raises(MisreadError, match="surrogate"):
        confirm(old, _untrue(old, 's = "\ud800";'))


def test_removing_one_of_two_duplicates_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = put_config(tmp_path, "a = 1; b = 1;\nb = 2;\na = 3;\n")
    old = load(path, allow_duplicates=True)
    report = save(path, old, remove(old, "b"), tracer=no_trace)
    (remark,) = report.notes
    assert "a is there twice" in remark
    assert f"{path}:" in remark


def test_a_new_duplicate_is_refused(tmp_path: Path) -> None:
    old = parse("a = 1; a = 2;\nb = 1;\n", allow_duplicates=True)
    new = parse("a = 1; a = 2;\nb = 1; b = 2;\n", allow_duplicates=True)
    with pytest.raises(MisreadError, match="b is there twice"):
        confirm(old, new)
    path = put_config(tmp_path)
    _, good = edited(path)
    twice = parse(good.text + 'version = "2";\n', allow_duplicates=True)
    assert "version is there twice" in refusal(path, load(path), twice).message
