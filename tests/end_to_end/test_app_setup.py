"""A set-up on the screen, in a terminal of 80 × 24: from an empty machine to all slots fine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.empty_machine import PASSPHRASE, EmptyMachine, empty_machine
from tests.end_to_end.program import PPINUI, environment
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.screen import Screen


@pytest.fixture
def machine(primus_cluster: Stand, tmp_path: Path) -> EmptyMachine:
    return empty_machine(primus_cluster, tmp_path / "home")


def opened(machine: EmptyMachine) -> Screen:
    return Screen(PPINUI, environ=environment(machine.environ), folder=machine.home, seconds=15)


def at_step(screen: Screen, number: int, title: str) -> None:
    screen.wait_until(f"Step {number} of 12: {title}")


def replace(screen: Screen, before: str, after: str) -> None:
    """Give the field with the focus another text. Keys that edit come later than letters: wait for them."""
    if before:
        screen.wait_until(before)
        screen.press("C-a", "C-k")
        screen.wait_until(lambda text: before not in text)
    screen.write(after)
    screen.wait_until(after)


def add_hsm(screen: Screen, host: str, port: int, priority: int) -> None:
    screen.press("a")
    screen.wait_until("Add HSM")
    replace(screen, "", host)
    screen.press("Down")
    replace(screen, "Port            2310", str(port))
    screen.press("Down")
    replace(screen, "Priority        0", str(priority))
    screen.press("F2")
    screen.wait_until(lambda text: "Take it" not in text)


def test_the_first_start_leads_from_an_empty_machine_to_all_slots_fine(machine: EmptyMachine) -> None:
    stand = machine.stand
    first, second = stand.hsms.values()
    partition = stand.partitions["PAYMENTS"]
    with opened(machine) as screen:
        screen.wait_until("There is no primus.cfg yet")
        screen.wait_until("(ppinui demo)")
        screen.press("Enter")
        at_step(screen, 1, "What you need")
        screen.wait_until("F8 Next")
        screen.press("F8")
        at_step(screen, 2, "")
        screen.wait_until("is installed")
        screen.press("F8")
        at_step(screen, 3, "Group")
        screen.wait_until("/var/log/primus/primus.log ")
        screen.press("C-a", "C-k")
        screen.wait_until("this is needed")
        screen.write(f"{machine.home}/primus.log")
        screen.wait_until("home/primus.log")
        screen.press("F8")
        at_step(screen, 4, "CloudHSM cluster")
        screen.press("End")
        screen.wait_until("(•) other")
        screen.press("F8")
        at_step(screen, 5, "HSMs")
        add_hsm(screen, first.host, first.port, 0)
        add_hsm(screen, second.host, second.port, 1)
        screen.press("F8")
        at_step(screen, 6, "Partitions")
        screen.write(PROXY_USER)
        screen.wait_until(PROXY_USER)
        screen.press("Enter")
        screen.wait_until("a Add")
        screen.press("a")
        screen.wait_until("Add partition")
        replace(screen, "", "PAYMENTS")
        screen.press("Down")
        replace(screen, "", "shop")
        screen.press("Down")
        replace(screen, "", "3")
        screen.press("F2")
        screen.wait_until(lambda text: "Take it" not in text)
        screen.press("F8")
        at_step(screen, 7, "primus.cfg")
        screen.wait_until("F2: save")
        screen.press("F8")
        screen.wait_until("Shall I save")
        assert not stand.config.exists()
        screen.press("y")
        screen.wait_until("has all of it")
        screen.press("F8")
        at_step(screen, 8, "Keyring")
        screen.wait_until("there is no vault yet")
        print(screen.text)
        screen.press("F8")
        screen.wait_until("Shall I make the vault")
        screen.press("y")
        for typed in (PASSPHRASE, "another", PASSPHRASE, PASSPHRASE):
            screen.wait_until(lambda text: "New passphrase" in text and "••" not in text)
            screen.write(typed)
            screen.wait_until("••")
            screen.press("Enter")
            screen.wait_until(lambda text: "••" not in text)
        screen.wait_until("vault" + " ")
        screen.wait_until("works")
        print(screen.text)
        screen.press("F8")
        at_step(screen, 9, "Proxy password")
        for typed, outcome in (("wrong-proxy-password", "(0x80005017)"), (PROXY_PASSWORD, "1 of 1 kept")):
            screen.wait_until("F2: add")
            screen.press("F2")
            screen.wait_until("Shall I add")
            screen.press("y")
            give(screen, "Provide proxy password", typed)
            screen.wait_until(outcome)
            print(screen.text)
        screen.press("F8")
        at_step(screen, 10, "Permanent")
        partition.setup_first_used = stand.clock.now()
        stand.clock.advance(partition.setup_validity + 1)
        expired = partition.setup_password
        for outcome in ("Setup password expired", "1 of 1 kept"):
            screen.wait_until("F2: fetch")
            screen.press("F2")
            screen.wait_until("Shall I fetch")
            screen.press("y")
            give(screen, "Provide setup password", partition.setup_password)
            give(screen, "Provide PKCS11 password", partition.pin)
            screen.wait_until(outcome)
            print(screen.text)
            if partition.setup_password == expired:
                partition.give_new_setup_password()
        screen.press("F8")
        at_step(screen, 11, "Test")
        second.go_away()
        screen.wait_until("F2: test")
        screen.press("F2")
        screen.wait_until("Shall I test")
        screen.press("y")
        screen.wait_until("1 of 2 slots are not fine")
        screen.wait_until("F4 goes to 'HSMs'")
        print(screen.text)
        screen.press("F4")
        at_step(screen, 5, "HSMs")
        screen.press("F3")
        screen.wait_until("12 ")
        print(screen.text)
        second.come_back()
        screen.press("End", "Up", "Enter")
        at_step(screen, 11, "Test")
        screen.wait_until("F2: test")
        screen.press("F2")
        screen.wait_until("Shall I test")
        screen.press("y")
        screen.wait_until("all 2 slots are fine")
        screen.press("F8")
        at_step(screen, 12, "What next")
        print(screen.text)
        screen.press("F8")
        screen.wait_until("Problems: ")
        print(screen.text)
        screen.press("F10")
        assert screen.finish() == 0
    assert 0


def give(screen: Screen, prompt: str, secret: str) -> None:
    """Type a secret, which is not seen."""
    screen.wait_until(prompt)
    screen.write(secret)
    assert secret not in screen.wait_until("•" * min(len(secret), 24))
    screen.press("Enter")
    screen.wait_until(lambda text: "••" not in text)
