"""The walkthrough on a terminal of 80 × 24: from an empty machine to all slots fine, trouble included."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path

import pytest

from ppinui.diagnostic import Severity
from ppinui.doctor.file_findings import look_at_group
from ppinui.services.context import Context
from tests.end_to_end.empty_machine import PASSPHRASE, EmptyMachine, empty_machine
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import draw, files_with
from tests.rig.program import PPINUI, environment
from tests.rig.terminal import Terminal


@pytest.fixture
def machine(primus_cluster: Stand, tmp_path: Path) -> EmptyMachine:
    return empty_machine(primus_cluster, tmp_path / "home")


def go_on(terminal: Terminal) -> None:
    """Enter, where a step was only to be read or leaves something to others."""
    terminal.answer("Enter goes on", "")


def to_the_cluster(terminal: Terminal, machine: EmptyMachine) -> None:
    """Past the steps before the first answer that matters."""
    terminal.expect("Step 1 of 12: What you need")
    go_on(terminal)
    terminal.expect("the provider is installed")
    go_on(terminal)
    terminal.answer("The provider's log file", f"{machine.home}/primus.log")
    if look_at_group(Context(), config_readable=True).severity is not Severity.OK:
        terminal.expect("As root:")
        go_on(terminal)
    terminal.expect("CloudHSM cluster ---")


def with_the_answers_of_the_file(terminal: Terminal) -> None:
    """Past the steps before the keyring, on a machine whose primus.cfg is there."""
    terminal.expect("Step 1 of 12")
    go_on(terminal)
    go_on(terminal)
    terminal.answer("The provider's log file", "")
    if look_at_group(Context(), config_readable=True).severity is not Severity.OK:
        go_on(terminal)
    terminal.answer("Cluster [other]: ", "")
    terminal.answer("a adds one more", "")
    terminal.answer(f"Service user [{PROXY_USER}]: ", "")
    terminal.answer("a adds one more", "")
    terminal.expect("has all of it")
    go_on(terminal)


def give_hsm(terminal: Terminal, host: str, port: int, priority: str) -> None:
    terminal.answer("Host: ", host)
    terminal.answer("Port [2310]: ", str(port))
    terminal.answer("Priority [0]: ", priority)


def test_from_an_empty_machine_to_all_slots_fine(machine: EmptyMachine) -> None:
    stand = machine.stand
    first, second = stand.hsms.values()
    partition = stand.partitions["PAYMENTS"]
    with machine.terminal("setup", "cloudhsm") as terminal:
        to_the_cluster(terminal, machine)
        terminal.answer("Cluster: ", "?")
        terminal.expect("The name of the service, such as ECO01")
        terminal.answer("Cluster: ", "ECO99")
        terminal.expect("choose one of ECO01/ECO02")
        terminal.answer("Cluster: ", "other")
        terminal.expect("Step 5 of 12: HSMs")
        give_hsm(terminal, first.host, first.port, "")
        terminal.answer("a adds one more", "a")
        give_hsm(terminal, second.host, second.port, "1")
        terminal.answer("a adds one more", "")
        terminal.answer("Service user: ", "<")
        terminal.expect("Step 5 of 12: HSMs")
        terminal.answer("a adds one more", "")
        terminal.answer("Service user: ", PROXY_USER)
        terminal.answer("Name: ", "PAYMENTS")
        terminal.answer("Client id", "shop")
        terminal.answer("Slot id", "3")
        terminal.answer("a adds one more", "")

        terminal.expect("/*--- HSM1, tried when those before it do not answer */")
        assert not stand.config.exists()
        terminal.expect("Shall I save")
        terminal.answer("[y/n]: ", "")
        terminal.answer("[y/n]: ", "y")
        terminal.expect("has all of it")
        terminal.answer("Keyring [vault]: ", "")
        terminal.expect("Shall I make the vault")
        terminal.answer("[y/n]: ", "y")
        terminal.answer_secret("New passphrase of the vault: ", PASSPHRASE)
        terminal.answer_secret("The same again: ", "another")
        terminal.expect("the two differ")
        terminal.answer_secret("New passphrase of the vault: ", PASSPHRASE)
        terminal.answer_secret("The same again: ", PASSPHRASE)

        terminal.answer(f"Shall I add the password of '{PROXY_USER}'? [y/n]: ", "y")
        terminal.answer_secret("Provide proxy password for", "wrong-proxy-password")
        terminal.expect("(0x80005017)")
        terminal.answer("r tries again", "r")
        terminal.answer_secret("Provide proxy password for", PROXY_PASSWORD)

        partition.setup_first_used = stand.clock.now()
        stand.clock.advance(partition.setup_validity + 1)
        expired = partition.setup_password
        terminal.answer("Keep the PIN in the keyring too? [y/N]: ", "")
        terminal.answer("Shall I fetch the permanent secret of 'PAYMENTS'? [y/n]: ", "y")
        terminal.answer_secret("Provide setup password for 'PAYMENTS': ", expired)
        terminal.answer_secret("Provide PKCS11 password for 'PAYMENTS': ", partition.pin)
        terminal.expect("Setup password expired")
        terminal.expect("1 week after its first use")
        partition.give_new_setup_password()
        terminal.answer("r tries again", "r")
        terminal.answer_secret("Provide setup password for 'PAYMENTS': ", partition.setup_password)
        terminal.answer_secret("Provide PKCS11 password for 'PAYMENTS': ", partition.pin)
        terminal.expect("permanent secrets: 1 of 1 kept")

        second.go_away()
        terminal.answer("Log in with the PIN too? [y/N]: ", "")
        terminal.answer("Shall I test every slot? [Y/n]: ", "")
        terminal.expect("1 of 2 slots are not fine")
        terminal.expect("hsm1.slot0: connect failed: CONNECTION_REFUSED")
        terminal.expect("b goes back to 'HSMs'")
        second.come_back()
        terminal.press("r\n")
        terminal.expect("all 2 slots are fine")
        terminal.expect("Step 12 of 12: What next")
        terminal.expect("run -- pkcs11-tool --module")
        go_on(terminal)
        ended = terminal.finish()
    assert ended.status == 0
    for secret in (PASSPHRASE, PROXY_PASSWORD, "wrong-proxy-password", expired, partition.pin):
        assert secret not in ended.shown
        assert files_with(secret, machine.home, stand.config.parent) == ()
    assert list((machine.home / "state").rglob("*.json")) == []
    assert [attempt.secret for attempt in stand.wrong_attempts] == ["wrong-proxy-password"]


def test_a_second_time_nothing_is_changed_and_it_says_so(machine: EmptyMachine) -> None:
    assert machine.set_up().code == 0
    before = machine.stand.config.read_bytes()
    with machine.terminal("setup", "cloudhsm") as terminal:
        with_the_answers_of_the_file(terminal)
        terminal.answer("Keyring [vault]: ", "")
        terminal.answer_secret("Passphrase of the vault", PASSPHRASE)
        terminal.expect("passwords: 1 of 1 kept")
        go_on(terminal)
        terminal.answer("Keep the PIN in the keyring too? [y/N]: ", "")
        terminal.expect("permanent secrets: 2 of 2 kept")
        terminal.answer("Log in with the PIN too? [y/N]: ", "")
        terminal.answer("[Y/n]: ", "")
        terminal.expect("all 4 slots are fine")
        go_on(terminal)
        ended = terminal.finish()
    assert ended.status == 0
    assert "[y/n]" not in ended.shown
    assert machine.stand.config.read_bytes() == before
    assert not machine.stand.config.with_name("primus.cfg.bak").exists()


def test_without_a_terminal_and_answers_it_is_wrong_use(machine: EmptyMachine) -> None:
    ended = machine.run("setup", "cloudhsm")

    assert (ended.code, ended.out) == (2, "")
    assert "there is no terminal to ask questions on" in ended.error[0]
    assert "--answers FILE" in ended.error[2]


def test_the_kinds_are_listed_and_can_be_chosen(machine: EmptyMachine) -> None:
    listed = machine.run("setup", "--list")
    assert [line.split()[0] for line in listed.out.splitlines()] == [
        "cloudhsm",
        "on-premises",
        "developer-program",
        "existing",
        "kms",
    ]
    assert "did you mean on-premises?" in machine.run("setup", "onpremises", "--forget").err
    with machine.terminal("setup") as terminal:
        terminal.answer("What do you want to set up?: ", "2")
        terminal.expect("HSMs on premises: one or several")
        terminal.answer("Enter goes on", "quit")
        assert terminal.finish().status == 0


@pytest.mark.parametrize("leave", ["quit", "Ctrl+D", "Ctrl+C", "SIGKILL", "SIGHUP"])
def test_it_goes_on_where_it_was_left(leave: str, machine: EmptyMachine) -> None:
    with machine.terminal("setup", "cloudhsm") as terminal:
        to_the_cluster(terminal, machine)
        terminal.answer("Cluster: ", "ECODE01")
        terminal.answer("a adds one more", "")
        terminal.answer("Service user: ", PROXY_USER)
        terminal.expect("Name: ")
        match leave:
            case "quit":
                terminal.press("quit\n")
            case "Ctrl+D":
                terminal.press("\x04")
            case "Ctrl+C":
                terminal.interrupt()
            case _:
                os.kill(terminal.pid, getattr(signal, leave))
        ended = terminal.finish()
    assert ended.status == {"quit": 0, "Ctrl+D": 0, "Ctrl+C": 130, "SIGKILL": None, "SIGHUP": 129}[leave]
    if leave in ("quit", "Ctrl+D", "Ctrl+C"):
        assert "Go on with: " in ended.shown
    assert "cloudhsm" in machine.run("setup", "--list").out
    assert "(interrupted)" in machine.run("setup", "--list").out.splitlines()[0]
    with machine.terminal("setup", "cloudhsm") as terminal:
        terminal.expect("Going on where it was interrupted")
        terminal.expect("Step 6 of 12: Partitions")
        terminal.answer(f"Service user [{PROXY_USER}]: ", "")
        terminal.answer("Name: ", "<")
        terminal.expect("1  de01-api.cloudshsm.com, port 2310, priority 0")
        terminal.answer("a adds one more", "quit")
        terminal.finish()
    assert "forgot where it was interrupted" in machine.run("setup", "cloudhsm", "--forget").err
    assert "(interrupted)" not in machine.run("setup", "--list").out


@pytest.mark.parametrize("leave", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_secret_that_was_being_typed_is_nowhere(leave: signal.Signals, machine: EmptyMachine) -> None:
    assert machine.set_up(with_secrets=False).code == 3  # as far as the proxy's password
    canary = draw("c4n4ry-0f-4-pr0xy")
    with machine.terminal("setup", "cloudhsm", "--keyring", "vault") as terminal:
        with_the_answers_of_the_file(terminal)
        terminal.answer_secret("Passphrase of the vault", PASSPHRASE)
        go_on(terminal)
        terminal.expect("Shall I add the password")
        terminal.answer("[y/n]: ", "y")
        terminal.expect("Provide proxy password")
        terminal.press(canary)
        os.kill(terminal.pid, leave)
        ended = terminal.finish()
    assert canary not in ended.shown
    with machine.terminal("setup", "cloudhsm", "--keyring", "vault") as terminal:
        terminal.expect("Going on where it was interrupted, at 'Proxy password'")
        terminal.answer_secret("Passphrase of the vault", PASSPHRASE)
        terminal.answer("[y/n]: ", "y")
        terminal.answer_secret("Provide proxy password", canary)
        terminal.expect("r tries again")
        os.kill(terminal.pid, leave)
        terminal.finish()
    assert files_with(canary, machine.home, machine.stand.config.parent, machine.stand.home) == ()


@pytest.mark.parametrize("leave", ["<", "quit", "Ctrl+D"])
def test_keys_that_leave_are_offered_to_nobody_as_a_secret(leave: str, machine: EmptyMachine) -> None:
    assert machine.set_up(with_secrets=False).code == 3  # as far as the proxy's password
    with machine.terminal("setup", "cloudhsm", "--keyring", "vault") as terminal:
        with_the_answers_of_the_file(terminal)
        terminal.answer_secret("Passphrase of the vault", "mistyped")
        terminal.answer_secret("This does not open it. Passphrase of the vault", PASSPHRASE)
        go_on(terminal)
        terminal.answer("Shall I add the password", "y")
        terminal.answer_secret("Provide proxy password", "?")
        terminal.expect("goes back a step")
        terminal.answer_secret("Provide proxy password", "")
        terminal.expect("nothing was entered")
        terminal.answer_secret("Provide proxy password", "\x04" if leave == "Ctrl+D" else leave)
        if leave == "<":
            terminal.expect("Step 8 of 12: Keyring")
            terminal.answer("Enter goes on", "quit")
        terminal.expect("Go on with: ")
        assert terminal.finish().status == 0
    assert machine.stand.attempts == []


def test_rows_that_were_given_are_not_lost_by_leaving_in_the_next_one(machine: EmptyMachine) -> None:
    with machine.terminal("setup", "cloudhsm") as terminal:
        to_the_cluster(terminal, machine)
        terminal.answer("Cluster: ", "other")
        give_hsm(terminal, "one.example.com", 2310, "")
        terminal.answer("a adds one more", "a")
        terminal.answer("Host: ", "two.example.com")
        terminal.answer("Port [2310]: ", "<")
        terminal.expect("the list of HSMs stays as it was")
        terminal.answer("a adds one more", "a")
        give_hsm(terminal, "ONE.example.com", 2310, "")
        terminal.expect("two HSMs have the address")
        terminal.answer("a adds one more", "d2")
        terminal.answer("a adds one more", "a")
        terminal.answer("Host: ", "quit")
        terminal.finish()
    with machine.terminal("setup", "cloudhsm") as terminal:
        terminal.expect("1  one.example.com, port 2310, priority 0")
        terminal.answer("a adds one more", "quit")
        terminal.finish()


def test_where_answers_cannot_be_kept_one_can_go_on_all_the_same(machine: EmptyMachine) -> None:
    (machine.home / "state").write_text("a file where a folder should be")
    with machine.terminal("setup", "cloudhsm") as terminal:
        to_the_cluster(terminal, machine)
        terminal.answer("Cluster: ", "ECO99")
        terminal.expect("choose one of")
        terminal.answer("Cluster: ", "ECODE01")
        terminal.expect("de01-api.cloudshsm.com")
        terminal.answer("a adds one more", "quit")
        ended = terminal.finish()
    assert ended.status == 0
    assert ended.shown.count("the answers cannot be kept for later") == 1
    assert "Go on with" not in ended.shown


def test_where_nobody_sees_the_questions_none_is_asked(machine: EmptyMachine) -> None:
    errors = machine.home / "errors"
    command = shlex.join([*PPINUI, "setup", "cloudhsm"]) + f" 2> {shlex.quote(str(errors))}"
    with Terminal(["sh", "-c", command], environ=environment(machine.environ)) as terminal:
        assert terminal.finish().status == 2
    assert "there is no terminal to ask questions on" in errors.read_text()


def test_a_test_that_is_interrupted_is_not_the_end_of_it(machine: EmptyMachine) -> None:
    assert machine.set_up().code == 0
    machine.stand.hsms["hsm2"].faults.silent = True
    with machine.terminal("setup", "cloudhsm") as terminal:
        with_the_answers_of_the_file(terminal)
        terminal.answer("Keyring [vault]: ", "")
        terminal.answer_secret("Passphrase of the vault", PASSPHRASE)
        go_on(terminal)
        terminal.answer("Keep the PIN", "")
        terminal.answer("Log in with the PIN too? [y/N]: ", "")
        terminal.answer("Shall I test every slot? [Y/n]: ", "")
        terminal.expect("hsm1.slot")
        terminal.interrupt()
        terminal.expect("the test was interrupted")
        terminal.answer("[Y/n]: ", "n")
        terminal.expect("Enter goes on")
        terminal.interrupt()
        ended = terminal.finish()
    assert ended.status == 130
    assert "Go on with: " in ended.shown
