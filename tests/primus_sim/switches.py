"""Every switch of the stand-in's library and of its `ppin`: where the documents are silent, and misbehaviour.

They stand in PREFIX/etc/stand-in.cfg of an installed stand-in and are read at each C_Initialize and each run
of `ppin`: no environment has to be handed through, and a test may change them at any time. What an HSM does
is switched on the HSM itself: :class:`state.Codes`, :class:`state.LockRule`, :class:`hsm.Faults`, the fields
of :class:`state.Partition`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.primus_sim.libconfig import Group, dump


class Answers(StrEnum):
    """What the library's functions answer with when the vendor has a code of its own for it."""

    PKCS11 = "pkcs11"
    """PKCS#11's value; the vendor's code is in the log (documented as what mostly happens)."""
    VENDOR = "vendor"


class PinFlags(StrEnum):
    """Whether the token shows COUNT_LOW, FINAL_TRY and LOCKED."""

    SHOWN = "shown"
    HIDDEN = "hidden"


class Failover(StrEnum):
    """What happens to a slot's sessions when its HSM goes away."""

    SEAMLESS = "seamless"
    """They go on on the next HSM, logged in; only an operation in hand is lost."""
    REOPEN = "reopen"
    """They end with CKR_DEVICE_REMOVED; new ones go to the next HSM."""


class OnRejection(StrEnum):
    """Whether a secret that one HSM has refused is offered to the slot's next one."""

    NEXT = "next"
    STOP = "stop"


class AfterFailure(StrEnum):
    """Whether a slot that could not be connected is tried again at the next call (with the same secret)."""

    AGAIN = "again"
    REMEMBER = "remember"
    """It stays without a token until C_Finalize."""


class InitFails(StrEnum):
    """When C_Initialize fails because of connections, with connect_on_init."""

    NEVER = "never"
    IF_NONE = "none"
    """No slot could be connected."""
    IF_ANY = "any"


class SlotList(StrEnum):
    """Whether C_GetSlotList(tokenPresent = true) leaves out slots that cannot be connected."""

    PRESENT = "present"
    ALL = "all"
    """It does not look."""


class Action(StrEnum):
    CRASH = "crash"
    ABORT = "abort"
    EXIT = "exit"
    HANG = "hang"
    """Until a signal ends the process."""
    PRINT = "print"
    """The text, to stdout and to stderr; then the function goes on."""
    ANSWER = "answer"
    """The code, whatever it is."""


@dataclass(frozen=True)
class Misbehaviour:
    """What one function of the library does."""

    function: str
    action: Action
    at: str = ""
    """For slots of this user_name, HOST:PORT or PORT only. C_Initialize: if one is configured."""
    code: int = 0
    text: str = ""


@dataclass(frozen=True)
class LibrarySwitches:
    answers: Answers = Answers.PKCS11
    pin_flags: PinFlags = PinFlags.SHOWN
    failover: Failover = Failover.SEAMLESS
    on_rejection: OnRejection = OnRejection.NEXT
    after_failure: AfterFailure = AfterFailure.AGAIN
    init_fails: InitFails = InitFails.NEVER
    slot_list: SlotList = SlotList.PRESENT
    first_draw: int = -1
    """Which of several HSMs of equal priority the first connection goes to (0: the first); -1: at random."""
    missing_secret: int = 0x8000000C
    """The code in the log when the secrets file has no entry (0x80005004 when there is no file)."""
    root: str = ""
    """/etc/primus and /usr/local/primus/etc are searched below this, and the default log lies there."""
    misbehaviours: tuple[Misbehaviour, ...] = ()


class ExitStatus(StrEnum):
    TELLING = "telling"
    """1 when something failed."""
    ALWAYS_ZERO = "zero"


class Errors(StrEnum):
    """How errors look."""

    WORDS = "words"
    """0x80005017 and its meaning."""
    HEX = "hex"
    """rv: 0x80005017"""


class Stream(StrEnum):
    STDOUT = "stdout"
    STDERR = "stderr"


class EchoOff(StrEnum):
    """When the terminal's echo is switched off; what was typed before is discarded either way."""

    BEFORE_PROMPT = "before"
    AFTER_PROMPT = "after"


class Spacing(StrEnum):
    WIDE = "wide"
    """`slot-id 0:    user 'A'   permanent secret`"""
    NARROW = "narrow"
    """`slot-id 0: user 'A' permanent secret`, as in the vendor's CloudHSM page."""


class AddAgain(StrEnum):
    """What `-a` does when the secrets file has the user already."""

    REFUSE = "refuse"
    """0x80005002, before anything is asked."""
    REPLACE = "replace"


class NoFile(StrEnum):
    """What a missing .secrets.cfg means."""

    CREATE = "create"
    """`-l` lists everything as MISSING, `-a` and `-p` make the file."""
    REFUSE = "refuse"
    """0x80005004."""


class ProxyEntries(StrEnum):
    """Where proxies stand in .secrets.cfg."""

    USERS = "users"
    """Among the users, with `type = "proxy"`."""
    PROXIES = "proxies"
    """In a group of their own."""


class Blinded(StrEnum):
    """How blinded values are written."""

    STRINGS = "strings"
    ARRAYS = "arrays"


@dataclass(frozen=True)
class PpinSwitches:
    exit_status: ExitStatus = ExitStatus.TELLING
    errors: Errors = Errors.WORDS
    errors_to: Stream = Stream.STDOUT
    echo_off: EchoOff = EchoOff.AFTER_PROMPT
    echo_delay_ms: int = 0
    """Milliseconds between prompt and echo off, in either order."""
    spacing: Spacing = Spacing.WIDE
    add_again: AddAgain = AddAgain.REFUSE
    no_file: NoFile = NoFile.CREATE
    proxy_entries: ProxyEntries = ProxyEntries.USERS
    blinded: Blinded = Blinded.STRINGS
    hangs: bool = False
    """Never comes back from the HSM."""


@dataclass(frozen=True)
class Switches:
    library: LibrarySwitches = field(default_factory=LibrarySwitches)
    ppin: PpinSwitches = field(default_factory=PpinSwitches)

    def write(self, path: Path) -> None:
        """Put them where the library and `ppin` read them."""
        library: Group = asdict(self.library)
        library["missing_secret"] = f"0x{self.library.missing_secret:08X}"
        library["misbehaviours"] = [
            {**asdict(one), "code": f"0x{one.code:08X}"} for one in self.library.misbehaviours
        ]
        path.write_text(dump({"library": library, "ppin": asdict(self.ppin)}))


def read_ppin_switches(text: str) -> PpinSwitches:
    """The switches of `ppin` in a file that :meth:`Switches.write` wrote."""
    import libconf

    values = libconf.loads(text).get("ppin", {})
    defaults = PpinSwitches()
    known = {name: type(getattr(defaults, name))(value) for name, value in values.items()}
    return PpinSwitches(**known)
