"""What signals do to a command that has something to clear away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ppinui.cli.orderly_exit import ending_in_order

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_command_with_its_own_exit_code(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught, ending_in_order():
        os.kill(os.getpid(), number)
    assert caught.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_what_follows_the_first_signal_does_not_stop_the_clearing_away() -> None:
    cleared = []

    @contextmanager
    def something_made() -> Iterator[None]:
        try:
            yield
        finally:
            for number in ENDING:
                os.kill(os.getpid(), number)
            cleared.append(True)

    with pytest.raises(KeyboardInterrupt), ending_in_order(), something_made():
        os.kill(os.getpid(), signal.SIGINT)
    assert cleared == [True]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    with ending_in_order():
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_two_signals_at_once_are_one_end_and_no_complaint() -> None:
    program = (
        "import os, signal\n"
        "from ppinui.cli.orderly_exit import ending_in_order\n"
        "both = (signal.SIGINT, signal.SIGTERM)\n"
        "with ending_in_order():\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, both)\n"
        "    for number in both:\n"
        "        os.kill(os.getpid(), number)\n"
        "    try:\n"
        "        signal.pthread_sigmask(signal.SIG_UNBLOCK, both)\n"
        "    except (KeyboardInterrupt, SystemExit) as end:\n"
        "        print(type(end).__name__)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.count("\n"), ran.stderr) == (0, 1, "")
