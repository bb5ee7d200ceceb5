"""The odd module from the tests' side: its switches (see odd_module.c) and the faults it can have."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.rig.odd_journal import Attempt, Call, GivenFile, read_attempts, read_calls, read_given_files

EVERYWHERE = "*"
Place = int | str
"""Where a fault strikes: a slot id, a label, a HOST or HOST:PORT of the configuration, or `EVERYWHERE`."""


@dataclass(frozen=True)
class Fault:
    """One misbehaviour; `function` is a PKCS#11 name, "*" for all, "load" or "unload"."""

    function: str
    at: Place
    action: str
    arguments: tuple[str, ...] = ()

    def line(self) -> str:
        return _line("fault", self.function, str(self.at), self.action, *self.arguments)


def answers(function: str, value: int, at: Place = EVERYWHERE) -> Fault:
    """Returns this CK_RV instead of doing anything."""
    return Fault(function, at, "return", (f"0x{value:X}",))


def delays(milliseconds: int, function: str = "*", at: Place = EVERYWHERE) -> Fault:
    return Fault(function, at, "delay", (str(milliseconds),))


def crashes(function: str, at: Place = EVERYWHERE) -> Fault:
    """SIGSEGV, by a true fault of memory."""
    return Fault(function, at, "crash")


def aborts(function: str, at: Place = EVERYWHERE) -> Fault:
    return Fault(function, at, "abort")


def exits(function: str, status: int = 0, at: Place = EVERYWHERE) -> Fault:
    """The library ends its host process by exit()."""
    return Fault(function, at, "exit", (str(status),))


def hangs(function: str, at: Place = EVERYWHERE, *, hard: bool = False) -> Fault:
    """Never comes back; `hard`: with all signals blocked, so that only SIGKILL ends it."""
    return Fault(function, at, "hang-hard" if hard else "hang")


def prints(function: str = "*", text: str = "", at: Place = EVERYWHERE) -> Fault:
    """To stdout and stderr, by printf and by write(); then goes on."""
    return Fault(function, at, "print", (text,) if text else ())


def logs(function: str, text: str, *, inside: str = "HSM_Hello", at: Place = EVERYWHERE) -> Fault:
    """A line "INSIDE() - TEXT" in the provider's log when `function` is called; then goes on."""
    return Fault(function, at, "log", (inside, text))


def closes(function: str, descriptor: int = 1, at: Place = EVERYWHERE) -> Fault:
    return Fault(function, at, "close", (str(descriptor),))


def ignores_signals(function: str, at: Place = EVERYWHERE) -> Fault:
    """SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD and SIGALRM are ignored from then on."""
    return Fault(function, at, "signals")


@dataclass(frozen=True)
class Switches:
    """How an odd module is made up.

    slots: label of each slot id, None for a slot without a token. Not given, they are those of the file that
    SECUROSYS_PKCS11_CONF names (without which C_Initialize fails with CKR_GENERAL_ERROR).
    pins: by label, "*" for the others. tries: wrong PINs until locked. sessions: 0 is any number.
    """

    slots: Mapping[int, str | None] | None = None
    pins: Mapping[str, str] = field(default_factory=lambda: {"*": "1234"}, repr=False)
    tries: int = 3
    pin_flags_shown: bool = True
    sessions: int = 0
    manufacturer: str = "Odd Works"
    model: str = "Odd HSM"
    version: tuple[int, int] = (2, 2)
    firmware: tuple[int, int] = (2, 10)
    faults: tuple[Fault, ...] = ()

    def text(self, records: Path) -> str:
        """The control file."""
        return "".join(
            (
                *self._slot_lines(),
                *(_line("pin", label, pin) for label, pin in self.pins.items()),
                _line("tries", str(self.tries)),
                _line("pin-flags", "shown" if self.pin_flags_shown else "hidden"),
                _line("sessions", str(self.sessions)),
                _line("manufacturer", self.manufacturer),
                _line("model", self.model),
                _line("version", ".".join(map(str, self.version))),
                _line("firmware", ".".join(map(str, self.firmware))),
                _line("records", str(records)),
                *(fault.line() for fault in self.faults),
            )
        )

    def _slot_lines(self) -> Iterator[str]:
        if self.slots is None:
            return
        if not self.slots:
            yield _line("no-slots")
        for number, label in self.slots.items():
            yield _line("slot", str(number)) if label is None else _line("slot", str(number), label or " ")


PRIMUS = Switches(manufacturer="Securosys SA", model="Primus HSM")
"""Says that it is the vendor's library, and takes its slots from the configuration as that does."""


@dataclass(frozen=True)
class OddModule:
    """A copy of the library with switches of its own, and what it wrote down."""

    path: Path
    records: Path

    def behave(self, switches: Switches) -> None:
        """New switches; a process that has the module loaded gets them at its next C_Initialize."""
        control = Path(f"{self.path}.control")
        beside = control.with_suffix(".new")
        beside.write_text(switches.text(self.records))
        os.replace(beside, control)

    def set_wrong_pins(self, label: str, count: int) -> None:
        """As if so many wrong PINs had been offered since the last right one."""
        self._counter(label).write_text(f"{count}\n")

    def wrong_pins(self, label: str) -> int:
        """How many wrong PINs were offered since the last right one, by any process."""
        counter = self._counter(label)
        return int(counter.read_text() or "0") if counter.exists() else 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every function called so far, by whatever process."""
        return read_calls(self.records)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every PIN that was handed to C_Login."""
        return read_attempts(self.records)

    @property
    def configurations(self) -> tuple[GivenFile, ...]:
        """What SECUROSYS_PKCS11_CONF named at each C_Initialize."""
        return read_given_files(self.records, "SECUROSYS_PKCS11_CONF")

    @property
    def secrets_files(self) -> tuple[GivenFile, ...]:
        """What SECUROSYS_SECRETS_CONF named at each C_Initialize."""
        return read_given_files(self.records, "SECUROSYS_SECRETS_CONF")

    def _counter(self, label: str) -> Path:
        return self.records / f"wrong-pins-{_coded(label)}"


def make_odd_module(library: Path, folder: Path, switches: Switches) -> OddModule:
    """Copy the compiled `library` into the new `folder`, with these switches beside it."""
    records = folder / "records"
    records.mkdir(parents=True)
    module = OddModule(Path(shutil.copy(library, folder / "libodd.so")), records)
    module.behave(switches)
    return module


def _coded(word: str) -> str:
    """As odd_records.c writes a word: odd bytes, blanks, % and / as %XX."""
    return quote(word, safe="!\"#$&'()*+,:;<=>?@[\\]^`{|}~")


def _line(*words: str) -> str:
    return " ".join(map(_coded, words)) + "\n"
