"""HSMs, slots and settings that are added to a primus.cfg: in its style, and by the rules for ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ppinui.config.additions import add_hsm, add_slot
from ppinui.config.checks.registry import check_text
from ppinui.config.paths import set_or_insert
from ppinui.config.primus_config import read
from ppinui.diagnostic import Severity
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, EditRefused, Kind, parse
from ppinui.libconfig.edit import remove
from tests.config.sound_file import SOUND, edited

ONLY_ON_HSM1 = 'slot2: { user_name = "ONLY"; proxy_user = "ticket"; id = 4; };\n      }; /* slots of hsm1 */'

# Setting what may not be there


def test_put_sets_what_is_there_and_makes_what_is_not() -> None:
    document = parse("primus = { wait_delay = 1; };")

    document = set_or_insert(document, "primus.wait_delay", 2)
    document = set_or_insert(document, "primus.log.trace_level", 3)

    assert {setting.path: setting.value for setting in document.walk() if setting.kind is Kind.INT} == {
        "primus.wait_delay": 2,
        "primus.log.trace_level": 3,
    }


# Adding an HSM


def added_lines(old: Document, new: Document) -> str:
    """The one run of lines that is new; all others have to be the old ones."""
    before, after = old.text.splitlines(keepends=True), new.text.splitlines(keepends=True)
    start = next(n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    length = len(after) - len(before)
    # A block between two others can be cut out in several ways: blank lines move.
    assert before == after[:start] + after[start + length :]
    return "".join(after[start : start + length])


def test_an_hsm_is_added_in_the_style_of_the_file(cluster: Path) -> None:
    document = parse(cluster.read_text())

    new, path = add_hsm(document, host="c-api.example.com", port="2311", priority=2)

    assert path == "primus.hsms.hsm3"
    assert [line.strip() for line in added_lines(document, new).splitlines() if line.strip()] == [
        "hsm3:",
        "{",
        'host = "c-api.example.com";',
        'port = "2311";',
        "priority = 2;",
        "slots:",
        "{",
        "}; /* end slots */",
        "}; /* end hsm3 */",
    ]
    assert read(new).hsms[2].host == "c-api.example.com"


def test_a_redundant_copy_has_the_slots_of_its_model_with_their_ids(cluster: Path) -> None:
    document = parse(cluster.read_text())

    new, path = add_hsm(document, host="c-api.example.com", priority=5, like="hsm1")

    model, copy = read(new).hsms[0], read(new).hsm("hsm3")
    assert copy is not None
    assert path == copy.path
    assert (copy.host, copy.port, copy.priority) == ("c-api.example.com", "2310", 5)
    assert [(slot.user_name, slot.id, slot.proxy_user) for slot in copy.slots] == [
        (slot.user_name, slot.id, slot.proxy_user) for slot in model.slots
    ]
    assert {problem.severity for problem in check_text(new.text)} == {Severity.NOTE}


def test_the_first_hsm_of_an_empty_file_is_hsm0_with_all_around_it() -> None:
    document, path = add_hsm(parse(""), host="h")
    document, slot = add_slot(document, "hsm0", user_name="P", id=0)

    assert (path, slot) == ("primus.hsms.hsm0", "primus.hsms.hsm0.slots.slot0")
    assert [problem for problem in check_text(document.text) if problem.severity is not Severity.NOTE] == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["hsm0"], "hsm1"),
        (["hsm1", "hsm2"], "hsm3"),
        (["hsm5", "hsm2"], "hsm6"),
        (["hsm9"], "hsm10"),
        (["hsm01", "hsm02"], "hsm03"),
        (["HSM1", "HSM2", "hsm7"], "HSM3"),
        (["backup"], "hsm0"),
        (["backup", "hsm4"], "hsm5"),
    ],
)
def test_a_new_hsm_gets_the_next_number_in_the_style_of_the_names(names: list[str], expected: str) -> None:
    hsms = "".join(f'{name} = {{ host = "{name}"; port = "2310"; }};\n' for name in names)

    _, path = add_hsm(parse(f"primus = {{ hsms = {{\n{hsms}}}; }};\n"), host="new")

    assert path == f"primus.hsms.{expected}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"host": ""}, "host is empty"),
        ({"host": "https://hsm"}, "is a URL"),
        ({"host": "h", "port": "0"}, "port 0 is not within 1–65535"),
        ({"host": "h", "port": "x"}, "is not a number"),
        ({"host": "h", "priority": 128}, "priority 128 is not within 0–127"),
        ({"host": "CH01-api.cloudshsm.com"}, "hsm0 has host 'CH01-api.cloudshsm.com' and port 2310 already"),
        ({"host": "h", "like": "hsm9"}, "there is no HSM 'hsm9'"),
    ],
)
def test_an_hsm_that_cannot_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(PpinuiError) as error:
        add_hsm(parse(SOUND), **wrong)

    assert message in error.value.message
    assert error.value.remedy


# Adding a slot


def test_a_slot_is_added_in_the_style_and_order_of_its_siblings(cluster: Path) -> None:
    document = parse(cluster.read_text())

    new, path = add_slot(document, "hsm1", user_name="P3", id=3, client_id="app", proxy_user="SERVICE_USER")

    assert path == "primus.hsms.hsm1.slots.slot2"
    assert [line.strip() for line in added_lines(document, new).splitlines() if line.strip()] == [
        "slot2:",
        "{",
        'client_id  = "app";',
        'user_name  = "P3";',
        'proxy_user = "SERVICE_USER";',
        "id = 3;",
        "}; /* end slot2 */",
    ]


def test_settings_that_are_not_given_are_not_written() -> None:
    new, path = add_slot(parse(SOUND), "hsm0", user_name="GAMMA", id=3)

    slot = new.get(path)
    assert slot is not None
    assert [setting.name for setting in slot.children] == ["user_name", "id"]


@pytest.mark.parametrize("hsm", ["hsm1", "primus.hsms.hsm1", "ch02-api.cloudshsm.com"])
def test_an_hsm_is_called_by_its_name_its_path_or_its_host(hsm: str) -> None:
    _, path = add_slot(parse(SOUND), hsm, user_name="GAMMA", id=3)

    assert path == "primus.hsms.hsm1.slots.slot2"


@pytest.mark.parametrize(
    ("hsm", "user_name", "number", "message", "remedy"),
    [
        ("hsm0", "GAMMA", 1, "id 1 belongs to hsm0.slot0 (partition 'ALPHA')", "the next free id is 5"),
        ("hsm0", "GAMMA", 4, "id 4 belongs to hsm1.slot2 (partition 'ONLY')", "the next free id is 5"),
        ("hsm0", "ONLY", 5, "'ONLY' has another id on its other HSMs", "take id 4, which 'ONLY' has"),
        ("hsm0", "ONLY", 1, "id 1 belongs to hsm0.slot0 (partition 'ALPHA')", "take id 4, which 'ONLY' has"),
        ("hsm0", "ALPHA", 1, "id 1 belongs to hsm0.slot0", "the next free id is 5"),
        ("hsm0", "GAMMA", -1, "id -1 is not within 0–2147483647", "choose id within"),
        ("hsm0", "GAMMA", 2**31, "id 2147483648 is not within", "choose id within"),
        ("hsm0", " ", 5, "user_name is empty", "write the name"),
        ("hsm0", "GAMMA ", 5, "white space", "GAMMA"),
        ("hsm7", "GAMMA", 5, "there is no HSM 'hsm7'", "name one of these: hsm0, hsm1"),
    ],
)
def test_a_slot_that_breaks_a_rule_for_ids_is_refused_with_the_right_id(
    hsm: str, user_name: str, number: int, message: str, remedy: str
) -> None:
    document = parse(edited(("}; /* slots of hsm1 */", ONLY_ON_HSM1)))

    with pytest.raises(PpinuiError) as error:
        add_slot(document, hsm, user_name=user_name, id=number)

    assert message in error.value.message
    assert remedy in error.value.remedy


@pytest.mark.parametrize(
    ("user_name", "number"),
    [("GAMMA", 5), ("ONLY", 4), ("ALPHA", 7)],
    ids=["new partition", "redundant copy", "parallel access"],
)
def test_a_slot_that_keeps_the_rules_for_ids_is_added(user_name: str, number: int) -> None:
    document = parse(edited(("}; /* slots of hsm1 */", ONLY_ON_HSM1)))

    new, path = add_slot(document, "hsm0", user_name=user_name, id=number)

    (slot,) = [slot for slot in read(new).slots if slot.path == path]
    assert (slot.user_name, slot.id) == (user_name, number)


def test_a_slot_is_added_to_an_hsm_without_slots() -> None:
    new, path = add_slot(
        parse('primus = { hsms = { hsm0 = { host = "h"; }; }; };'), "hsm0", user_name="P", id=0
    )

    assert path == "primus.hsms.hsm0.slots.slot0"
    assert read(new).hsms[0].slots[0].user_name == "P"


def test_a_host_that_two_hsms_have_does_not_say_which_is_meant() -> None:
    text = edited(("ch02-api", "ch01-api"), ('"2310"; /* of hsm1 */', '"2311";'))

    with pytest.raises(PpinuiError, match="2 HSMs have the host") as error:
        add_slot(parse(text), "ch01-api.cloudshsm.com", user_name="GAMMA", id=3)

    assert error.value.remedy == "name one of them: hsm0, hsm1"


def test_names_and_values_that_libconfig_cannot_hold_are_refused() -> None:
    with pytest.raises(EditRefused):
        add_slot(parse(SOUND), "hsm0", user_name="GAM\0MA", id=3)


def test_what_is_added_and_removed_leaves_no_trace(cluster: Path) -> None:
    document = parse(cluster.read_text())

    with_hsm, hsm = add_hsm(document, host="c", like="hsm1")
    with_slot, slot = add_slot(document, "hsm1", user_name="P3", id=3)

    assert remove(with_hsm, hsm).text == document.text
    assert remove(with_slot, slot).text == document.text
