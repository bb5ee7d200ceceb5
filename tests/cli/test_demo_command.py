"""What the demo tells the user to type."""

from __future__ import annotations

import sys
from pathlib import Path

from ppinui.cli.demo_command import program_name


def test_the_program_is_called_as_the_user_can_call_it(tmp_path: Path) -> None:
    script = tmp_path / ".venv" / "bin" / "ppinui"
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)

    assert program_name(script, here=tmp_path, search="/usr/bin") == ".venv/bin/ppinui"
    assert program_name(script, here=Path("/"), search="/usr/bin") == str(script).removeprefix("/")
    assert program_name(script, here=Path("/usr"), search="/usr/bin") == str(script)
    assert program_name(script, here=tmp_path, search=str(script.parent)) == "ppinui"
    assert program_name(Path("/x/ppinui/__main__.py")) == f"{sys.executable} -m ppinui"
