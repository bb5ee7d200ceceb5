"""``ppinui config add-hsm``, ``add-slot`` and ``remove``, from the first HSM of a new file on."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ppinui.cli.main import main
from ppinui.config.checks.registry import check_file
from tests.cli.conftest import TEXT
from tests.cli.edit_rig import Captured, edit


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["none", "empty", "blank"])
def test_the_first_hsm_makes_the_file(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "new.cfg"
    if content is not None:
        file.write_text(content)
    assert edit(file, "add-hsm", "--host", "hsm.example.com") == 0
    assert edit(file, "add-slot", "hsm0", "--user-name", "PAYMENTS", "--id", "0") == 0

    problems = check_file(file, find_group=lambda _: None)
    assert [problem for problem in problems if problem.code != "file-readable-by-all"] == []
    assert file.read_text().count('version = "1.0";') == 1
    if content is None:
        assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_of_comments_gets_its_version_with_the_first_hsm(tmp_path: Path) -> None:
    file = tmp_path / "primus.cfg"
    file.write_text("# ours\n")
    assert edit(file, "add-hsm", "--host", "hsm.example.com") == 0

    assert file.read_text().startswith('# ours\nversion = "1.0";\n')


@pytest.mark.parametrize(
    "arguments", [("set", "wait_delay=1"), ("add-slot", "hsm0", "--user-name=U", "--id=1")]
)
def test_no_other_edit_makes_a_file(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert edit(tmp_path / "new.cfg", *arguments) == 2
    assert list(tmp_path.iterdir()) == []


def test_an_added_hsm_is_named_on_stdout(config: Path, capsys: Captured) -> None:
    assert edit(config, "add-hsm", "--host", "c.example", "--port", "2400", "--priority", "5") == 0

    assert capsys.readouterr().out == "primus.hsms.hsm2\n"
    assert main(["-c", str(config), "config", "get", "hsm2.port"]) == 0
    assert capsys.readouterr().out == "2400\n"


def test_an_hsm_like_another_has_its_slots_and_its_port(config: Path, capsys: Captured) -> None:
    assert edit(config, "add-hsm", "--host", "c.example", "--like", "hsm1") == 0
    capsys.readouterr()

    for path, value in {
        "hsm2.slot0.user_name": "PAYMENTS",
        "hsm2.port": "2410",
        "hsm2.host": "c.example",
    }.items():
        assert main(["-c", str(config), "config", "get", path]) == 0
        assert capsys.readouterr().out == f"{value}\n"


def test_an_added_slot_has_what_was_said_of_it(config: Path, capsys: Captured) -> None:
    words = [
        "add-slot",
        "hsm1",
        "--user-name",
        "SIGNING",
        "--id",
        "2",
        "--client-id",
        "c",
        "--proxy-user",
        "p",
    ]
    assert edit(config, *words) == 0
    assert capsys.readouterr().out == "primus.hsms.hsm1.slots.slot1\n"

    assert main(["-c", str(config), "config", "show"]) == 0
    assert "    slot1 (id=2), user=SIGNING, client=c, proxy=p\n" in capsys.readouterr().out


def test_adding_and_removing_gives_the_old_file_back(config: Path) -> None:
    assert edit(config, "add-slot", "hsm0", "--user-name", "NEW", "--id", "3") == 0
    assert config.read_text() != TEXT
    assert edit(config, "remove", "hsm0.slot2") == 0

    assert config.read_text() == TEXT
