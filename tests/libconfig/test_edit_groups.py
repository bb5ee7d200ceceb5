"""Groups are copied, removed and renamed with the comments that belong to them, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.libconfig.document import EditRefused, load, parse
from ppinui.libconfig.edit import remove, rename
from ppinui.libconfig.insert import copy


def _without_lines(text: str, first: int, last: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: first - 1] + lines[last:])


def test_an_hsm_goes_with_the_line_above_it_and_one_blank_line(cluster: Path) -> None:
    document = load(cluster)
    assert remove(document, "primus.hsms.hsm1").text == _without_lines(document.text, 20, 45)
    assert remove(document, "primus.hsms.hsm2").text == _without_lines(document.text, 45, 70)


def test_a_slot_goes_with_its_closing_comment(cluster: Path) -> None:
    document = load(cluster)
    assert remove(document, "primus.hsms.hsm1.slots.slot1").text == _without_lines(document.text, 35, 42)
    assert remove(document, "primus.hsms.hsm1.slots.slot0").text == _without_lines(document.text, 27, 35)


def test_the_last_slot_leaves_an_empty_group(standalone: Path) -> None:
    document = remove(load(standalone), "primus.hsms.hsm0.slots.slot0")
    assert "        slots:\n        {\n        }; /* end slots */\n" in document.text


def test_a_section_goes_with_its_heading(cluster: Path) -> None:
    document = load(cluster)
    assert remove(document, "primus.log").text == _without_lines(document.text, 73, 89)


def test_a_scalar_goes_with_its_comment_and_leaves_commented_out_settings(cluster: Path) -> None:
    document = load(cluster)
    assert remove(document, "primus.wait_delay").text == _without_lines(document.text, 13, 13)
    assert remove(document, "primus.log.write_log_file").text == _without_lines(document.text, 79, 79)
    assert remove(document, "primus.hsms.hsm1.slots.slot0.id").text == _without_lines(document.text, 33, 33)


def test_the_comments_that_begin_the_file_stay(cluster: Path) -> None:
    document = load(cluster)
    assert remove(document, "version").text == _without_lines(document.text, 4, 4)


@pytest.mark.parametrize(
    ("text", "path", "result"),
    [
        ("a = 1;\n", "a", ""),
        ("a = 1;", "a", ""),
        ("a = 1; b = 2; c = 3;", "b", "a = 1; c = 3;"),
        ("a = 1; b = 2;\n", "a", "b = 2;\n"),
        ("a = 1; b = 2;\n", "b", "a = 1;\n"),
        ("g = { a = 1; };", "g.a", "g = { };"),
        ("g = {a=1};", "g.a", "g = {};"),
        ("g = { a = 1, b = 2 };", "g.b", "g = { a = 1, };"),
        ("a = 1; # one\nb = 2; # two\n", "a", "b = 2; # two\n"),
        ("a = 1; # one\nb = 2; # two\n", "b", "a = 1; # one\n"),
        ("a = 1;\n\n# about b\n/* more */\nb = 2; /* over\ntwo */\nc = 3;\n", "b", "a = 1;\n\nc = 3;\n"),
        ("a = 1;\n# not about b\n\nb = 2;\nc = 3;\n", "b", "a = 1;\n# not about b\n\nc = 3;\n"),
        ("a = 1;\n\nb = 2;\n\nc = 3;\n", "b", "a = 1;\n\nc = 3;\n"),
        ("a = 1;\n\nb = 2;\nc = 3;\n", "b", "a = 1;\n\nc = 3;\n"),
        ("a = 1;\nb = 2;\n\nc = 3;\n", "b", "a = 1;\n\nc = 3;\n"),
        ("a = 1;\n\nb = 2;\n", "b", "a = 1;\n"),
        ("g:\n{\n  a = 1;\n\n  b = 2;\n};\n", "g.a", "g:\n{\n  b = 2;\n};\n"),
        (
            "a = 1;\n#---------\n# part two\n#---------\nb = 2;\nc = 3;\n",
            "b",
            "a = 1;\n#---------\n# part two\n#---------\nc = 3;\n",
        ),
        ("a = 1;\n# b = 1;\nb = 2;\n", "b", "a = 1;\n"),
        ("a = 1;\n# about b: it is 2\nb = 2;\n", "b", "a = 1;\n"),
        ("a = 1;\n# c = 1;\nb = 2;\n", "b", "a = 1;\n# c = 1;\n"),
        ("a = 1;\n# g2: {\n# };\nb: { };\n", "b", "a = 1;\n# g2: {\n# };\n"),
        ("a = 1;\r\n\r\n# about b\r\nb = 2; # two\r\n\r\nc = 3;\r\n", "b", "a = 1;\r\n\r\nc = 3;\r\n"),
        ("a = 1; # one\nb = 2;", "b", "a = 1; # one\n"),
        ('a = "x"b = 2;c = 3;', "b", 'a = "x"c = 3;'),
        ("a = 1b = 2;e5 = 3;", "b", "a = 1 e5 = 3;"),
        ("/* about a */ a = 1;\nb = 2;\n", "a", "/* about a */\nb = 2;\n"),
        ("b = 2;\n/* about a */ a = 1;\n", "a", "b = 2;\n"),
    ],
)
def test_what_belongs_to_a_setting_goes_with_it(text: str, path: str, result: str) -> None:
    assert remove(parse(text), path).text == result


def test_an_hsm_is_copied_with_all_its_comments_under_its_new_name(cluster: Path) -> None:
    document = load(cluster)
    lines = document.text.splitlines(keepends=True)
    copied = copy(document, "primus.hsms.hsm2", "hsm3")
    block = "".join(lines[45:70]).replace("hsm2", "hsm3").replace("HSM2", "HSM3")
    assert copied.text == "".join(lines[:70]) + "\n" + block + "".join(lines[70:])
    assert remove(copied, "primus.hsms.hsm3").text == document.text


def test_a_copy_goes_behind_the_last_group_and_takes_changes(cluster: Path) -> None:
    document = load(cluster)
    changes = {"host": "c-api.cloudshsm.com", "priority": 2, "slots.slot0.user_name": "OTHER"}
    copied = copy(document, "primus.hsms.hsm1", "hsm3", changes)
    hsms = copied.get("primus.hsms")
    assert hsms is not None
    assert [hsm.name for hsm in hsms.children] == ["hsm1", "hsm2", "hsm3"]
    new = hsms.get("hsm3")
    assert new is not None
    assert new.raw.splitlines()[1:5] == [
        '         host = "c-api.cloudshsm.com";',
        '         port = "2310";',
        "         priority = 2;",
        "         slots:",
    ]
    assert copied.get("primus.hsms.hsm3.slots.slot0.user_name").value == "OTHER"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "path", "result"),
    [
        ("g = { a = 1; };", "g", "g = { a = 1; };\nnew = { a = 1; };"),
        ("x = { g = { a = 1; }; };", "x.g", "x = { g = { a = 1; }; new = { a = 1; }; };"),
        ("# about g and h\n\n# g is first\ng = {\n}; # g\n", "g", None),
        (
            "# file\n\n# plain\ng = {\n}; # see above\n",
            "g",
            "# file\n\n# plain\ng = {\n}; # see above\nnew = {\n};\n",
        ),
        (
            'g = { a = "g"; /* of g */ };\n',
            "g",
            'g = { a = "g"; /* of g */ };\nnew = { a = "g"; /* of new */ };\n',
        ),
    ],
)
def test_only_comments_that_name_a_group_are_written_anew(text: str, path: str, result: str | None) -> None:
    copied = copy(parse(text), path, "new")
    expected = result or text + "# new is first\nnew = {\n}; # new\n"
    assert copied.text == expected
    parent = path.rpartition(".")[0]
    assert remove(copied, f"{parent}.new" if parent else "new").text == text


def test_a_group_is_renamed_with_its_closing_comment(cluster: Path) -> None:
    document = load(cluster)
    renamed = rename(document, "primus.hsms.hsm2", "backup")
    assert renamed.text == document.text.replace("hsm2:\n", "backup:\n").replace("end hsm2", "end backup")
    assert renamed.get("primus.hsms.backup.host").value == "b-api.cloudshsm.com"  # type: ignore[union-attr]


def test_a_scalar_is_renamed_by_its_name_alone() -> None:
    assert rename(parse("a = 1; /* a */ b = 2;"), "a", "c").text == "c = 1; /* a */ b = 2;"
    document = parse("a = 1;")
    assert rename(document, "a", "a") is document


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda document: remove(document, ""), "this is the whole file"),
        (lambda document: remove(document, "l.[0]"), "l.[0] is an element of the list"),
        (lambda document: remove(document, "x"), "there is no setting x"),
        (lambda document: rename(document, "l.[0]", "x"), "l.[0] is an element of the list"),
        (lambda document: rename(document, "a", "g"), "g is there already"),
        (lambda document: rename(document, "a", "b c"), "libconfig does not allow this name for a setting"),
        (lambda document: copy(document, "a", "x"), "a is of type int, not group"),
        (lambda document: copy(document, "g", "a"), "a is there already"),
        (lambda document: copy(document, "g", "false"), "true and false are values in libconfig, not names"),
    ],
)
def test_what_cannot_be_edited_is_refused(edit: object, message: str) -> None:
    document = parse("a = 1; g = { }; l = (1);")
    with pytest.raises(EditRefused) as refused:
        edit(document)  # type: ignore[operator]
    assert refused.value.message == message
