"""The odd module does what its switches say, as other programs see it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.rig.odd_module import (
    PRIMUS,
    Fault,
    OddModule,
    Switches,
    answers,
    closes,
    crashes,
    delays,
    exits,
    hangs,
    ignores_signals,
    logs,
    prints,
)

Odd = Callable[[Switches], OddModule]
Answer = subprocess.CompletedProcess[str]

CONFIGURATION = """\
primus: {{
  hsms: {{
    hsm0: {{ host = "127.0.0.1"; port = "2310"; slots: {{
      slot0: {{ user_name = "ONE"; id = 3; }};
      slot1: {{ user_name = "TWO"; id = 7; }}; }}; }};
    hsm1: {{ host = "hsm1.example"; port = "2311"; slots: {{ slot0: {{ user_name = "ONE"; id = 3; }}; }}; }};
  }};
  log: {{ file = "{log}"; trace_level = 4; trace_mask = {mask}; }};
}};
"""


def pkcs11_tool(
    module: OddModule, *arguments: str, environ: Mapping[str, str] | None = None, seconds: float = 20
) -> Answer:
    return subprocess.run(
        ["pkcs11-tool", "--module", str(module.path), *arguments],
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def login(module: OddModule, slot: int, pin: str) -> Answer:
    return pkcs11_tool(module, "--slot", str(slot), "--login", "--pin", pin, "--list-objects")


def test_pkcs11_tool_lists_its_slots(odd: Odd) -> None:
    listing = pkcs11_tool(odd(Switches(slots={0: "PARTITION A", 5: None, 4000000: "Ünï/=%"})), "-L").stdout
    assert listing.count("token label") == 2
    assert re.search(r"Slot \d+ \(0x0\): PARTITION A\n +token label +: PARTITION A\n", listing)
    assert re.search(r"Slot \d+ \(0x5\): empty\n +\(empty\)\n", listing)
    assert re.search(r"Slot \d+ \(0x3d0900\): Ünï/=%\n", listing)


def test_python_pkcs11_logs_in_and_draws_random_bytes(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, pins={"P": "two words"}))
    program = (
        "import pkcs11, sys\n"
        "lib = pkcs11.lib(sys.argv[1])\n"
        "token = lib.get_slots()[0].get_token()\n"
        "with token.open(user_pin='two words') as session:\n"
        "    print(token.label, len(session.generate_random(256)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(module.path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "P 32\n"


def test_a_pin_locks_after_three_wrong_ones_and_every_attempt_is_written_down(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}))
    for _ in range(3):
        login(module, 5, "wrong")
    assert "CKR_PIN_LOCKED" in login(module, 5, "1234").stderr

    assert module.wrong_pins("P") == 3
    assert [(a.label, a.slot, a.pin, a.answer) for a in module.attempts] == [
        ("P", 5, "wrong", 0xA0),
        ("P", 5, "wrong", 0xA0),
        ("P", 5, "wrong", 0xA0),
        ("P", 5, "1234", 0xA4),
    ]
    assert len({a.pid for a in module.attempts}) == 4


@pytest.mark.parametrize(
    ("wrong", "flag"), [(1, "user PIN count low"), (2, "final user PIN try"), (3, "user PIN locked")]
)
def test_token_flags_tell_of_wrong_pins_unless_they_are_hidden(odd: Odd, wrong: int, flag: str) -> None:
    switches = Switches(slots={5: "P"})
    module = odd(switches)
    assert flag not in pkcs11_tool(module, "-L").stdout
    module.set_wrong_pins("P", wrong)
    assert flag in pkcs11_tool(module, "-L").stdout
    module.behave(Switches(slots={5: "P"}, pin_flags_shown=False))
    assert flag not in pkcs11_tool(module, "-L").stdout


def test_a_right_pin_resets_the_counter(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P/Q"}))
    module.set_wrong_pins("P/Q", 2)
    assert login(module, 5, "1234").returncode == 0
    assert module.wrong_pins("P/Q") == 0


def test_slots_come_from_the_configuration_which_is_kept_with_its_log(odd: Odd, tmp_path: Path) -> None:
    module = odd(PRIMUS)
    log = tmp_path / "private.log"
    path = tmp_path / "primus.cfg"
    path.write_text(CONFIGURATION.format(log=log, mask=0))
    environ = {"SECUROSYS_PKCS11_CONF": str(path)}
    module.behave(
        Switches(
            manufacturer="Securosys SA",
            faults=(
                logs("C_GetTokenInfo", "rv: 0x8000004e", at="hsm1.example"),
                answers("C_GetTokenInfo", 0xE0, at="hsm1.example:2311"),
            ),
        )
    )
    listing = pkcs11_tool(module, "-L", environ=environ).stdout
    assert "token label        : TWO" in listing
    assert "token label        : ONE" not in listing

    assert [(given.path, given.text) for given in module.configurations] == [(str(path), path.read_text())]
    hello, token_info = log.read_text().splitlines()[:2]
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} - pkcs11-tool\[(\d+):\1\] - 3"
    assert re.fullmatch(stamp + r" - HSM_Hello\(\) - rv: 0x8000004e", hello)
    assert re.fullmatch(stamp + r" - C_GetTokenInfo\(\) - rv: 0xe0", token_info)


def test_an_input_trace_shows_the_pin_as_such_libraries_do(odd: Odd, tmp_path: Path) -> None:
    module = odd(PRIMUS)
    for mask, shown in ((0, False), (1, True)):
        log = tmp_path / f"{mask}.log"
        path = tmp_path / "primus.cfg"
        path.write_text(CONFIGURATION.format(log=log, mask=mask))
        arguments = ["--slot", "3", "--login", "--pin", "canary-pin", "--list-objects"]
        pkcs11_tool(module, *arguments, environ={"SECUROSYS_PKCS11_CONF": str(path)})
        assert ("canary-pin" in log.read_text()) is shown
    assert module.attempts[0].places == ("127.0.0.1", "127.0.0.1:2310", "hsm1.example", "hsm1.example:2311")


def test_one_session_is_all_that_a_single_session_token_takes(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, sessions=1))
    program = (
        "import pkcs11, sys\n"
        "token = pkcs11.lib(sys.argv[1]).get_slots()[0].get_token()\n"
        "first = token.open()\n"
        "try: token.open()\n"
        "except pkcs11.SessionCount: print('full')\n"
    )
    command = [sys.executable, "-c", program, str(module.path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "full\n"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (crashes("C_GetTokenInfo", 5), -signal.SIGSEGV),
        (crashes("load"), -signal.SIGSEGV),
        (crashes("C_Initialize", "P"), -signal.SIGSEGV),
        (crashes("unload"), -signal.SIGSEGV),
        (exits("C_GetTokenInfo", 17), 17),
    ],
    ids=str,
)
def test_it_takes_its_process_along(odd: Odd, fault: Fault, status: int) -> None:
    assert pkcs11_tool(odd(Switches(slots={5: "P"}, faults=(fault,))), "-L").returncode == status


def test_a_fault_spares_the_other_slots(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P", 6: "Q"}, faults=(crashes("C_Login", 5),)))
    assert login(module, 6, "1234").returncode == 0
    assert login(module, 5, "1234").returncode == -signal.SIGSEGV
    assert [a.answer for a in module.attempts] == [0, None]


@pytest.mark.parametrize(("hard", "ends_by"), [(False, signal.SIGTERM), (True, signal.SIGKILL)])
def test_a_hanging_call_never_comes_back(odd: Odd, hard: bool, ends_by: signal.Signals) -> None:
    module = odd(Switches(slots={5: "P"}, faults=(hangs("C_GetTokenInfo", hard=hard),)))
    with subprocess.Popen(
        ["pkcs11-tool", "--module", str(module.path), "-L"], stdout=subprocess.DEVNULL
    ) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        child.terminate()
        if hard:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.3)
            child.kill()
        assert child.wait(10) == -ends_by
    assert (module.calls[-1].function, module.calls[-1].answer) == ("C_GetTokenInfo", None)


def test_it_prints_past_its_caller(odd: Odd) -> None:
    done = pkcs11_tool(odd(Switches(slots={5: "P"}, faults=(prints("C_GetInfo", "noise"),))), "-I")
    assert done.stdout.count("noise (") == 2
    assert done.stderr.count("noise (") == 2


def test_it_closes_standard_output(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, faults=(closes("C_Initialize", 1),)))
    assert pkcs11_tool(module, "-L").stdout == ""
    assert module.calls[-1].function == "C_Finalize"


def test_it_is_slow_at_every_answer(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, faults=(delays(20),)))
    pkcs11_tool(module, "-L")
    assert all(call.ended is not None and call.ended - call.began >= 0.02 for call in module.calls)


def test_it_makes_its_process_deaf_to_signals(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, faults=(ignores_signals("load"), delays(60_000, "C_GetInfo"))))
    with subprocess.Popen(["pkcs11-tool", "--module", str(module.path), "-I"]) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        child.terminate()
        child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        child.kill()
    assert module.calls[-1].function == "C_GetInfo"


def test_a_vendor_code_is_handed_through(odd: Odd) -> None:
    module = odd(Switches(slots={5: "P"}, faults=(answers("C_GetTokenInfo", 0x80005015),)))
    pkcs11_tool(module, "-L")
    assert 0x80005015 in {call.answer for call in module.calls if call.function == "C_GetTokenInfo"}


def test_a_module_may_have_no_slots_at_all(odd: Odd) -> None:
    assert pkcs11_tool(odd(Switches(slots={})), "-L").stdout == "Available slots:\n"


@pytest.mark.parametrize("label", ["", "-", "100%", "tab\there", "\x1b[31mred"])
def test_labels_may_be_odd(odd: Odd, label: str) -> None:
    module = odd(Switches(slots={5: label}))
    assert f"token label        : {label}\n" in pkcs11_tool(module, "-L").stdout
