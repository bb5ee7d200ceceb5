"""What a cluster of stand-in HSMs knows: partitions, proxies, wrong secrets and who offered what."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

DAY = 24 * 60 * 60.0
"""Seconds."""


class Kind(StrEnum):
    """The kinds of secrets that an HSM is offered."""

    PROXY = "proxy"
    PERMANENT = "permanent"
    SETUP = "setup"
    PIN = "pin"


class RefusedError(Exception):
    """The HSM says no, with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code


@dataclass
class Codes:
    """What the HSM answers. Where the documents name no code for a case, tests may set another one."""

    user_unknown: int = 0x8000000D
    wrong_pin: int = 0x8000000B
    wrong_setup: int = 0x80005017
    wrong_permanent: int = 0x80005017
    """Not documented: 0x80005017 speaks of the setup password, 0x8000000B of the PIN."""
    wrong_proxy: int = 0x80005017
    """Not documented."""
    no_proxy_here: int = 0x8000000D
    """A proxy user where there is no proxy. Not documented."""
    proxy_needed: int = 0x8000000C
    """No proxy user where there is a proxy. Not documented."""
    not_logged_in: int = 0x8000000C
    setup_expired: int = 0x80000037
    locked: int = 0x000000A4
    """Not documented: CKR_PIN_LOCKED; 0x80000069 would be as good."""
    too_many_connections: int = 0x80000018
    partition_disabled: int = 0x80000069
    session_objects_off: int = 0x8000005F
    log_fetching_off: int = 0x80000069
    """Not documented."""
    nonsense: int = 0x80000001


@dataclass
class LockRule:
    """When wrong secrets lock a partition: setup passwords, permanent secrets and PINs count together."""

    threshold: int = 100
    within: float = 300.0
    """Seconds in which that many have to come."""
    lasts: float = 300.0
    """Seconds that the lock lasts."""
    blocks_connections: bool = False
    """Whether a locked partition refuses a right permanent secret too. Not documented."""
    each_hsm_counts_alone: bool = False
    """Whether the HSMs of a cluster count on their own. Not documented."""
    success_resets: bool = True
    """Whether a right PIN or setup password clears the count. Not documented."""


class Clock:
    """The HSMs' time, which a test can put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


@dataclass(frozen=True)
class Attempt:
    """A secret that reached an HSM."""

    kind: Kind
    user: str
    """Name of the partition, or of the proxy's service user."""
    secret: str = field(repr=False)
    right: bool
    hsm: str
    at: float


@dataclass
class Proxy:
    """A service user of the proxy in front of the HSMs."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class LogLine:
    """One line of a partition's log."""

    at: float
    hsm: str
    level: str
    process: str
    text: str

    @property
    def date(self) -> str:
        """As YYYY-MM-DD, in UTC."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d}"

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.at, UTC)
        date = f"{moment:%Y %b} {moment.day:2} {moment:%H:%M:%S} UTC"
        return f"{date} {self.hsm} {self.level} {self.process} Process: {self.text}"


def new_setup_password() -> str:
    """Five groups of five, as the HSM makes them (29 characters)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(5))


@dataclass
class Partition:
    """A partition; a test changes its fields as an HSM's security officer would."""

    name: str
    pin: str = field(repr=False)
    setup_password: str = field(default_factory=new_setup_password, repr=False)
    permanent_secret: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)
    setup_validity: float = 3 * DAY
    """Seconds, counted from the setup password's first use."""
    setup_first_used: float | None = None
    enabled: bool = True
    max_connections: int | None = None
    """To each HSM."""
    session_objects: bool = True
    client_log: bool = True
    label: str | None = None
    """The token's label, where it is not the partition's name."""
    log: list[LogLine] = field(default_factory=list, repr=False)
    wrong: list[tuple[float, str]] = field(default_factory=list, repr=False)
    """When, and on which HSM, a wrong secret came."""
    locked_until: dict[str, float] = field(default_factory=dict, repr=False)
    """By HSM, or by "" where they count together."""

    def give_new_setup_password(self, *, and_permanent_secret: bool = True) -> None:
        """ROLES → USER → NEW SETUP PW. Whether the old permanent secret lives on is not documented."""
        self.setup_password = new_setup_password()
        self.setup_first_used = None
        if and_permanent_secret:
            self.permanent_secret = secrets.token_hex(24)


@dataclass
class Cluster:
    """What the HSMs of a cluster share. A stand-alone HSM is a cluster of one."""

    partitions: dict[str, Partition]
    proxies: dict[str, Proxy] = field(default_factory=dict)
    codes: Codes = field(default_factory=Codes)
    lock_rule: LockRule = field(default_factory=LockRule)
    clock: Clock = field(default_factory=Clock)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def wrong_attempts(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if not attempt.right]

    def attempts_with(self, secret: str) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.secret == secret]

    def pass_proxy(self, user: str, password: str, hsm: str) -> None:
        """Check a service user's password; RefusedError if it is wrong or there is no such user."""
        if not self.proxies:
            raise RefusedError(self.codes.no_proxy_here)
        proxy = self.proxies.get(user)
        right = proxy is not None and _same(proxy.password, password)
        self._record(Kind.PROXY, user, password, right, hsm)
        if not right:
            raise RefusedError(self.codes.wrong_proxy)

    def check(self, kind: Kind, partition: Partition, offered: str, hsm: str) -> None:
        """Check a secret of a partition, count it, and lock when there were too many wrong ones."""
        known, refusal = {
            Kind.PERMANENT: (partition.permanent_secret, self.codes.wrong_permanent),
            Kind.SETUP: (partition.setup_password, self.codes.wrong_setup),
            Kind.PIN: (partition.pin, self.codes.wrong_pin),
        }[kind]
        right = _same(known, offered)
        self._record(kind, partition.name, offered, right, hsm)
        if self.is_locked(partition, hsm) and (
            kind is not Kind.PERMANENT or self.lock_rule.blocks_connections
        ):
            raise RefusedError(self.codes.locked)
        if not right:
            self._count_wrong(partition, hsm)
            raise RefusedError(refusal)
        if kind is Kind.SETUP:
            self._use_setup_password(partition)
        if self.lock_rule.success_resets and kind is not Kind.PERMANENT:
            partition.wrong = [entry for entry in partition.wrong if not self._counts_for(entry, hsm)]

    def is_locked(self, partition: Partition, hsm: str) -> bool:
        return partition.locked_until.get(self._counter(hsm), 0.0) > self.clock.now()

    def wrong_count(self, partition: Partition, hsm: str) -> int:
        """Wrong secrets that count at this moment, as this HSM sees it."""
        since = self.clock.now() - self.lock_rule.within
        return sum(1 for entry in partition.wrong if entry[0] > since and self._counts_for(entry, hsm))

    def pin_flags(self, partition: Partition, hsm: str) -> Iterator[str]:
        """What PKCS#11's token flags may show of it: "low", "final", "locked"."""
        count = self.wrong_count(partition, hsm)
        if self.is_locked(partition, hsm):
            yield "locked"
        elif count:
            yield "low"
            if count == self.lock_rule.threshold - 1:
                yield "final"

    def _count_wrong(self, partition: Partition, hsm: str) -> None:
        now = self.clock.now()
        partition.wrong.append((now, hsm))
        if self.wrong_count(partition, hsm) >= self.lock_rule.threshold:
            partition.locked_until[self._counter(hsm)] = now + self.lock_rule.lasts
            partition.wrong = [entry for entry in partition.wrong if not self._counts_for(entry, hsm)]

    def _use_setup_password(self, partition: Partition) -> None:
        now = self.clock.now()
        if partition.setup_first_used is None:
            partition.setup_first_used = now
        elif now - partition.setup_first_used > partition.setup_validity:
            raise RefusedError(self.codes.setup_expired)

    def _counter(self, hsm: str) -> str:
        return hsm if self.lock_rule.each_hsm_counts_alone else ""

    def _counts_for(self, entry: tuple[float, str], hsm: str) -> bool:
        return not self.lock_rule.each_hsm_counts_alone or entry[1] == hsm

    def _record(self, kind: Kind, user: str, secret: str, right: bool, hsm: str) -> None:
        self.attempts.append(Attempt(kind, user, secret, right, hsm, self.clock.now()))


def _same(known: str, offered: str) -> bool:
    return hmac.compare_digest(known.encode(), offered.encode())
