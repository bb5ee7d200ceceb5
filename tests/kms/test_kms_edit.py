"""Writing slots into a kms.toml: what is not changed stays, byte for byte."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_edit import Wanted, change, instance_to_write
from ppinui.kms.kms_reader import parse
from ppinui.kms.toml_places import find_values
from ppinui.secrets.secret import Secret
from tests.kms.made_toml import SLOT_IDS, WORDS, kms_files
from tests.kms.test_kms_reader import INSTANCES

COMMENTED = """# The KMS of payments
hsm_model = 'other'   # the vendor's library
hsm_admin = "admin"
hsm_slot = [
    5,  # payments
    6,  # signing
    # 7 is kept for tests
    8
]
hsm_password = ["five",'six',  "eight",] # in the same order

# the database
[db]
database_type = "sqlite"   # for now
"""


def written(
    text: str,
    *slots: int,
    pins: Mapping[int, str] | None = None,
    model: Model | None = None,
    admins: tuple[str, ...] | None = None,
    instance: int | str | None = None,
) -> str:
    file = parse(text, "kms.toml")
    wanted = Wanted(slots, {slot: Secret(pin) for slot, pin in (pins or {}).items()}, model, admins)
    return change(file, instance_to_write(file, instance), wanted, as_table=instance == "new")


def outside(text: str, *names: str) -> str:
    """The text without the values of these settings, wherever they are."""
    spans = [
        (span.start, span.end)
        for path, span in find_values(text).items()
        if path[-1] in names and (len(path) == 1 or path[0] == "hsm_instances")
    ]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def test_the_same_settings_leave_every_byte() -> None:
    assert written(COMMENTED, 5, 6, 8, model=Model.OTHER, admins=("admin",)) == COMMENTED


def test_one_pin_changes_its_own_characters_alone() -> None:
    assert written(COMMENTED, 5, 6, 8, pins={6: 'new"six'}) == COMMENTED.replace("'six'", '"new\\"six"')


def test_a_slot_that_goes_takes_its_comment_and_its_password() -> None:
    expected = COMMENTED.replace("    6,  # signing\n", "").replace("'six',  ", "")
    assert written(COMMENTED, 5, 8) == expected


def test_a_slot_that_comes_has_no_login_unless_its_pin_is_given() -> None:
    changed = written(COMMENTED, 5, 6, 8, 11, 12, pins={12: "twelve"})
    data = tomllib.loads(changed)
    assert data["hsm_slot"] == [5, 6, 8, 11, 12]
    assert data["hsm_password"] == ["five", "six", "eight", "<NO_LOGIN>", "twelve"]
    assert outside(changed, "hsm_slot", "hsm_password") == outside(COMMENTED, "hsm_slot", "hsm_password")
    assert "    6,  # signing\n    # 7 is kept for tests\n    8,\n    11,\n    12\n]" in changed


def test_a_placeholder_is_not_kept() -> None:
    text = COMMENTED.replace('"five"', '"<password>"')
    assert tomllib.loads(written(text, 5))["hsm_password"] == ["<NO_LOGIN>"]


def test_one_instance_of_several_is_written() -> None:
    changed = written(INSTANCES, 1, 9, instance=1, admins=("a", "b"))
    data = tomllib.loads(changed)
    assert data["hsm_instances"][0] == tomllib.loads(INSTANCES)["hsm_instances"][0]
    assert data["hsm_instances"][1] == {
        "hsm_model": "utimaco",
        "hsm_admin": ["a", "b"],
        "hsm_slot": [1, 9],
        "hsm_password": ["three", "<NO_LOGIN>"],
    }


def test_which_of_several_instances_has_to_be_said() -> None:
    with pytest.raises(PpinuiError, match="several HSMs") as caught:
        written(INSTANCES, 1)
    assert "0 (softhsm2, hsm_instances[0]), 1 (utimaco, hsm_instances[1])" in caught.value.remedy


def test_a_further_instance_goes_behind_the_others() -> None:
    changed = written(INSTANCES, 3, instance="new", model=Model.OTHER, admins=("admin",))
    added = '[[hsm_instances]]\nhsm_model = "other"\nhsm_admin = ["admin"]\nhsm_slot = [3]\n'
    assert changed == INSTANCES.replace("[db]", f'{added}hsm_password = ["<NO_LOGIN>"]\n\n[db]')


def test_a_file_without_an_hsm_gets_its_settings_above_the_tables() -> None:
    text = "# a KMS\r\nport = 1\r\n\r\n[db]\r\nx = 1"
    changed = written(text, 3, model=Model.OTHER, admins=("admin",))
    settings = 'hsm_model = "other"\r\nhsm_admin = ["admin"]\r\nhsm_slot = [3]\r\n'
    assert changed == text.replace("1\r\n\r\n[", f'1\r\n{settings}hsm_password = ["<NO_LOGIN>"]\r\n\r\n[')


def test_an_empty_file_becomes_one_with_a_line_that_says_what_it_is() -> None:
    changed = written("", 3, model=Model.OTHER, admins=("admin",))
    assert changed.startswith("# ")
    assert tomllib.loads(changed) == {
        "hsm_model": "other",
        "hsm_admin": ["admin"],
        "hsm_slot": [3],
        "hsm_password": ["<NO_LOGIN>"],
    }


def test_a_file_of_an_editor_on_windows_keeps_its_mark_and_line_ends() -> None:
    text = "\ufeff" + COMMENTED.replace("\n", "\r\n")

    assert written(text, 5, 6, 8) == text
    assert written(text, 5, 8) == "\ufeff" + written(COMMENTED, 5, 8).replace("\n", "\r\n")


@pytest.mark.parametrize("password", ['"x"', '""', "5", "{}"])
def test_a_password_that_is_no_array_is_not_written_over(password: str) -> None:
    with pytest.raises(PpinuiError, match="hsm_password is not an array"):
        written(f'hsm_model = "other"\nhsm_slot = []\nhsm_password = {password}\n', 5)


def test_what_not_every_reader_takes_for_toml_is_not_written() -> None:
    with pytest.raises(PpinuiError, match="though some read it"):
        written('hsm_instances = [{ hsm_model = "other",\nhsm_slot = [5], hsm_password = ["x"] }]\n', 5)


def test_a_file_with_errors_is_not_written() -> None:
    with pytest.raises(PpinuiError, match="not written: hsm_slot has 3 entries") as caught:
        written(COMMENTED.replace('"five",', ""), 5)
    assert caught.value.place == "kms.toml:10:1"


def test_a_pin_that_is_no_text_is_refused_without_being_shown() -> None:
    file = parse(COMMENTED, "kms.toml")
    with pytest.raises(PpinuiError, match="not UTF-8") as caught:
        change(file, file.instances[0], Wanted((5,), {5: Secret(b"\xffcanary")}))
    assert "canary" not in str(caught.value.lines())


@given(kms_files(), st.lists(SLOT_IDS, max_size=3, unique=True), st.data())
def test_nothing_but_the_two_arrays_changes(
    made: tuple[str, str, tuple[int, ...], tuple[str, ...]], new: list[int], data: st.DataObject
) -> None:
    text, table, ids, passwords = made
    stay = data.draw(st.lists(st.sampled_from(ids), unique=True) if ids else st.just([]))
    slots = tuple(dict.fromkeys([*stay, *new]))
    pins = {slot: data.draw(WORDS) for slot in slots if data.draw(st.booleans())}
    changed = written(text, *slots, pins=pins)

    settings = tomllib.loads(changed)
    settings = settings[table][0] if table else settings
    old = dict(zip(ids, passwords, strict=True))
    assert set(settings["hsm_slot"]) == set(slots)
    for slot, password in zip(settings["hsm_slot"], settings["hsm_password"], strict=True):
        assert password == pins.get(slot, old.get(slot, "<NO_LOGIN>"))
    arrays = ("hsm_slot", "hsm_password")
    assert outside(changed, *arrays) == outside(text, *arrays)


@given(kms_files())
def test_writing_what_is_there_changes_nothing(
    made: tuple[str, str, tuple[int, ...], tuple[str, ...]],
) -> None:
    text, _, ids, _ = made
    assert written(text, *ids, model=Model.OTHER) == text
