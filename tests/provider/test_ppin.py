"""Driving ppin: each password is typed once, where it belongs, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ppinui.config.primus_config import require_safe_name
from ppinui.errors import PpinuiError
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, PpinRefused, check_trust, find_ppin
from ppinui.secrets.fetcher import FetchFailed
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import EMPTY
from tests.rig.canary import draw
from tests.rig.processes import MarkedProcesses, all_processes, wait_for_end

SETUP = Secret("FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3")
PIN = Secret(draw("pin-canary"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bin"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture
def binary(folder: Path) -> Path:
    path = folder / "ppin"
    shutil.copy(Path(__file__).with_name("fake_ppin.py"), path)
    path.chmod(0o755)
    (folder / "behaviour").write_text("good")
    return path


@pytest.fixture
def runtime_folder() -> Iterator[Path]:
    """A place in memory that this test alone uses."""
    with tempfile.TemporaryDirectory(prefix="runtime-", dir="/dev/shm") as path:
        yield Path(path)


@pytest.fixture(autouse=True)
def _nothing_left(runtime_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_folder))
    yield
    assert list(runtime_folder.iterdir()) == []


def config(host: str) -> Callable[[str], str]:
    return lambda log_file: f'host = "{host}";\nlog_file = "{log_file}";\n'


def add(
    binary: Path, behaviour: str = "good", *, timeout: float = 10, environ: dict[str, str] | None = None
) -> bytes:
    binary.with_name("behaviour").write_text(behaviour)
    ppin = Ppin(binary, environ={**os.environ, **(environ or {})}, timeout=timeout)
    hsms = [config("hsm-one"), config("hsm-two")]
    return ppin.add("PART", SETUP, PIN, configurations=hsms, secrets_file=EMPTY.encode())


def seen(binary: Path) -> str:
    return binary.with_name("seen").read_text()


def test_a_permanent_secret_is_fetched(binary: Path) -> None:
    text = add(binary).decode()
    expected = (SETUP.reveal_bytes() + PIN.reveal_bytes()).hex()
    assert f'user0 = {{ name = "PART"; secret = "{expected}"; }};' in text


def test_a_proxy_password_is_given_first(binary: Path) -> None:
    ppin = Ppin(binary, environ=os.environ)
    text = ppin.add_proxy("PROXY", PIN, configurations=[config("h")], secrets_file=EMPTY.encode())
    assert f'name = "PROXY"; secret = "{PIN.reveal_bytes().hex()}"'.encode() in text


@pytest.mark.parametrize("code", ["0x80005017", "0x8000000b"])
def test_a_refused_proxy_password_is_not_called_a_setup_password_or_pin(binary: Path, code: str) -> None:
    binary.with_name("behaviour").write_text(f"fails {code}")
    with pytest.raises(FetchFailed) as caught:
        Ppin(binary, environ=os.environ).add_proxy(
            "my proxy", PIN, configurations=[config("h")], secrets_file=EMPTY.encode()
        )
    failure = caught.value
    assert (failure.code, failure.rejected) == (int(code, 16), True)
    assert "The login with the proxy password of 'my proxy' was refused" in failure.message
    assert "etup" not in failure.message
    assert "PIN" not in failure.message
    assert failure.remedy == "replace the proxy password: ppinui -p -e 'my proxy'"


def test_no_password_is_in_its_arguments_or_environment(binary: Path) -> None:
    add(binary, environ={"CREDENTIALS_DIRECTORY": "/run/credentials/x"})
    for clear in (SETUP.reveal_bytes().decode(), PIN.reveal_bytes().decode(), "/run/credentials"):
        assert clear not in seen(binary)
    assert "'-a', '-e', 'PART'" in seen(binary)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0x80005017", "Login to HSM failed with provided credentials (Setup Password)"),
        ("0x80005018", "Setup password expired"),
        ("0x8000000b", "Login failed, wrong PKCS#11 PIN"),
        ("0x000000a4", "CKR_PIN_LOCKED"),
        ("0x80000069", "Access to partition disabled by HSM configuration"),
    ],
)
def test_a_failure_is_explained_by_its_code(binary: Path, code: str, words: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, f"fails {code}")
    assert caught.value.code == int(code, 16)
    assert words in caught.value.message
    assert caught.value.remedy
    assert seen(binary).count("\n") == 1  # the second HSM was not asked with the same password


def test_the_code_is_found_in_the_log_where_ppin_does_not_say_it(binary: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, "fails-in-log")
    assert caught.value.code == 0x80005018


def test_the_next_hsm_is_asked_when_one_was_not_reached(binary: Path) -> None:
    assert b'name = "PART"' in add(binary, "unreached hsm-one")
    assert seen(binary).count("\n") == 2


def test_when_no_hsm_is_reached_the_first_ones_error_is_told(binary: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, "unreached hsm")
    assert caught.value.code == 0x80005015


def test_a_second_question_for_the_same_password_is_not_answered(binary: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, "asks-again")
    assert caught.value.code == 0x8000000B


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("other-user", "asks for a password that it should not need"),
        ("echoes", "with the echo on, so nothing was typed"),
        ("dies", "it was killed"),
        ("lies", "exit code 0"),
    ],
)
def test_what_is_not_as_documented_is_no_success(binary: Path, behaviour: str, reason: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, behaviour)
    assert reason in caught.value.message


@pytest.mark.parametrize("behaviour", ["hangs", "other-question"])
def test_a_silent_ppin_is_ended(binary: Path, behaviour: str) -> None:
    with MarkedProcesses() as marked:
        with pytest.raises(FetchFailed, match="it was silent for 1 s"):
            add(binary, behaviour, timeout=1, environ=marked.environ)
        marked.assert_none_left()


def test_what_ppin_says_is_repeated_without_the_passwords(binary: Path) -> None:
    with pytest.raises(FetchFailed) as caught:
        add(binary, "tells")
    assert "your password •••••••• is wrong" in caught.value.message


def test_nothing_is_left_when_the_program_is_killed(binary: Path, runtime_folder: Path) -> None:
    binary.with_name("behaviour").write_text("hangs")
    program = """
import os, sys
from pathlib import Path
from ppinui.provider.ppin import Ppin
from ppinui.secrets.fetcher import FetchFailed
from ppinui.config.primus_config import require_safe_name
from ppinui.secrets.secret import Secret
Ppin(Path(sys.argv[1]), environ=os.environ).add(
    "PART", Secret("s"), Secret("p"), configurations=[lambda log: "x"], secrets_file=b"y"
)
"""
    with MarkedProcesses() as marked:
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(binary)],
            env={**os.environ, **marked.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        while not binary.with_name("seen").exists():
            assert child.poll() is None
        (name,) = os.listdir(runtime_folder)
        (watcher,) = (
            process
            for process in all_processes()
            if any(word.endswith(name) for word in process.command_line)
        )
        child.kill()
        child.wait()
        marked.assert_none_left()
    assert wait_for_end(watcher.pid, 5)
    assert list(runtime_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "-t", "--fortinet", "a\nb", "a\x03", "\x1b[A", "a\x7f"])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(PpinuiError, match="no name of a partition"):
        require_safe_name(name)


@pytest.mark.parametrize("clear", ["a\nb", "\x03", "x" * 2000, "tab\t"])
def test_a_password_that_would_be_a_command_to_the_terminal_is_refused(binary: Path, clear: str) -> None:
    with pytest.raises(PpinuiError, match="cannot be typed") as caught:
        Ppin(binary).add("PART", Secret(clear), PIN, configurations=[config("h")], secrets_file=b"")
    assert clear not in " ".join(caught.value.lines())
    assert not binary.with_name("seen").exists()


def test_its_version_is_one_line(binary: Path) -> None:
    assert Ppin(binary).version() == "Primus HSM PKCS#11 2.2.4"


def test_ppin_is_found_where_the_option_the_provider_or_the_path_says(folder: Path, binary: Path) -> None:
    home, other = folder / "home", folder / "other"
    for place in (home / "bin", other):
        place.mkdir(parents=True)
        shutil.copy(binary, place / "ppin")
    environ = {"PRIMUS_HOME": str(home), "PATH": f"relative:{other}"}
    assert find_ppin(str(binary), environ=environ) == binary
    assert find_ppin(None, environ=environ) == home / "bin/ppin"
    (home / "bin/ppin").unlink()
    assert find_ppin(None, environ=environ) == other / "ppin"
    (other / "ppin").unlink()
    with pytest.raises(PpinNotFound) as caught:
        find_ppin(None, environ=environ)
    assert str(home / "bin/ppin") in caught.value.place
    assert "ppinui secret import FILE" in caught.value.remedy
    with pytest.raises(PpinNotFound, match="--ppin"):
        find_ppin(str(other / "ppin"), environ=environ)


@pytest.mark.parametrize(
    "script",
    [
        "#!/usr/bin/python3\nfrom ppinui.cli.main import entry_point\nentry_point()\n",
        '#!/bin/sh\nexec ppinui "$@"\n',
        '#!/bin/sh\nexec /usr/local/bin/ppinui "$@"\n',
        '#!/bin/sh\npython3 -m ppinui "$@"\n',
    ],
)
def test_ppinui_is_not_taken_for_ppin(folder: Path, binary: Path, script: str) -> None:
    own = folder / "own"
    own.mkdir()
    (own / "ppin").write_text(script)
    (own / "ppin").chmod(0o755)
    environ = {"PRIMUS_HOME": "/nowhere", "PATH": f"{own}:{folder}"}
    assert find_ppin(None, environ=environ) == binary
    with pytest.raises(PpinRefused, match="ppinui itself"):
        find_ppin(str(own / "ppin"), environ=environ)


def test_a_link_to_ppinui_is_refused(folder: Path, binary: Path) -> None:
    binary.rename(folder / "ppinui")
    (folder / "ppin").symlink_to("ppinui")
    with pytest.raises(PpinRefused, match="ppinui itself"):
        check_trust(folder / "ppin")


def test_a_program_that_others_can_replace_is_refused(folder: Path, binary: Path) -> None:
    check_trust(binary)
    binary.chmod(0o775)
    with pytest.raises(PpinRefused, match="can be written by others") as caught:
        check_trust(binary)
    assert caught.value.remedy == f"sudo chmod go-w {binary}"
    binary.chmod(0o755)
    folder.chmod(0o777)
    with pytest.raises(PpinRefused, match="can be written by others"):
        check_trust(binary)


def test_a_link_on_the_way_is_checked_at_both_its_ends(folder: Path, binary: Path, tmp_path: Path) -> None:
    link = folder / "link"
    link.symlink_to(tmp_path)
    shutil.copy(binary, tmp_path / "ppin")
    check_trust(link / "ppin")
    tmp_path.chmod(0o777)
    with pytest.raises(PpinRefused, match=f"{tmp_path} can be written by others"):
        check_trust(link / "ppin")
    tmp_path.chmod(0o1777)  # as /tmp: others may add names, and cannot change ours
    check_trust(link / "ppin")
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "ppin").symlink_to(binary)
    with pytest.raises(PpinRefused, match="can be written by others"):
        check_trust(shared / "ppin")


def test_a_program_of_another_user_is_refused(folder: Path, binary: Path) -> None:
    """As root the file is given away; an ordinary user looks at it as somebody else."""
    if os.geteuid() == 0:
        os.chown(binary, 65534, 65534)
        with pytest.raises(PpinRefused, match="belongs to neither root nor this user"):
            check_trust(binary)
    else:
        check_trust(Path("/usr/bin/env"))


def test_a_program_that_cannot_be_executed_is_refused(binary: Path) -> None:
    binary.chmod(0o644)
    with pytest.raises(PpinRefused, match="cannot be executed"):
        check_trust(binary)
