"""A set-up on the screen, in a terminal of 80 × 24: from an empty machine to all slots fine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.empty_machine import EmptyMachine, empty_machine
from tests.end_to_end.program import PPINUI, environment
from tests.primus_sim.stand import PROXY_USER, Stand
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
        print(screen.text)
        screen.write(PROXY_USER)
        screen.press("Enter")
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
        print(screen.text)
        screen.press("F8")
        screen.wait_until("Shall I save")
        print(screen.text)
        assert not stand.config.exists()
        screen.press("y")
        screen.wait_until("has all of it")
        print(screen.text)
        assert 0
