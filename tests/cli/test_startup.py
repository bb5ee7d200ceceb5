"""What a process imports: commands that need no library must not wait for one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.program import environment

HEAVY = ("textual", "keyring", "cryptography", "pkcs11", "pexpect", "libconf", "tomlkit")

# An environment may import things of its own when Python starts; what was there before does not count.
RUN_AND_TELL = """
import json, sys
before = set(sys.modules)
from ppinui.cli.main import main
code = main(sys.argv[1:])
print("\\n" + json.dumps({"code": code, "modules": sorted(set(sys.modules) - before)}))
"""


def modules_of(*arguments: str | Path, environ: dict[str, str] | None = None) -> set[str]:
    """The top-level packages and modules of ours that a fresh process has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_TELL, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=environment(environ),
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    return {name if name.startswith("ppinui") else name.partition(".")[0] for name in told["modules"]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "primus.cfg"
    slot = 'slots: { slot0: { user_name = "U"; id = 1; }; };'
    file.write_text(f'primus: {{ hsms: {{ hsm0: {{ host = "h"; port = "1"; {slot} }}; }}; }};\n')
    return file


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_no_grammar_of_a_command(option: str) -> None:
    modules = modules_of(option)

    assert modules.isdisjoint(HEAVY)
    assert {name for name in modules if name.startswith("ppinui.")} == {
        "ppinui.cli",
        "ppinui.cli.argparse_base",
        "ppinui.cli.command_grammar",
        "ppinui.cli.command_registry",
        "ppinui.cli.console",
        "ppinui.cli.main",
        "ppinui.errors",
    }
    assert modules.isdisjoint(
        {"contextlib", "pathlib", "shutil", "dataclasses", "subprocess", "socket", "typing"}
    )


def test_a_command_imports_the_grammar_of_no_other() -> None:
    modules = modules_of("token", "--help")

    assert {name for name in modules if name.endswith("_grammar")} == {
        "ppinui.cli.command_grammar",
        "ppinui.cli.token.token_grammar",
    }


def test_the_manual_page_imports_no_library() -> None:
    assert modules_of("--man").isdisjoint(HEAVY)


@pytest.mark.parametrize("action", ["path", "show", "check"])
def test_looking_at_a_configuration_imports_no_library(action: str, config: Path) -> None:
    unneeded = set(HEAVY) - ({"libconf"} if action == "check" else set())

    assert modules_of("-c", config, "config", action, environ={"COLUMNS": "80"}).isdisjoint(unneeded)


def test_getting_a_value_imports_no_library(config: Path) -> None:
    assert modules_of("-c", config, "config", "get", "hsm0.port").isdisjoint(HEAVY)


def test_a_dry_run_imports_no_library(config: Path) -> None:
    assert modules_of("-c", config, "config", "set", "hsm0.host=x", "--dry-run").isdisjoint(
        set(HEAVY) - {"libconf"}
    )


def test_testing_imports_no_library_in_the_process_that_people_wait_for(config: Path, tmp_path: Path) -> None:
    code = RUN_AND_TELL.replace('"code": code', '"code": 0 * code')
    done = subprocess.run(
        [sys.executable, "-c", code, "-c", config, "--test", "--timeout", "1", "--module", tmp_path / "none"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    modules = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])["modules"]}

    assert modules.isdisjoint(HEAVY)
