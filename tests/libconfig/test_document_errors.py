"""A syntax error says where, what was found, what was expected, and what to do about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ppinui.errors import ExitCode, PpinuiError
from ppinui.libconfig.document import ConfigSyntaxError, load, parse


def _error(text: str) -> ConfigSyntaxError:
    with pytest.raises(ConfigSyntaxError) as refused:
        parse(text)
    return refused.value


def test_an_error_is_three_short_lines() -> None:
    error = _error("primus:\n{\n  port = hsm;\n}\n")
    assert error.lines() == (
        "ppinui: found a word without quotes, expected a value: "
        "text in quotes, a number, true or false, { … }, [ … ] or ( … )",
        "  where: primus.cfg:3:10",
        '  fix: put the text in quotes: "…"',
    )
    assert error.exit_code is ExitCode.USAGE
    assert (error.at.file, error.at.line, error.at.column) == ("primus.cfg", 3, 10)


@pytest.mark.parametrize(
    ("text", "place", "found", "remedy"),
    [
        (
            "a = 1;\nb = ;",
            "2:5",
            "“;”",
            "write the value of the setting on line 2 here, or remove that setting",
        ),
        (
            "a = 1;\nb =",
            "2:4",
            "the end of the file",
            "write the value of the setting on line 2 here, or remove that setting",
        ),
        ("a == 1;", "1:4", "“=”", "one = or : is enough; remove the other"),
        ("a = 1;;", "1:7", "“;”", "a setting ends with one semicolon; remove this one"),
        ("primus\n{\n}\n", "2:1", "“{”", "put = or : between the name and its value"),
        (
            "a = 1; true = 2;",
            "1:8",
            "true or false",
            "true and false are values; give the setting another name",
        ),
        ("_a = 1;", "1:1", "“_”", "a name begins with a letter; remove the underscore"),
        ("a = 1;\v", "1:7", "the character U+000B", "replace the vertical tab by a space"),
        (
            "a = 1;\0",
            "1:7",
            "the character U+0000",
            "the file is damaged or not a text file: restore it from a backup",
        ),
        (
            "a = [1, 2,];",
            "1:11",
            "“]”",
            "remove the comma behind the last element: libconfig before 1.7 does not allow it",
        ),
        (
            "a = [1, 2",
            "1:10",
            "the end of the file",
            "put a comma between the elements, or close the array of line 1 with ]",
        ),
        (
            "a = (1 2);",
            "1:8",
            "a number",
            "put a comma between the elements, or close the list of line 1 with )",
        ),
        (
            "a = [1, (2)];",
            "1:9",
            "“(”",
            "an array [ … ] holds only plain values; a list ( … ) can hold everything",
        ),
        (
            "a = [1, true];",
            "1:9",
            "an element of type bool",
            "all elements of an array [ … ] have one type; write ( … ) for a list of several types",
        ),
        (
            "{ a = 1; }",
            "1:1",
            "“{”",
            "begin the line with the name of a setting, or make it a comment with # at its beginning",
        ),
        (
            "a = 1;\n}",
            "2:1",
            "“}”",
            "remove this brace, or look for a group above whose opening { is missing",
        ),
        (
            "a = 1; // the end",
            "1:8",
            "“/”",
            "end the last line with a newline: libconfig 1.5 does not read a comment without one",
        ),
        ('a = 1; @include "x"\n', "1:8", "“@”", 'an include stands alone on its line: @include "FILE"'),
        (
            "a = 1; ü = 2;",
            "1:8",
            "“ü”",
            "remove this character, or put the text that it belongs to in quotes",
        ),
        (
            "just some words",
            "1:6",
            "a word",
            "a setting is NAME = VALUE: complete the line, or make it a comment with # at its beginning",
        ),
    ],
)
def test_an_error_names_place_finding_and_remedy(text: str, place: str, found: str, remedy: str) -> None:
    error = _error(text)
    assert (str(error.at), error.found, error.remedy) == (f"primus.cfg:{place}", found, remedy)


def test_a_byte_order_mark_is_called_by_its_name() -> None:
    error = _error('\ufeffversion = "1.0";')
    assert "byte order mark" in error.remedy


def test_the_second_of_two_settings_of_one_name_points_at_the_first() -> None:
    error = _error('port = "2310";\nhost = "h";\nport = "2311";\n')
    assert (error.found, error.at.line) == ("a second setting 'port' in one group", 3)
    assert error.remedy == "remove or rename one of the two; the first is on line 1"


def test_a_missing_brace_names_the_line_where_its_group_opens(standalone: Path) -> None:
    text = standalone.read_text()
    error = _error(text.replace("}; /* end primus */\n", ""))
    assert error.found == "the end of the file"
    assert error.expected == "} for the group 'primus' of line 10"
    assert error.remedy == "close the group 'primus' that opens on line 10 with }"


def test_a_missing_brace_inside_is_found_by_the_indentation(standalone: Path) -> None:
    error = _error(standalone.read_text().replace("           }; /* end slot0 */\n", ""))
    assert error.remedy == (
        "a } is missing: look at 'slot0', which opens on line 26: "
        "the brace on line 31 that ends it seems to belong to a group around it"
    )


def test_a_missing_closing_quote_names_the_line_where_the_text_begins(cluster: Path) -> None:
    text = cluster.read_text()
    error = _error(text.replace('host = "a-api.cloudshsm.com";', 'host = "a-api.cloudshsm.com;'))
    assert error.remedy == "look at the value of 'host' on line 23: its closing quote seems to be missing"
    last = _error('a = {\n  host = "h;\n};\n')
    assert (last.at.line, last.found) == (2, "a string without its end")
    assert last.remedy == 'the string that begins on line 2 has no end: add a closing "'


def test_a_comment_without_end_that_swallows_a_brace_names_its_line() -> None:
    error = _error("a = {\n  b = 1; /* about b\n};\n")
    assert error.at.line == 2
    assert error.remedy == "the comment that begins on line 2 has no end: add a closing */"


@pytest.mark.parametrize(
    "text",
    [
        "pin = FXAJX-XWVQ3-DC0O5;",
        'pin = "FXAJX"XWVQ3-DC0O5";',
        "pin = FXAJX XWVQ3;",
        'pin "XWVQ3";',
        'a = 1; "XWVQ3";',
        'a = ["XWVQ3" XWVQ3];',
        'a = "x\n"; XWVQ3 XWVQ3;',
    ],
)
def test_no_part_of_a_password_gets_into_a_message(text: str) -> None:
    error = _error(text)
    assert "XWVQ3" not in " ".join(error.lines())


def test_nesting_is_limited_as_in_the_c_library_and_never_exhausts_the_stack() -> None:
    deepest = "a={" * 1999 + "}" * 1999
    assert parse(deepest).text == deepest
    for text in ("a={" * 2000 + "}" * 2000, "a={" * 100_000, "a=" + "(" * 100_000):
        error = _error(text)
        assert error.found == "one level of nesting too many"


def test_a_binary_file_is_called_one_and_its_byte_named() -> None:
    error = _error("\udc81\x00")

    assert error.found == "the byte 0x81"
    assert "binary" in error.remedy


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "primus.cfg"
    os.mkfifo(pipe)

    with pytest.raises(PpinuiError) as caught:
        load(pipe)
    assert "not a regular file" in caught.value.message

    assert "not a regular file" in _error(f'@include "{pipe}"\n').message


def test_a_file_in_memory_is_read() -> None:
    descriptor = os.memfd_create("primus.cfg")
    try:
        os.write(descriptor, b"a = 1;\n")
        assert load(Path(f"/proc/self/fd/{descriptor}")).text == "a = 1;\n"
    finally:
        os.close(descriptor)
