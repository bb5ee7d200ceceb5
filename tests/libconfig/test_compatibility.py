"""What versions of libconfig read differently is warned of, with place and remedy, and without the value."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.libconfig.compatibility import find_warnings
from ppinui.libconfig.document import load, parse
from ppinui.libconfig.edit import set_value
from ppinui.libconfig.insert import insert


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 3000000000;", "does not fit into 32 bits"),
        ("a = -3000000000;", "does not fit into 32 bits"),
        ("a = 0x1FFFFFFFF;", "does not fit into 32 bits"),
        ("a = 0xFFFFFFFF;", "is read as a negative number"),
        ("a = [1, 3000000000];", "an element does not fit into 32 bits"),
        ("a = 99999999999999999999L;", "does not fit into 64 bits"),
        ("a = 0x1FFFFFFFFFFFFFFFFL;", "does not fit into 64 bits"),
        ("a = 010;", "is read as decimal, not as octal"),
        ("a = .;", "a number without digits"),
        (r'a = "C:\bin";', r"\a, \b and \v are two characters to libconfig 1.5"),
        (r'a = "x" "\v";', r"\a, \b and \v are two characters to libconfig 1.5"),
        (r'a = "x\x00y";', r"\x00 is nothing to libconfig 1.5"),
        ('a = "x\0y";', "reads the text only up to it"),
        ("a = 1; /* open", "the comment that begins here has no end"),
        ('a = 1; "open', "the string that begins here has no end"),
        ('a = 1;\n@include "open', "the name of the file to include that begins here has no end"),
    ],
)
def test_an_oddity_is_warned_of_once(text: str, words: str) -> None:
    (warning,) = find_warnings(parse(text))
    assert words in warning.message
    assert warning.remedy[0].islower()
    assert not warning.remedy.endswith(".")
    assert warning.place.line in {1, 2}


@pytest.mark.parametrize(
    "text",
    [
        "a = 2147483647; b = -2147483648; c = 3000000000L; d = 0x7FFFFFFF;",
        "a = 0xFFFFFFFFFFFFFFFFL; b = 0; c = -0; d = 0.5; e = .5; f = 1e5;",
        r'a = "\\a \\b \n \t \x01 \q"; b = "0777 3000000000 .";',
        "/* 3000000000 010 . */ a = 1;",
    ],
)
def test_what_all_versions_read_alike_is_not_warned_of(text: str) -> None:
    assert find_warnings(parse(text)) == ()


def test_the_vendors_templates_are_clean(cluster: Path, standalone: Path) -> None:
    assert find_warnings(load(cluster)) == ()
    assert find_warnings(load(standalone)) == ()


def test_a_warning_does_not_repeat_the_value() -> None:
    (warning,) = find_warnings(parse("pin = 77341298556;"))
    assert "77341298556" not in warning.message + warning.remedy


def test_an_absolute_name_below_an_include_directory_is_warned_of(tmp_path: Path) -> None:
    inner = tmp_path / "etc"
    inner.mkdir()
    (inner / "x.cfg").write_text("a = 1;")
    (warning,) = find_warnings(parse('@include "/etc/x.cfg"\n', include_dir=tmp_path))
    assert warning.message == (
        f"libconfig 1.5 looks for this file below {tmp_path}, newer versions at its full path"
    )


def test_a_warning_keeps_its_place_when_something_before_it_is_edited() -> None:
    document = insert(set_value(parse("a = 1;\n/* open"), "a", 1000), "", "b", 2)
    (warning,) = find_warnings(document)
    assert str(warning.place) == "primus.cfg:3:1"
