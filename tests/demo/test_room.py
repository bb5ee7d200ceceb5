"""The demo as a whole: what is in it, who may look, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.config.primus_config import read
from ppinui.demo.demo_room import Demo, open_demo
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import load
from tests.rig.canary import files_with
from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses


def read_tokens(demo: Demo) -> str:
    shown = subprocess.run(
        ["pkcs11-tool", "--module", demo.module, "--list-slots"],
        env=dict(demo.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout


def test_there_are_two_hsms_with_two_partitions_each_and_four_names(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        config = read(load(demo.configuration))

    assert [len(hsm.slots) for hsm in config.hsms] == [2, 2]
    assert len({slot.user_name for slot in config.slots}) == 4
    assert len({slot.id for slot in config.slots}) == 4
    assert [partition.id for endpoint in demo.endpoints for partition in endpoint.partitions] == [
        slot.id for slot in config.slots
    ]
    assert config.unknown == ()


def test_each_hsm_listens_where_the_configuration_says(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        config = read(load(demo.configuration))
        for hsm in config.hsms:
            assert hsm.host is not None
            assert hsm.port is not None
            for _ in range(3):
                with socket.create_connection((hsm.host, int(hsm.port)), timeout=patient(5)) as connection:
                    assert connection.recv(1) == b""


def test_each_partition_has_a_token_with_its_name(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        shown = read_tokens(demo)
        for user in demo.pins:
            assert f"token label        : {user}\n" in shown


def test_each_slot_id_is_the_one_of_the_token_with_the_partition_s_name(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        for slot in read(load(demo.configuration)).slots:
            shown = subprocess.run(
                ["pkcs11-tool", "--module", demo.module, "--slot", str(slot.id), "--list-token-slots"],
                env=dict(demo.environ),
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            number = shown.split(f"(0x{slot.id:x})")[1]
            assert f"token label        : {slot.user_name}\n" in number.split("Slot ")[0]


def test_each_pin_opens_its_token_and_no_other(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        for user in demo.pins:
            for owner in demo.pins:
                words = [
                    "pkcs11-tool",
                    "--module",
                    demo.module,
                    "--token-label",
                    user,
                    "--login",
                    "-O",
                    "--pin",
                ]
                login = subprocess.run(
                    [*words, demo.pin(owner).reveal_bytes()],
                    env=dict(demo.environ),
                    capture_output=True,
                    check=False,
                )
                assert (login.returncode == 0) == (user == owner)


def test_a_pin_that_a_test_has_wiped_is_there_for_the_next(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        user = next(iter(demo.pins))
        demo.pin(user).wipe()
        assert demo.pin(user)


def test_no_pin_is_on_the_disk_or_in_the_representation(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        for user in demo.pins:
            pin = demo.pin(user).reveal_bytes().decode()
            assert files_with(pin, demo.folder) == ()
            assert pin not in repr(demo)


def test_the_folder_is_nobody_elses_and_the_configuration_not_for_others(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        assert stat.S_IMODE(demo.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(demo.configuration.stat().st_mode) & 0o007 == 0


def test_the_environment_for_the_module_has_nothing_of_the_users(tmp_path: Path) -> None:
    with open_demo(parent=tmp_path) as demo:
        assert set(demo.environ) == {"SOFTHSM2_CONF", "PATH"}


def test_nothing_is_left_at_the_end(tmp_path: Path, marked: MarkedProcesses) -> None:
    with open_demo(parent=tmp_path) as demo:
        ports = [endpoint.port for endpoint in demo.endpoints]

    assert list(tmp_path.iterdir()) == []
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_nothing_is_left_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_demo(parent=tmp_path):
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_an_odd_name_is_no_obstacle(tmp_path: Path) -> None:
    odd = tmp_path / 'a "quoted" näme'
    odd.mkdir()
    with open_demo(parent=odd) as demo:
        assert read(load(demo.configuration)).log["file"] == str(demo.folder / "primus.log")
        assert "DEMO-TLS" in read_tokens(demo)


def test_without_softhsm_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError) as caught, open_demo(parent=tmp_path, root=tmp_path):
        pytest.fail("there is no SoftHSM2 here")

    message, where, remedy = caught.value.lines()
    assert "SoftHSM2" in message
    assert str(tmp_path / "usr/lib/softhsm/libsofthsm2.so") in where
    assert remedy.endswith("sudo apt-get install softhsm2")
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_is_none_is_an_error_of_three_lines(tmp_path: Path) -> None:
    module = tmp_path / "usr/lib/softhsm/libsofthsm2.so"
    module.parent.mkdir(parents=True)
    module.write_text("not a library")
    with pytest.raises(PpinuiError) as caught, open_demo(parent=tmp_path, root=tmp_path):
        pytest.fail("that is no SoftHSM2")

    assert "could not make the tokens" in caught.value.message
    assert caught.value.place == str(module)


OPEN_AND_WAIT = """
import signal, sys
from pathlib import Path
from ppinui.demo.demo_room import open_demo
with open_demo(parent=Path(sys.argv[1])):
    print("open", flush=True)
    signal.pause()
"""


def test_ctrl_c_leaves_nothing(tmp_path: Path, marked: MarkedProcesses) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | marked.environ,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    process.send_signal(signal.SIGINT)
    process.wait(timeout=patient(10))
    process.stdout.close()

    assert list(tmp_path.iterdir()) == []


INTERRUPT_THE_CLEARING = """
import os, signal, sys
from pathlib import Path
from ppinui.demo.demo_room import open_demo

def end(number, frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(143)

signal.signal(signal.SIGTERM, end)
at = int(sys.argv[2])
seen = 0

def audit(event, arguments):
    # The signal comes at the n-th file that is taken away.
    global seen
    if event in ("os.remove", "os.rmdir", "shutil.rmtree"):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)

with open_demo(parent=Path(sys.argv[1])) as demo:
    for number in range(5):
        (demo.folder / f"file{number}").touch()
    sys.addaudithook(audit)
"""


@pytest.mark.parametrize("at", [1, 2, 7])
def test_a_signal_while_it_clears_up_leaves_nothing(at: int, tmp_path: Path, marked: MarkedProcesses) -> None:
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPT_THE_CLEARING, tmp_path, str(at)],
        stderr=subprocess.DEVNULL,
        env=os.environ | marked.environ,
        check=False,
        timeout=patient(20),
    )

    assert list(tmp_path.iterdir()) == [], process.returncode


FLOOD_WITH_SIGNALS = """
import os, signal, sys, threading
from pathlib import Path
from ppinui.cli.orderly_exit import ending_in_order
from ppinui.demo.demo_room import open_demo

def flood():
    started.set()
    for _ in range(500):
        os.kill(os.getpid(), signal.SIGTERM)

started = threading.Event()
with ending_in_order(), open_demo(parent=Path(sys.argv[1])):
    thread = threading.Thread(target=flood)
    thread.start()
    started.wait()
"""


@pytest.mark.parametrize("attempt", range(5))
def test_many_signals_at_its_very_end_leave_nothing(attempt: int, tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", FLOOD_WITH_SIGNALS, tmp_path],
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=patient(20),
    )

    assert list(tmp_path.iterdir()) == [], process.returncode
