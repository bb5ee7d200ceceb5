"""`ppin`'s prompts on a terminal: nothing that is typed there is shown."""

from __future__ import annotations

import os
import signal

import pexpect
import pytest

from tests.primus_sim.stand import Stand
from tests.primus_sim.switches import EchoOff
from tests.rig.patience import patient

SECONDS = patient(20)


def started(stand: Stand, *arguments: str) -> pexpect.spawn[str]:
    environ = {**os.environ, **stand.environ}
    return pexpect.spawn(str(stand.ppin), list(arguments), env=environ, encoding="utf-8", timeout=SECONDS)


@pytest.mark.parametrize("echo_off", list(EchoOff))
def test_passwords_are_asked_for_without_echo(primus_standalone: Stand, echo_off: EchoOff) -> None:
    stand = primus_standalone
    stand.switch_ppin(echo_off=echo_off, echo_delay_ms=20)
    partition = stand.partitions["ARCHIVE"]
    with started(stand, "-u", "-e", "ARCHIVE") as terminal:
        for prompt, password in (
            ("Provide setup password for 'ARCHIVE': ", partition.setup_password),
            ("Provide PKCS11 password for 'ARCHIVE': ", partition.pin),
        ):
            terminal.expect_exact(prompt)
            assert terminal.waitnoecho(SECONDS)
            terminal.sendline(password)
            terminal.expect_exact("\n")
            assert password not in terminal.before
        terminal.expect(pexpect.EOF)
        assert "permanent secret: Configured" in terminal.before
        assert partition.setup_password not in terminal.before
    assert stand.wrong_attempts == []


def test_what_is_typed_before_echo_is_off_is_lost(primus_standalone: Stand) -> None:
    stand = primus_standalone
    stand.switch_ppin(echo_off=EchoOff.AFTER_PROMPT, echo_delay_ms=1000)
    with started(stand, "-u", "-e", "ARCHIVE") as terminal:
        terminal.expect_exact("Provide setup password for 'ARCHIVE': ")
        terminal.sendline("too early")
        assert terminal.waitnoecho(SECONDS)
        terminal.sendline("in time")
        terminal.expect_exact("Provide PKCS11 password for 'ARCHIVE': ")
        assert terminal.waitnoecho(SECONDS)
        terminal.sendline("some pin")
        terminal.expect_exact("0x80005017")
    assert [attempt.secret for attempt in stand.attempts] == ["in time"]


def test_an_interruption_gives_the_echo_back(primus_standalone: Stand) -> None:
    before = primus_standalone.secrets.read_bytes()
    with started(primus_standalone, "-u", "-e", "ARCHIVE") as terminal:
        terminal.expect_exact("Provide setup password")
        assert terminal.waitnoecho(SECONDS)
        terminal.kill(signal.SIGINT)
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 130
    assert primus_standalone.secrets.read_bytes() == before
    assert primus_standalone.attempts == []


def test_it_can_be_made_to_never_come_back(primus_standalone: Stand) -> None:
    primus_standalone.switch_ppin(hangs=True)
    hsm = primus_standalone.hsms["hsm0"]
    with started(primus_standalone, "-t") as terminal:
        terminal.expect_exact("Load config file")
        hsm.wait_until(lambda: hsm.connections() == 1)
        assert terminal.isalive()
        terminal.terminate(force=True)
