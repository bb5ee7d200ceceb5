"""JSON that every program can read, and that steers no terminal."""

from __future__ import annotations

import json
from pathlib import Path

from ppinui.cli.json_output import as_json
from tests.rig.program import ppinui


def test_it_is_read_back_as_it_was() -> None:
    data = {"a": [1, 2.5, None, True], "b": {"ü": "••••"}, "c": ("x",)}

    assert json.loads(as_json(data)) == {**data, "c": ["x"]}


def test_it_ends_with_a_newline() -> None:
    assert as_json({}).endswith("}\n")


def test_bytes_that_are_not_utf8_can_be_told_from_one_another() -> None:
    text = as_json({"name": ["caf\udce9"]})

    assert json.loads(text.encode("utf-8")) == {"name": ["caf\\xe9"]}


def test_control_characters_are_escaped() -> None:
    text = as_json({"name": "\x1b[2J\x9b31m\x7f"})

    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"name": "\x1b[2J\x9b31m\x7f"}


def test_where_stdout_is_not_utf8_all_is_ascii(config: Path) -> None:
    ran = ppinui("-c", config, "config", "show", "--format", "json", environ={"PYTHONIOENCODING": "latin-1"})

    assert ran.out.isascii()
    assert json.loads(ran.out)["hsms"][0]["pin"] == "••••"
