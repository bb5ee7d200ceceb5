"""Which slots a test goes through, whatever configuration they come from; those of a primus.cfg are here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ppinui.config.paths import set_or_insert, short_path
from ppinui.config.primus_config import Hsm, PrimusConfig, Slot
from ppinui.config.single_slot import slot_configuration
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import encode, parse
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import SecretKind


@dataclass(frozen=True)
class SlotSelection:
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
    """One slot of one HSM, to be tested."""

    index: int
    """Its place in the plan, counted from 0."""
    hsm: str
    """What the configuration calls the HSM (``hsm0``)."""
    slot: str
    """What the configuration calls the slot (``slot0``)."""
    id: int | None
    """The PKCS#11 slot id; None where it is missing."""
    user: str
    """Whose PIN opens the slot: the partition, empty where it is missing."""
    path: str
    """Where the configuration has the slot."""
    host: str = ""
    """The HSM's or proxy's host as written; empty where it is missing."""
    port: str = ""
    """The port's digits; empty where it is missing."""
    proxy: str | None = None
    """The service user of the proxy in between."""
    in_clear: frozenset[SecretKind] = frozenset()
    """The secrets that the configuration holds in clear text."""


Configure = Callable[[SlotTest, str, Secret | None], bytes]
"""Makes the private configuration for a slot, of the name of its log and the password of its proxy, if the
provider can have that in no other way. What it makes may hold secrets."""


@dataclass(frozen=True)
class Plan:
    """The slots to test, in the order of the configuration."""

    origin: str
    """The configuration's file."""
    tests: tuple[SlotTest, ...]
    configure: Configure | None = None
    """How a slot gets a primus.cfg of its own. None: the module is configured in its own way, ppinui knows of
    no network on the way to it, and a slot is named by its id alone, not by its token's label."""

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The partitions to be tested, each once, in the order of the file."""
        return tuple(dict.fromkeys(test.user for test in self.tests))

    def only(self, users: Collection[str]) -> Plan:
        """The part of the plan that is about these partitions."""
        tests = [test for test in self.tests if test.user in users]
        return replace(self, tests=tuple(replace(test, index=index) for index, test in enumerate(tests)))


def make_plan(config: PrimusConfig, selection: SlotSelection | None = None) -> Plan:
    """The plan for the slots that the selection takes.

    Raises PpinuiError when there is no slot at all, or none that was asked for.
    """
    selection = selection or SlotSelection()
    chosen = [(hsm, slot) for hsm in config.hsms for slot in hsm.slots]
    if not chosen:
        raise PpinuiError(
            "there is no slot to test",
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
            f"no slot is chosen by {selection.words()}",
            config.document.origin,
            f"choose among {known}{more}; ppinui config show lists all",
        )
    return plan_of_slots(config, taken)


def plan_of_slots(config: PrimusConfig, slots: Iterable[tuple[Hsm, Slot]]) -> Plan:
    """The plan for these slots of a primus.cfg, each with its HSM."""
    chosen = tuple(slots)

    def configure(test: SlotTest, log_file: str, proxy_password: Secret | None) -> bytes:
        slot = slot_at[test.path]
        text = slot_configuration(config, slot, log_file=log_file)
        if proxy_password is not None:
            clear = proxy_password.reveal_bytes().decode("utf-8", "surrogateescape")
            text = set_or_insert(parse(text), f"{slot.path}.proxy_password", clear).text
        return encode(text)

    slot_at = {slot.path: slot for _, slot in chosen}
    tests = tuple(slot_test(index, hsm, slot) for index, (hsm, slot) in enumerate(chosen))
    return Plan(config.document.origin, tests, configure)


def slot_test(index: int, hsm: Hsm, slot: Slot) -> SlotTest:
    """The test of one slot of a primus.cfg."""
    in_clear = {SecretKind.PERMANENT: hsm.has_clear_pin, SecretKind.PROXY: slot.has_clear_proxy_password}
    return SlotTest(
        index,
        hsm.name,
        slot.name,
        slot.id,
        slot.user_name or "",
        slot.path,
        host=hsm.host or "",
        port=hsm.port or "",
        proxy=slot.proxy_user,
        in_clear=frozenset(kind for kind, is_there in in_clear.items() if is_there),
    )
