"""What the stand-in's `ppin` says and asks: banner, status list, prompts without echo, errors."""

from __future__ import annotations

import os
import sys
import termios
import time
from collections.abc import Callable, Iterable

from tests.primus_sim.ppin_config import Config, Hsm, Slot
from tests.primus_sim.secretsfile import SecretsFile
from tests.primus_sim.switches import EchoOff, Errors, PpinSwitches, Spacing, Stream

BANNER = "********************\nPrimus Permanent PIN\n********************"

MEANINGS = {
    0x000000A4: "CKR_PIN_LOCKED",
    0x80000001: "Unexpected data type",
    0x8000000B: "Login failed, wrong PKCS#11 PIN",
    0x8000000C: "User not logged in",
    0x8000000D: "User not found",
    0x80000018: "Max Connections exceeded",
    0x8000003B: "Connect Timeout",
    0x80000069: "Access to partition disabled by HSM configuration",
    0x80005001: "No HSM/User configured",
    0x80005002: "HSM/User configuration already exists",
    0x80005003: "Primus configuration file not found",
    0x80005004: "Primus secrets file not found",
    0x80005005: "Invalid Primus configuration file",
    0x80005006: "Invalid Primus secrets file",
    0x80005007: "No write access to Primus secrets file",
    0x80005008: "Failed to add permanent secret to secrets file",
    0x80005009: "Invalid secrets file configuration element",
    0x80005010: "Failed to update Primus secrets file",
    0x80005011: "Failed to remove permanent secret from Primus secrets file",
    0x80005012: "User not found in Primus configuration file",
    0x80005015: "Connection to HSM failed (network level, IP not reachable)",
    0x80005017: "Login to HSM failed with provided credentials (Setup Password)",
    0x80005018: "Setup password expired",
    0x80005019: "Access to partition disabled by HSM configuration",
}


class Terminal:
    """Where the words go."""

    def __init__(self, switches: PpinSwitches) -> None:
        self._switches = switches
        self._asked = False

    def say(self, text: str = "") -> None:
        print(text, flush=True)

    def banner(self) -> None:
        """The banner; after prompts, an empty line parts it from them."""
        self.say(f"\n{BANNER}" if self._asked else BANNER)

    def complain(self, code: int, doing: str) -> None:
        """An error. How it looks is not documented, but that the code is in it is."""
        words = f"{doing}: 0x{code:08X} {MEANINGS.get(code, 'unknown error')}"
        text = words if self._switches.errors is Errors.WORDS else f"rv: 0x{code:08x}"
        print(text, file=sys.stdout if self._switches.errors_to is Stream.STDOUT else sys.stderr, flush=True)

    def ask_setup_password(self, user: str) -> str:
        return self._ask(f"Provide setup password for '{user}': ")

    def ask_pin(self, user: str) -> str:
        return self._ask(f"Provide PKCS11 password for '{user}': ")

    def ask_proxy_password(self, user: str) -> str:
        return self._ask(f"Provide proxy password for '{user}' : ")

    def status(self, config: Config, secrets: SecretsFile, only: str | None = None) -> None:
        """The list, of every user on every HSM, or of one user or proxy alone."""
        self._rows(
            [(hsm, slot) for hsm in config.hsms for slot in hsm.slots if only in (None, slot.user_name)],
            lambda slot: (
                f"slot-id {slot.id}:    user '{slot.user_name}'   permanent secret: "
                + _state(slot.user_name in secrets.users)
            ),
        )
        self._rows(
            [
                (hsm, slot)
                for hsm in config.hsms
                for slot in _one_each(hsm.slots)
                if only in (None, slot.proxy_user)
            ],
            lambda slot: (
                f"service/proxy user '{slot.proxy_user}'  permanent secret: "
                + _state(slot.proxy_password is not None or slot.proxy_user in secrets.proxies)
            ),
        )

    def _rows(self, rows: Iterable[tuple[Hsm, Slot]], row: Callable[[Slot], str]) -> None:
        for number, (_, slot) in enumerate(rows, start=1):
            text = row(slot)
            if self._switches.spacing is Spacing.NARROW:
                text = " ".join(text.split())
            self.say(f"[{number:02}] {text}")

    def _ask(self, prompt: str) -> str:
        self._asked = True
        try:
            terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            print(prompt, end="", flush=True)
            answer = sys.stdin.readline().removesuffix("\n")
            self.say()
            return answer
        try:
            return self._ask_on(terminal, prompt)
        finally:
            os.close(terminal)

    def _ask_on(self, terminal: int, prompt: str) -> str:
        before = termios.tcgetattr(terminal)
        silent = [*before]
        silent[3] &= ~termios.ECHO

        def write_prompt() -> None:
            os.write(terminal, prompt.encode())

        def echo_off() -> None:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)

        early = self._switches.echo_off is EchoOff.BEFORE_PROMPT
        first, second = (echo_off, write_prompt) if early else (write_prompt, echo_off)
        try:
            first()
            time.sleep(self._switches.echo_delay_ms / 1000)
            second()
            with open(terminal, "rb", closefd=False, buffering=0) as typed:
                answer = typed.readline()
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
            os.write(terminal, b"\n")
        return answer.decode().rstrip("\r\n")


def _state(there: bool) -> str:
    return "Configured" if there else "MISSING"


def _one_each(slots: Iterable[Slot]) -> Iterable[Slot]:
    """One slot for each proxy user."""
    return {slot.proxy_user: slot for slot in reversed(tuple(slots)) if slot.proxy_user is not None}.values()
