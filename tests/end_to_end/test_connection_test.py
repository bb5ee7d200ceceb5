"""``ppinui --test``: selections, PINs, outputs and exit codes, on real tokens and real listeners."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rig.listeners import Listener, accepting, refusing, silent
from tests.rig.processes import MarkedProcesses
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.softhsm import USER_PIN, SoftHsm, find_softhsm
from tests.rig.terminal import Terminal

Keep = Callable[[Listener], Listener]


def write_config(file: Path, *hsms: tuple[Listener, tuple[str, ...]]) -> Path:
    """A primus.cfg with these HSMs and partitions; slot ids count from 0."""
    number = 0
    groups = []
    for index, (listener, users) in enumerate(hsms):
        slots = []
        for place, user in enumerate(users):
            slots.append(f'slot{place}: {{ user_name = "{user}"; id = {number}; }};')
            number += 1
        address = f'host = "{listener.host}"; port = "{listener.port}";'
        groups.append(f"hsm{index}: {{ {address} slots: {{ {' '.join(slots)} }}; }};")
    file.write_text(f"primus: {{ hsms: {{ {' '.join(groups)} }}; }};\n")
    return file


@pytest.fixture
def config(tmp_path: Path, softhsm: SoftHsm, listening: Keep) -> Path:
    """Two HSMs that are up, with two of the shared tokens each."""
    a, b, c, d = softhsm.labels
    return write_config(
        tmp_path / "primus.cfg", (listening(accepting()), (a, b)), (listening(accepting()), (c, d))
    )


@pytest.fixture
def environ(softhsm: SoftHsm) -> dict[str, str]:
    return {**softhsm.environ, "PPINUI_MODULE": str(softhsm.module)}


def test_all_slots_are_tested_and_the_text_is_ppin_s(config: Path, environ: dict[str, str]) -> None:
    ran = ppinui("-c", config, "--test", environ=environ)

    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"Load config file: '{config}'"
    assert [line for line in lines if line.startswith("    slot")] == [
        "    slot0 (id=0), user=PARTITION-A: OK",
        "    slot1 (id=1), user=PARTITION-B: OK",
        "    slot0 (id=2), user=PARTITION-C: OK",
        "    slot1 (id=3), user=PARTITION-D: OK",
    ]
    assert lines[-2:] == ["Number of tested HSMs: 2 (number of partitions: 4)", "Number of failures: 0"]


@pytest.mark.parametrize(
    ("selection", "users"),
    [
        (["--user", "PARTITION-B"], ["PARTITION-B"]),
        (["--hsm", "hsm1"], ["PARTITION-C", "PARTITION-D"]),
        (["--slot", "slot0"], ["PARTITION-A", "PARTITION-C"]),
        (["--slotid", "3"], ["PARTITION-D"]),
        (["--hsm", "hsm0", "--slot", "slot1"], ["PARTITION-B"]),
        (["--hsm", "127.0.0.1"], ["PARTITION-A", "PARTITION-B", "PARTITION-C", "PARTITION-D"]),
    ],
)
def test_a_selection_tests_just_these(
    selection: list[str], users: list[str], config: Path, environ: dict[str, str]
) -> None:
    ran = ppinui("-c", config, "test", *selection, "--format", "json", environ=environ)

    assert [slot["user"] for slot in json.loads(ran.out)["results"]] == users


def test_a_selection_that_nothing_matches_is_wrong_use(config: Path, environ: dict[str, str]) -> None:
    ran = ppinui("-c", config, "--test", "--user", "NOBODY", environ=environ)

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.error) == 3
    assert "hsm0.slot0" in ran.error[2]


def test_json_is_one_object_with_all_that_was_found(config: Path, environ: dict[str, str]) -> None:
    ran = ppinui(
        "-c", config, "--test", "--hsm", "hsm0", "--slot", "slot0", "--format", "json", environ=environ
    )

    found = json.loads(ran.out)
    assert (found["config"], found["module"]) == (str(config), str(find_softhsm()))
    assert (found["tested_hsms"], found["partitions"], found["failures"]) == (1, 1, 0)
    (slot,) = found["results"]
    assert (slot["hsm"], slot["slot"], slot["id"], slot["user"]) == ("hsm0", "slot0", 0, "PARTITION-A")
    assert (slot["outcome"], slot["proxy"]) == ("ok", None)
    assert [stage["name"] for stage in slot["stages"]] == [
        "resolve",
        "connect",
        "load",
        "slot",
        "token",
        "session",
    ]
    for stage in slot["stages"]:
        assert stage["outcome"] == "ok"
        assert stage["error"] is None
        assert stage["milliseconds"] >= 0


def test_an_hsm_that_is_down_fails_with_1_and_the_reason(
    tmp_path: Path, softhsm: SoftHsm, environ: dict[str, str], listening: Keep
) -> None:
    file = write_config(
        tmp_path / "primus.cfg",
        (listening(accepting()), ("PARTITION-A",)),
        (listening(refusing()), ("PARTITION-B",)),
    )
    ran = ppinui("-c", file, "--test", environ=environ)

    assert ran.code == 1
    assert "user=PARTITION-A: OK\n" in ran.out
    assert "user=PARTITION-B: OK\n" not in ran.out
    assert ran.out.endswith("Number of failures: 1\n")
    assert "hsm1.slot0: connect failed: " in ran.err
    assert "    fix: " in ran.err


def test_without_a_module_the_network_is_tested_and_the_places_are_named(config: Path) -> None:
    ran = ppinui("-c", config, "--test", "--module", "/nowhere/lib.so", "--format", "json")

    assert ran.code == 1
    for slot in json.loads(ran.out)["results"]:
        assert [(stage["name"], stage["outcome"]) for stage in slot["stages"]] == [
            ("resolve", "ok"),
            ("connect", "ok"),
            ("load", "failed"),
        ]
    assert "/nowhere/lib.so" in ran.err


def test_logging_in_asks_for_each_partition_s_pin_once_without_echo(
    config: Path, environ: dict[str, str], marked: MarkedProcesses
) -> None:
    command = [*PPINUI, "-c", config, "--test", "--login", "--hsm", "hsm0"]
    with Terminal(command, environ=environment(environ | marked.environ)) as terminal:
        for user in ("PARTITION-A", "PARTITION-B"):
            terminal.answer_secret(f"Provide PKCS11 password for '{user}': ", USER_PIN)
        ended = terminal.finish()

    assert ended.status == 0
    assert "user=PARTITION-B: OK" in ended.shown
    assert USER_PIN not in ended.shown


def test_without_a_terminal_pins_are_lines_of_standard_input(config: Path, environ: dict[str, str]) -> None:
    ran = ppinui(
        "-c", config, "--test", "--crypto", "--format", "json", environ=environ, stdin=f"{USER_PIN}\n" * 4
    )

    assert ran.code == 0
    assert [slot["stages"][-1]["name"] for slot in json.loads(ran.out)["results"]] == ["crypto"] * 4


def test_too_few_pins_are_a_missing_secret_and_nothing_is_tested(
    config: Path, environ: dict[str, str]
) -> None:
    ran = ppinui("-c", config, "--test", "--login", environ=environ, stdin=f"{USER_PIN}\n")

    assert (ran.code, ran.out) == (3, "")
    assert ran.error[0] == "ppinui: the PIN of 'PARTITION-B' is needed, and nothing was entered"


def test_a_wrong_pin_fails_with_its_code_and_remedy(config: Path, environ: dict[str, str]) -> None:
    ran = ppinui(
        "-c", config, "--test", "--login", "--user", "PARTITION-A", environ=environ, stdin="wrong-pin\n"
    )

    assert ran.code == 1
    assert "user=PARTITION-A: CKR_PIN_INCORRECT\n" in ran.out
    assert "hsm0.slot0: login failed: CKR_PIN_INCORRECT (0x000000A0)" in ran.err
    assert "wrong-pin" not in ran.out + ran.err


def test_progress_is_shown_on_a_terminal_and_taken_away(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    with Terminal(
        [*PPINUI, "-c", config, "--test"], environ=environment(environ), stdout=tmp_path / "out"
    ) as terminal:
        ended = terminal.finish()

    assert " of 4 slots tested" in ended.shown
    last = ended.shown.rpartition("slots tested")[2]
    assert "\r\x1b[K" in last
    assert (tmp_path / "out").read_text().endswith("Number of failures: 0\n")


def test_there_is_no_progress_in_a_pipe(config: Path, environ: dict[str, str]) -> None:
    assert "slots tested" not in ppinui("-c", config, "--test", environ=environ).err


def test_ctrl_c_shows_what_is_known_and_leaves_no_process(
    tmp_path: Path, environ: dict[str, str], listening: Keep, marked: MarkedProcesses
) -> None:
    file = write_config(
        tmp_path / "primus.cfg",
        (listening(accepting()), ("PARTITION-A",)),
        (listening(silent()), ("PARTITION-B",)),
    )
    with Terminal(
        [*PPINUI, "-c", file, "--test", "--timeout", "60"], environ=environment(environ | marked.environ)
    ) as terminal:
        terminal.expect("1 of 2 slots tested")
        terminal.interrupt()
        ended = terminal.finish()

    assert ended.status == 130
    assert "user=PARTITION-A: OK" in ended.shown
    assert "ppinui: interrupted" in ended.shown


def test_ctrl_c_at_a_prompt_ends_it_with_the_echo_on_again(config: Path, environ: dict[str, str]) -> None:
    command = ["bash", "-c", '"$@"; echo "code $?"; stty -a', "-", *PPINUI, "-c", config, "--test", "--login"]
    with Terminal(command, environ=environment(environ)) as terminal:
        terminal.expect("Provide PKCS11 password for 'PARTITION-A': ")
        terminal.interrupt()
        ended = terminal.finish()

    assert "ppinui: interrupted" in ended.shown
    assert " echo " in ended.shown


def test_a_secrets_file_that_is_not_there_is_an_error(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    ran = ppinui("-c", config, "-s", tmp_path / "none", "--test", environ=environ)

    assert (ran.code, ran.out) == (2, "")
    assert ran.error[1] == f"  where: {tmp_path / 'none'}"
