"""What is inserted looks as if its neighbours' writer had written it, and comes off without a trace."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ppinui.libconfig.document import Document, EditRefused, load, parse
from ppinui.libconfig.edit import remove
from ppinui.libconfig.insert import insert


def _inserted(text: str, parent: str, name: str, value: Any, after: str | None = None) -> str:
    document = parse(text)
    edited = insert(document, parent, name, value, after=after)
    assert remove(edited, f"{parent}.{name}" if parent else name).text == text
    return edited.text


def _added_lines(old: Document, new: Document) -> str:
    """The lines between what both texts begin with and what both end with."""
    before, after = old.text.splitlines(True), new.text.splitlines(True)
    start = next(number for number, line in enumerate(after) if before[number : number + 1] != [line])
    added = len(after) - len(before)
    assert before == after[:start] + after[start + added :]
    return "".join(after[start : start + added])


def test_a_slot_is_written_like_the_slot_before_it(cluster: Path) -> None:
    document = load(cluster)
    slot = {"client_id": "Client_ID3", "user_name": "PARTITION_NAME3", "proxy_user": "SERVICE_USER", "id": 3}
    edited = insert(document, "primus.hsms.hsm2.slots", "slot2", slot)
    assert _added_lines(document, edited) == (
        "\n"
        "            slot2:\n"
        "            {\n"
        '              client_id  = "Client_ID3";\n'
        '              user_name  = "PARTITION_NAME3";\n'
        '              proxy_user = "SERVICE_USER";\n'
        "              id = 3;\n"
        "            }; /* end slot2 */\n"
    )
    assert remove(edited, "primus.hsms.hsm2.slots.slot2").text == document.text


def test_an_hsm_with_slots_is_written_like_the_hsm_before_it(standalone: Path) -> None:
    document = load(standalone)
    hsm = {"host": "h", "port": "2310", "slots": {"slot0": {"user_name": "A", "id": 0}, "slot1": {"id": 1}}}
    edited = insert(document, "primus.hsms", "hsm1", hsm)
    assert _added_lines(document, edited) == (
        "\n"
        "     hsm1:\n"
        "     {\n"
        '        host = "h";\n'
        '        port = "2310";\n'
        "        slots:\n"
        "        {\n"
        "           slot0:\n"
        "           {\n"
        '              user_name = "A";\n'
        "              id = 0;\n"
        "           }; /* end slot0 */\n"
        "\n"
        "           slot1:\n"
        "           {\n"
        "              id = 1;\n"
        "           }; /* end slot1 */\n"
        "        }; /* end slots */\n"
        "     }; /* end hsm1 */\n"
    )
    assert remove(edited, "primus.hsms.hsm1").text == document.text


def test_a_scalar_goes_behind_the_last_scalar_and_lines_its_sign_up(cluster: Path) -> None:
    document = load(cluster)
    assert _added_lines(document, insert(document, "primus.log", "file", "/tmp/x")) == (
        '    file                = "/tmp/x";\n'
    )
    assert (
        _added_lines(document, insert(document, "primus.hsms.hsm1", "priority", 1))
        == "         priority = 1;\n"
    )


def test_a_setting_goes_behind_the_one_that_is_named() -> None:
    assert (
        _inserted("a = 1;\nb = 2;\nc: { };\n", "", "new", 3, after="a")
        == "a = 1;\nnew = 3;\nb = 2;\nc: { };\n"
    )
    assert (
        _inserted("a = 1;\nc: { };\nb = 2;\n", "", "new", 3, after="c")
        == "a = 1;\nc: { };\nnew = 3;\nb = 2;\n"
    )


@pytest.mark.parametrize(
    ("text", "parent", "value", "result"),
    [
        ("a: 1\nb: 2\n", "", 3, "a: 1\nb: 2\nnew: 3\n"),
        ("a=1,\nb=2,\n", "", 3, "a=1,\nb=2,\nnew=3,\n"),
        ("a = 1 ;\r\n", "", 3, "a = 1 ;\r\nnew = 3 ;\r\n"),
        ("a = 1; # c\n", "", 3, "a = 1; # c\nnew = 3;\n"),
        ("a = 1; /* over\ntwo */\nb: { };\n", "", 3, "a = 1; /* over\ntwo */\nnew = 3;\nb: { };\n"),
        ("a = 1;", "", 3, "a = 1;\nnew = 3;"),
        ("", "", 3, "new = 3;\n"),
        ("# about this file\n", "", 3, "# about this file\nnew = 3;\n"),
        ("/* open", "", 3, "new = 3;\n/* open"),
        ("g = {};", "g", 3, "g = {new = 3;};"),
        ("g = { };", "g", 3, "g = { new = 3; };"),
        ("g = { a = 1; };", "g", 3, "g = { a = 1; new = 3; };"),
        ("g = {a=1}", "g", 3, "g = {a=1 new=3}"),
        ("g = { a = 1, b = 2 };", "g", 3, "g = { a = 1, b = 2 new = 3 };"),
        ("g = { a = 1; /* c */ };", "g", 3, "g = { a = 1; /* c */ new = 3; };"),
        ("g:\n{\n};\n", "g", 3, "g:\n{\n  new = 3;\n};\n"),
        ("g:\n{ // about g\n\n};\n", "g", 3, "g:\n{ // about g\n  new = 3;\n\n};\n"),
        ("g:\n{\n\ta\t=\t1;\n};\n", "g", 3, "g:\n{\n\ta\t=\t1;\n\tnew\t=\t3;\n};\n"),
        (
            "g:\n{\n a     = 1;\n bb    = 2;\n};\n",
            "g",
            3,
            "g:\n{\n a     = 1;\n bb    = 2;\n new   = 3;\n};\n",
        ),
        ("g:\n{\n a     = 1;\n};\n", "g", 3, "g:\n{\n a     = 1;\n new   = 3;\n};\n"),
        ("a = ( 1,\n { b = 1; } );\n", "a.[1]", 3, "a = ( 1,\n { b = 1; new = 3; } );\n"),
    ],
)
def test_a_scalar_is_written_in_the_style_of_its_neighbours(
    text: str, parent: str, value: int, result: str
) -> None:
    assert _inserted(text, parent, "new", value) == result


@pytest.mark.parametrize(
    ("text", "parent", "result"),
    [
        ("g = {\n\ta = 1;\n};\n", "", "g = {\n\ta = 1;\n};\nnew = {\n\tx = 1;\n};\n"),
        ("g: {\n  a: 1\n}\n", "", "g: {\n  a: 1\n}\nnew: {\n  x: 1\n}\n"),
        (
            "g =\n  {\n    a = 1\n  } # g\n",
            "",
            "g =\n  {\n    a = 1\n  } # g\nnew =\n  {\n    x = 1\n  } # new\n",
        ),
        ("g = { a = 1; };\n", "", "g = { a = 1; };\nnew = { x = 1; };\n"),
        ("g = {a=1};\n", "", "g = {a=1};\nnew = {x=1};\n"),
        ("g = { };\n", "g", "g = { new = { x = 1; }; };\n"),
        ("g:\n{\n};\n", "g", "g:\n{\n  new:\n  {\n    x = 1;\n  };\n};\n"),
        ("g:\r\n{\r\n  a = 1;\r\n};", "", "g:\r\n{\r\n  a = 1;\r\n};\r\nnew:\r\n{\r\n  x = 1;\r\n};"),
        ("", "", "new:\n{\n  x = 1;\n};\n"),
        ("g: {\n};\n\nh: {\n};\n", "", "g: {\n};\n\nh: {\n};\n\nnew: {\n  x = 1;\n};\n"),
        (
            "g: {\n};// end of g\n/* h */\nh: {\n};// end of h\n\n# end\n",
            "",
            "g: {\n};// end of g\n/* h */\nh: {\n};// end of h\nnew: {\n  x = 1;\n};// end of new\n\n# end\n",
        ),
    ],
)
def test_a_group_is_written_in_the_style_of_its_neighbours(text: str, parent: str, result: str) -> None:
    assert _inserted(text, parent, "new", {"x": 1}) == result


def test_the_first_group_of_a_group_looks_like_its_cousins() -> None:
    text = dedent(
        """\
        a = {
            slots = {
                slot0 = {
                    id = 0
                } # slot0
            }
        }
        b = {
            slots = {
            }
        }
        """
    )
    slot = "        slot0 = {\n            id = 1\n        } # slot0\n"
    expected = text.replace("b = {\n    slots = {\n", f"b = {{\n    slots = {{\n{slot}")
    assert _inserted(text, "b.slots", "slot0", {"id": 1}) == expected


def test_an_empty_group_can_be_inserted() -> None:
    assert _inserted("g:\n{\n  a = 1;\n};\n", "", "new", {}) == "g:\n{\n  a = 1;\n};\nnew:\n{\n};\n"


@pytest.mark.parametrize(
    ("parent", "name", "value", "message"),
    [
        ("g", "a", 1, "g.a is there already"),
        ("x", "new", 1, "there is no setting x"),
        ("g.a", "new", 1, "g.a is of type int, not group"),
        ("l", "new", 1, "l is of type list, not group"),
        ("g", "with space", 1, "libconfig does not allow this name for a setting"),
        ("g", "", 1, "libconfig does not allow this name for a setting"),
        ("g", "a\nb", 1, "libconfig does not allow this name for a setting"),
        ("g", "_a", 1, "libconfig does not allow this name for a setting"),
        ("g", "ä", 1, "libconfig does not allow this name for a setting"),
        ("g", "True", 1, "true and false are values in libconfig, not names"),
        ("g", "new", "\0", "libconfig cannot hold a text with a NUL character"),
        ("g", "new", {"inner": {"a.b": 1}}, "libconfig does not allow this name for a setting"),
        ("g", "new", {"inner": 2**64}, "the number does not fit into 64 bits"),
    ],
)
def test_what_cannot_be_is_refused(parent: str, name: str, value: Any, message: str) -> None:
    with pytest.raises(EditRefused) as refused:
        insert(parse("g = { a = 1; }; l = (1);"), parent, name, value)
    assert refused.value.message == message


def test_a_neighbour_that_is_not_there_is_refused() -> None:
    with pytest.raises(EditRefused, match="there is no setting x of this file in g"):
        insert(parse("g = { a = 1; };"), "g", "new", 1, after="x")
