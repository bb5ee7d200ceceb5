"""Where values stand in a TOML file."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given

from ppinui.kms.toml_places import Path, Span, find_values, line_and_column
from tests.kms.made_toml import kms_files


def shown(text: str, path: Path) -> str:
    span = find_values(text)[path]
    return text[span.start : span.end]


def leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Every scalar of plain data, by its path."""
    if isinstance(value, dict):
        inside = [leaves(one, (*path, name)) for name, one in value.items()]
    elif isinstance(value, list):
        inside = [leaves(one, (*path, number)) for number, one in enumerate(value)]
    else:
        return {path: value}
    return {key: one for found in inside for key, one in found.items()}


@given(kms_files())
def test_every_value_is_found_where_it_stands(
    made: tuple[str, str, tuple[int, ...], tuple[str, ...]],
) -> None:
    text = made[0]
    found = find_values(text)
    for path, value in leaves(tomllib.loads(text)).items():
        span = found[path]
        assert tomllib.loads(f"x = {text[span.start : span.end]}") == {"x": value}


def test_elements_of_arrays_have_places_of_their_own() -> None:
    text = 'hsm_password = [\n  "one", # "not this"\n  \'tw]o\',\n]\n'
    assert shown(text, ("hsm_password", 0)) == '"one"'
    assert shown(text, ("hsm_password", 1)) == "'tw]o'"
    assert line_and_column(text, find_values(text)[("hsm_password", 1)].key) == (3, 3)


def test_tables_of_an_array_are_counted() -> None:
    text = "[[hsm_instances]]\nhsm_slot = [1]\n[db]\nhsm_slot = 3\n[[ hsm_instances ]]\nhsm_slot = [2]\n"
    assert shown(text, ("hsm_instances", 0, "hsm_slot", 0)) == "1"
    assert shown(text, ("hsm_instances", 1, "hsm_slot", 0)) == "2"
    assert shown(text, ("db", "hsm_slot")) == "3"
    assert shown(text, ("hsm_instances", 1)) == "[[ hsm_instances ]]"


def test_a_table_inside_one_of_an_array_belongs_to_the_last() -> None:
    text = "[[hsm_instances]]\n[[hsm_instances]]\n[hsm_instances.more]\nx = 1\n"
    assert shown(text, ("hsm_instances", 1, "more", "x")) == "1"


def test_inline_tables_are_looked_into() -> None:
    text = 'hsm_instances = [ { hsm_model = "other", hsm_slot = [5] } ]\n'
    assert shown(text, ("hsm_instances", 0, "hsm_slot", 0)) == "5"
    assert find_values(text)[("hsm_instances", 0, "hsm_slot")] == Span(41, 52, 55)


def test_lines_and_columns_count_from_one_and_in_characters() -> None:
    assert line_and_column("é = 1\nb", 0) == (1, 1)
    assert line_and_column("é = 1\r\nb", 4) == (1, 5)
    assert line_and_column("é = 1\r\nb", 7) == (2, 1)
