"""What is wrong with a primus.cfg as a file: who can read it, who will overwrite it, what lies beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.config.checks.registry import check_file
from ppinui.config.checks.subject import Profile
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.errors import PpinuiError
from tests.config.sound_file import SOUND, edited


def own_group(_: str) -> int:
    return os.getegid()


def no_group(_: str) -> None:
    return None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound primus.cfg in a folder of its own, both as they should be."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o750)
    path = folder / "primus.cfg"
    path.write_text(SOUND)
    path.chmod(0o640)
    os.chown(path, -1, os.getegid())
    return path


def checked(path: Path, **options: object) -> list[Diagnostic]:
    return list(check_file(path, **{"find_group": own_group, **options}))


def names(problems: list[Diagnostic]) -> list[str]:
    return [problem.code for problem in problems]


def test_a_sound_file_with_the_right_mode_and_group_has_no_problem(file: Path) -> None:
    assert checked(file) == []


def test_a_file_that_everybody_can_read_is_a_warning_and_with_a_password_an_error(file: Path) -> None:
    file.chmod(0o644)
    (problem,) = checked(file)
    assert (problem.code, problem.severity) == ("file-readable-by-all", Severity.WARNING)
    assert problem.remedy == f"chmod 0640 {file}"
    assert str(problem.place) == f"{file}:1:1"

    file.write_text(edited(("wait_delay", '# pin = "FXAJX-1"\n  wait_delay')))
    (worse,) = [problem for problem in checked(file) if problem.code == "file-readable-by-all"]
    assert worse.severity is Severity.ERROR
    assert "password" in worse.message


def test_a_placeholder_is_no_password(file: Path) -> None:
    file.write_text(edited(("wait_delay", '# pin = "SETUP_PASSWORD"\n  wait_delay')))
    file.chmod(0o644)

    (problem,) = [problem for problem in checked(file) if problem.code == "file-readable-by-all"]

    assert problem.severity is Severity.WARNING


def test_a_file_that_everybody_can_change_is_an_error(file: Path) -> None:
    file.chmod(0o642)

    (problem,) = checked(file)

    assert (problem.code, problem.severity) == ("file-writable-by-all", Severity.ERROR)


@pytest.mark.parametrize(("mode", "other_group"), [(0o600, False), (0o640, True), (0o600, True)])
def test_the_group_primus_has_to_be_able_to_read_the_file(file: Path, mode: int, other_group: bool) -> None:
    file.chmod(mode)
    number = os.getegid() + (1 if other_group else 0)

    (problem,) = checked(file, find_group=lambda name: number if name == "primus" else None)

    assert (problem.code, problem.severity) == ("file-not-of-group-primus", Severity.WARNING)
    assert problem.remedy.startswith("chgrp primus ")


def test_where_there_is_no_group_primus_no_group_is_asked_for(file: Path) -> None:
    file.chmod(0o600)

    assert checked(file, find_group=no_group) == []


def test_a_folder_that_everybody_can_write_is_an_error_unless_it_is_sticky(file: Path) -> None:
    file.parent.chmod(0o777)
    assert names(checked(file)) == ["folder-writable-by-all"]

    file.parent.chmod(0o1777)
    assert checked(file) == []


@pytest.mark.parametrize("ending", [".dpkg-new", ".dpkg-dist", ".rpmnew"])
def test_what_an_update_left_beside_the_file_is_a_warning(file: Path, ending: str) -> None:
    beside = file.with_name(f"primus.cfg{ending}")
    beside.write_text("")

    (problem,) = checked(file)

    assert (problem.code, problem.severity) == ("package-version-beside", Severity.WARNING)
    assert str(beside) in problem.message


def test_other_files_beside_it_do_not_matter(file: Path) -> None:
    for name in ("primus.cfg.bak", "primus.cfg~", "other.cfg.rpmnew"):
        (file.parent / name).write_text("")

    assert checked(file) == []


def test_the_providers_own_folder_is_a_warning_also_behind_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "usr/local/primus/etc"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    real = folder / "primus.cfg"
    real.write_text(SOUND)
    link = tmp_path / "link.cfg"
    link.symlink_to(real)
    real.chmod(0o640)

    for path in (real, link):
        (problem,) = checked(path, root=tmp_path, find_group=no_group)
        assert (problem.code, problem.severity) == ("provider-folder", Severity.WARNING)


def test_secrets_too_long_for_a_fortigate_are_found(file: Path) -> None:
    text = edited(
        ("ch01-api.cloudshsm.com", "192.0.2.1"),
        ("ch02-api.cloudshsm.com", "192.0.2.2"),
        ("write_log_file = true", "write_log_file = false"),
        ("write_syslog = true", "write_syslog = false"),
        ("trace_level = 4", "trace_level = 0"),
    )
    file.write_text(text)
    secrets = file.with_name(".secrets.cfg")

    secrets.write_bytes(b"x" * 2250)
    assert checked(file, profile=Profile.FORTIGATE) == []

    secrets.write_bytes(b"x" * 2251)
    (problem,) = checked(file, profile=Profile.FORTIGATE)
    assert (problem.code, problem.severity) == ("fortigate-secrets-size", Severity.ERROR)
    assert checked(file) == []


def test_the_log_folder_is_judged_by_its_mode_not_by_its_name(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    file.write_text(edited(("/var/log/primus/primus.log", f"{folder}/primus.log")))

    folder.chmod(0o1777)
    assert names(checked(file)) == ["log-file-writable-by-all"]

    folder.chmod(0o750)
    assert checked(file) == []


def test_the_contents_are_checked_too_and_named_by_the_file(file: Path) -> None:
    file.write_text(edited(('"2310"; /* of hsm0 */', "2310; /* of hsm0 */")))

    (problem,) = checked(file)

    assert problem.code == "port-as-int"
    assert str(problem.place) == f"{file}:12:7"


def test_a_file_with_a_syntax_error_is_checked_as_a_file_too(file: Path) -> None:
    file.write_text(edited(('"2310"; /* of hsm0 */', "23 10; /* of hsm0 */")))
    file.chmod(0o644)

    assert sorted(names(checked(file))) == ["file-readable-by-all", "syntax-error"]


def test_bytes_that_are_no_utf_8_are_no_problem_of_their_own(file: Path) -> None:
    file.write_bytes(SOUND.replace("app", "M\xfcller").encode("latin-1"))

    assert checked(file) == []


def test_a_file_that_is_not_there_is_an_error_of_three_lines(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError) as error:
        checked(tmp_path / "none.cfg")

    assert error.value.place == str(tmp_path / "none.cfg")


def test_what_lies_beside_a_file_is_named_once_also_for_a_relative_path(file: Path) -> None:
    file.with_name("primus.cfg.dpkg-new").write_text("")
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pathlib import Path; from ppinui.config.checks.registry import check_file; "
            "print([one.code for one in check_file(Path('primus.cfg'))])",
        ],
        cwd=file.parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.count("package-version-beside") == 1


def test_a_password_in_the_backup_is_a_warning(file: Path) -> None:
    backup = file.with_name("primus.cfg.bak")
    backup.write_text('broken { pin = "0LDSECRET";\n')

    (problem,) = checked(file)

    assert (problem.code, problem.severity) == ("password-in-backup", Severity.WARNING)
    assert problem.remedy.endswith(f"shred -u {backup}")
    assert "0LDSECRET" not in repr(problem)
