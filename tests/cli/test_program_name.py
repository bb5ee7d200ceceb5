"""What messages tell the user to type can be typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ppinui.cli.program_name import program_name, rewrite_commands


def test_the_program_is_called_as_the_user_can_call_it(tmp_path: Path) -> None:
    script = tmp_path / ".venv" / "bin" / "ppinui"
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)

    assert program_name(script, here=tmp_path, search="/usr/bin") == ".venv/bin/ppinui"
    assert program_name(script, here=Path("/"), search="/usr/bin") == str(script).removeprefix("/")
    assert program_name(script, here=Path("/usr"), search="/usr/bin") == str(script)
    assert program_name(script, here=tmp_path, search=str(script.parent)) == "ppinui"
    assert program_name(Path("/x/ppinui/__main__.py")) == f"{sys.executable} -m ppinui"


@pytest.mark.parametrize(
    ("text", "config", "called"),
    [
        ("Set it: ppinui config set a=1", None, "Set it: PROGRAM config set a=1"),
        ("Set it: ppinui config set a=1", "my file", "Set it: PROGRAM -c 'my file' config set a=1"),
        ("'ppinui -l' lists them", "f", "'PROGRAM -c f -l' lists them"),
        ("ppinui -c /etc/x config show", "f", "PROGRAM -c /etc/x config show"),
        ("sudo ppinui -c /etc/x config show", "f", "sudo PROGRAM -c /etc/x config show"),
        ("'ppinui --help' shows more", "f", "'PROGRAM --help' shows more"),
        ("ppinui vault create", "f", "PROGRAM vault create"),
        ("another ppinui is saving; see /usr/bin/ppinui config", "f", None),
    ],
)
def test_commands_in_messages_can_be_pasted(
    text: str, config: str | None, called: str | None, tmp_path: Path
) -> None:
    script = tmp_path / "bin" / "ppinui"
    script.parent.mkdir()
    script.touch(mode=0o755)
    expected = text if called is None else called.replace("PROGRAM", str(script))

    assert rewrite_commands(text, config, started_as=script) == expected
