"""A set-up on the screen of a terminal of 80 × 24: through trouble to its end, interrupted, and twice."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.end_to_end.empty_machine import PASSPHRASE, EmptyMachine, empty_machine
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import draw, files_with
from tests.rig.program import PPINUI, environment
from tests.rig.screen import Screen


@pytest.fixture
def machine(primus_cluster: Stand, tmp_path: Path) -> EmptyMachine:
    return empty_machine(primus_cluster, tmp_path / "home")


TELL_PID = 'echo $$ >"$0"; exec "$@"'


def opened(machine: EmptyMachine) -> Screen:
    """`ppinui` alone; `pid_of` tells its process."""
    command = ["sh", "-c", TELL_PID, machine.home / "pid", *PPINUI]
    return Screen(command, environ=environment(machine.environ), folder=machine.home, seconds=20)


def pid_of(machine: EmptyMachine) -> int:
    return int((machine.home / "pid").read_text())


def at_step(screen: Screen, number: int, title: str) -> None:
    screen.wait_until(f"Step {number} of 12: {title}")


def go_on(screen: Screen, number: int, title: str) -> None:
    """F8, to the step with this number."""
    screen.press("F8")
    at_step(screen, number, title)


def replace(screen: Screen, before: str, after: str) -> None:
    """Give the field with the focus another text."""
    if before:
        screen.wait_until(before)
        screen.press("C-a", "C-k")
        screen.wait_until(lambda text: before not in text)
    screen.write(after)
    screen.wait_until(after[-20:])


def add_row(screen: Screen, what: str, *cells: tuple[str, str, str]) -> None:
    """Add an HSM or a partition: how each field is explained, what stands there, and what is typed."""
    screen.wait_until("a Add")
    screen.press("a")
    screen.wait_until(f"Add {what}")
    for number, (explanation, before, after) in enumerate(cells):
        if number:
            screen.press("Down")
        screen.wait_until(explanation)
        replace(screen, before, after)
    screen.press("F2")
    screen.wait_until(lambda text: "Take it" not in text)


def give(screen: Screen, prompt: str, secret: str) -> None:
    """Type a secret, which is not seen."""
    screen.wait_until(lambda text: prompt in text and "••" not in text)
    screen.write(secret)
    assert secret not in screen.wait_until("•" * min(len(secret), 24))
    screen.press("Enter")
    screen.wait_until(lambda text: "••" not in text)


def agree(screen: Screen, what: str) -> None:
    """F2, and yes to what is asked then."""
    screen.wait_until(f"F2: {what}")
    screen.press("F2")
    screen.wait_until(f"Shall I {what}")
    screen.press("y")


def begin_from_the_palette(screen: Screen) -> None:
    """From the main screen to the first step."""
    screen.wait_until("Problems: ")
    screen.press("F9")
    screen.wait_until("Search")
    screen.write("Set up: Cloud")
    screen.wait_until("the vendor's CloudHSM service")
    screen.press("Enter")
    at_step(screen, 1, "What you need")


def to_the_partitions(screen: Screen, machine: EmptyMachine) -> None:
    """From the first start up to the step on partitions."""
    first, second = machine.stand.hsms.values()
    screen.wait_until("There is no primus.cfg yet")
    screen.wait_until("(ppinui demo)")
    screen.press("Enter")
    at_step(screen, 1, "What you need")
    screen.wait_until("F8 Next")
    go_on(screen, 2, "The vendor's provider")
    screen.wait_until("is installed")
    go_on(screen, 3, "Group, folders and files")
    screen.wait_until("/var/log/primus/primus.log ")
    screen.press("C-a", "C-k")
    screen.wait_until("this is needed")
    screen.write(f"{machine.home}/primus.log")
    screen.wait_until("home/primus.log")
    go_on(screen, 4, "CloudHSM cluster")
    screen.press("End")
    screen.wait_until("(•) other")
    go_on(screen, 5, "HSMs")
    for number, hsm in enumerate((first, second)):
        add_row(
            screen,
            "HSM",
            ("The name or IP address", "", hsm.host),
            ("2310 unless", "Port            2310", str(hsm.port)),
            ("the smallest is tried first", "Priority        0", str(number)),
        )
    go_on(screen, 6, "Partitions")


def test_the_first_start_leads_from_an_empty_machine_to_all_slots_fine(machine: EmptyMachine) -> None:
    stand = machine.stand
    second = list(stand.hsms.values())[1]
    partition = stand.partitions["PAYMENTS"]
    with opened(machine) as screen:
        to_the_partitions(screen, machine)
        replace(screen, "", PROXY_USER)
        screen.press("Enter")
        name, client, slot = ("The partition's name", "", "PAYMENTS"), ("Names the app", "", "shop"), "3"
        add_row(screen, "partition", name, client, ("by which the application finds it", "", slot))
        go_on(screen, 7, "primus.cfg")
        screen.wait_until("F2: save")
        screen.press("NPage")
        screen.wait_until("HSM0, the first to be tried")
        screen.press("NPage")
        screen.wait_until("HSM1, tried when those before it do not answer")
        screen.press("F8")
        screen.wait_until("Shall I save")
        assert not stand.config.exists()
        screen.press("y")
        screen.wait_until("has all of it")

        go_on(screen, 8, "Keyring")
        agree(screen, "make the vault")
        for typed in (PASSPHRASE, "an0ther", PASSPHRASE, PASSPHRASE):
            give(screen, "New passphrase", typed)
        screen.wait_until("works")

        go_on(screen, 9, "Proxy password")
        for typed, outcome in (("wrong-proxy-password", "(0x80005017)"), (PROXY_PASSWORD, "1 of 1 kept")):
            agree(screen, "add the password")
            give(screen, "Provide proxy password", typed)
            screen.wait_until(outcome)

        go_on(screen, 10, "Permanent secret")
        partition.setup_first_used = stand.clock.now()
        stand.clock.advance(partition.setup_validity + 1)
        expired = partition.setup_password
        for outcome in ("Setup password expired", "1 of 1 kept"):
            agree(screen, "fetch the permanent secret")
            give(screen, "Provide setup password", partition.setup_password)
            give(screen, "Provide PKCS11 password", partition.pin)
            screen.wait_until(outcome)
            if partition.setup_password == expired:
                partition.give_new_setup_password()

        go_on(screen, 11, "Test of every slot")
        second.go_away()
        agree(screen, "test every slot")
        screen.wait_until("1 of 2 slots are not fine")
        screen.wait_until(lambda text: bool(re.search(r"hsm0 .* fine ", text)))
        screen.wait_until(lambda text: bool(re.search(r"hsm1 .* ✗ connect", text)))
        screen.wait_until("F4 goes to 'HSMs'")
        screen.press("F4")
        at_step(screen, 5, "HSMs")
        screen.press("F3")
        screen.wait_until(lambda text: bool(re.search(r"11 ✗ Test of every slot +problem", text)))
        assert re.search(r"> 5 ✓ HSMs +done", screen.text)
        second.come_back()
        screen.press("End", "Up", "Enter")
        at_step(screen, 11, "Test of every slot")
        agree(screen, "test every slot")
        screen.wait_until("all 2 slots are fine")
        go_on(screen, 12, "What next")
        screen.wait_until("run -- pkcs11-tool --module")
        screen.press("F8")
        screen.wait_until(lambda text: "[saved]" in text and "hsm1 127.0.0.1" in text)
        screen.press("F10")
        assert screen.finish() == 0
    for secret in (PASSPHRASE, PROXY_PASSWORD, "wrong-proxy-password", expired, partition.pin):
        assert files_with(secret, machine.home, stand.config.parent) == ()
    assert list((machine.home / "state").rglob("setup/*.json")) == []


def test_on_a_finished_set_up_nothing_is_changed_and_it_says_so(machine: EmptyMachine) -> None:
    assert machine.set_up().code == 0
    before = machine.stand.config.read_bytes()
    with opened(machine) as screen:
        begin_from_the_palette(screen)
        for number, found in enumerate(
            ("", "is installed", "log file", "(•) other", "127.0.0.1", "SIGNING", "has all of it"), start=1
        ):
            at_step(screen, number, "")
            screen.wait_until(found)
            screen.press("F8")
            if number == 3:
                # what is left to root differs from machine to machine; going on without it is allowed
                text = screen.wait_until(lambda text: "Shall I" in text or "Step 4" in text)
                assert "Shall I" not in text
        give(screen, "Passphrase of the vault", PASSPHRASE)
        screen.wait_until("works")
        go_on(screen, 9, "Proxy password")
        screen.wait_until("1 of 1 kept")
        go_on(screen, 10, "Permanent secret")
        screen.wait_until("2 of 2 kept")
        go_on(screen, 11, "Test of every slot")
        agree(screen, "test every slot")
        screen.wait_until("all 4 slots are fine")
        go_on(screen, 12, "What next")
        screen.press("F8")
        screen.wait_until("[saved]")
        screen.press("F10")
        assert screen.finish() == 0
    assert machine.stand.config.read_bytes() == before
    assert not machine.stand.config.with_name("primus.cfg.bak").exists()


@pytest.mark.parametrize("leave", ["Escape", "F10", "SIGHUP", "SIGTERM", "SIGKILL"])
def test_it_goes_on_where_it_was_left(leave: str, machine: EmptyMachine) -> None:
    with opened(machine) as screen:
        to_the_partitions(screen, machine)
        replace(screen, "", PROXY_USER)
        screen.press("Enter")
        screen.wait_until("a Add")
        match leave:
            case "Escape":
                screen.press("Escape")
                screen.wait_until("Your answers are kept")
                screen.wait_until("(goes on)")
                screen.press("q")
                code = 0
            case "F10":
                screen.press("F10")
                screen.wait_until("Your answers are kept")
                code = 0
            case _:
                number = getattr(signal, leave)
                os.kill(pid_of(machine), number)
                code = 128 + number
        assert screen.finish() == code
    with opened(machine) as screen:
        screen.wait_until("(goes on)")
        screen.press("Enter")
        screen.wait_until("CloudHSM was left at 'Partitions'")
        screen.press("g")
        at_step(screen, 6, "Partitions")
        screen.wait_until(PROXY_USER)
        screen.press("F7")
        at_step(screen, 5, "HSMs")
        screen.wait_until("127.0.0.1")
        screen.press("F10")
        assert screen.finish() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_a_secret_that_was_being_typed_is_nowhere(number: signal.Signals, machine: EmptyMachine) -> None:
    canary = draw("c4n4ry")  # its dots have to fit into the field
    assert machine.set_up(with_secrets=False, with_vault=False).code != 0  # as far as the keyring
    with opened(machine) as screen:
        begin_from_the_palette(screen)
        screen.press("F3")
        screen.wait_until("Proxy password")
        screen.press(*["Down"] * 7, "Enter")
        at_step(screen, 8, "Keyring")
        agree(screen, "make the vault")
        screen.wait_until("New passphrase")
        screen.write(canary)
        assert canary not in screen.wait_until("•" * len(canary))
        os.kill(pid_of(machine), number)
        assert screen.finish() == 128 + number
    assert files_with(canary, machine.home, machine.stand.config.parent, machine.stand.home) == ()


def test_a_named_file_that_is_not_there_is_an_error_as_before(machine: EmptyMachine) -> None:
    with machine.terminal("-c", str(machine.home / "none.cfg")) as terminal:
        terminal.expect("-c names a file that is not there")
        assert terminal.finish().status == 2
