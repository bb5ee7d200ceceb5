"""Which slots a test goes through: the configuration's slots, narrowed to what the user asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ppinui.config.document import encode, parse
from ppinui.config.paths import short_path
from ppinui.config.primus import Hsm, PrimusConfig, Slot, put, slot_configuration
from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret


@dataclass(frozen=True)
class Selection:
    """What the user asked to test; None means every one. All that are given have to hold."""

    user: str | None = None
    """A partition's name, exactly as in ``user_name``."""
    hsm: str | None = None
    """An HSM's group name (``hsm0``) or its host, exactly as written."""
    slot: str | None = None
    """A slot's group name (``slot0``)."""
    slot_id: int | None = None
    """A PKCS#11 slot id."""
    paths: frozenset[str] | None = None
    """Where slots stand in the configuration, or HSMs, for all slots of theirs."""

    def takes(self, hsm: Hsm, slot: Slot) -> bool:
        """Whether this slot of this HSM was asked for."""
        return (
            (self.user is None or slot.user_name == self.user)
            and (self.hsm is None or self.hsm in (hsm.name, hsm.host))
            and (self.slot is None or slot.name == self.slot)
            and (self.slot_id is None or slot.id == self.slot_id)
            and (self.paths is None or not self.paths.isdisjoint((slot.path, hsm.path)))
        )

    def words(self) -> str:
        """The selection as it was typed, or what the paths name, for messages."""
        options = {"--user": self.user, "--hsm": self.hsm, "--slot": self.slot, "--slotid": self.slot_id}
        words = [f"{option} {value}" for option, value in options.items() if value is not None]
        return " ".join([*words, *sorted(map(short_path, self.paths or ()))]) or "nothing"


@dataclass(frozen=True)
class SlotTest:
    """One slot on one HSM, to be tested."""

    index: int
    """Its place in the plan, counted from 0."""
    hsm: Hsm
    slot: Slot

    @property
    def host(self) -> str:
        """The HSM's or proxy's host as written; empty where it is missing."""
        return self.hsm.host or ""

    @property
    def port(self) -> str:
        """The port's digits; empty where it is missing."""
        return self.hsm.port or ""

    @property
    def user(self) -> str:
        """The partition; empty where it is missing."""
        return self.slot.user_name or ""


@dataclass(frozen=True)
class Plan:
    """The slots to test, in the order of the file, and what their private configurations are made of."""

    config: PrimusConfig
    tests: tuple[SlotTest, ...]

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The partitions to be tested, each once, in the order of the file."""
        return tuple(dict.fromkeys(test.user for test in self.tests))

    def configuration(self, test: SlotTest, log_file: str, proxy_password: Secret | None = None) -> bytes:
        """A primus.cfg that holds just this HSM and this slot; it may hold secrets.

        ``proxy_password`` is written into it, where the provider can have it in no other way.
        """
        text = slot_configuration(self.config, test.slot, log_file=log_file)
        if proxy_password is not None:
            clear = proxy_password.reveal_bytes().decode("utf-8", "surrogateescape")
            text = put(parse(text), f"{test.slot.path}.proxy_password", clear).text
        return encode(text)


def make_plan(config: PrimusConfig, selection: Selection | None = None) -> Plan:
    """The plan for the slots that the selection takes.

    Raises PpinuiError when there is no slot at all, or none that was asked for.
    """
    selection = selection or Selection()
    chosen = [(hsm, slot) for hsm in config.hsms for slot in hsm.slots]
    if not chosen:
        raise PpinuiError(
            "There is no slot to test",
            config.document.origin,
            "add an HSM and a slot: ppinui config add-hsm --host HOST, then ppinui config add-slot",
        )
    taken = [(hsm, slot) for hsm, slot in chosen if selection.takes(hsm, slot)]
    if not taken:
        known = ", ".join(
            f"{hsm.name}.{slot.name} (id {slot.id}, {slot.user_name})" for hsm, slot in chosen[:8]
        )
        more = f" and {len(chosen) - 8} more" if len(chosen) > 8 else ""
        raise PpinuiError(
            f"No slot is chosen by {selection.words()}",
            config.document.origin,
            f"choose among {known}{more}; ppinui config show lists all",
        )
    return Plan(config, tuple(SlotTest(index, hsm, slot) for index, (hsm, slot) in enumerate(taken)))
