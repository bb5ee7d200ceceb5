"""What the stand-in's `ppin` does with HSMs: validate, fetch, test, read the log."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tests.primus_sim.ppin_config import Config, Hsm, Slot
from tests.primus_sim.secretsfile import SecretsFile
from tests.primus_sim.wire import CONNECTION_FAILED, Client, HsmError

T = TypeVar("T")

NOT_LOGGED_IN = 0x8000000C
BAD_SECRETS_ELEMENT = 0x80005009


@dataclass(frozen=True)
class TestChoice:
    """Which slots `-t` tests; None: all."""

    user: str | None
    hsm: str | None
    """Name of the group, or the host as it is written."""
    slot: str | None
    slot_id: int | None

    def takes(self, hsm: Hsm, slot: Slot) -> bool:
        return (
            self.user in (None, slot.user_name)
            and self.hsm in (None, hsm.name, hsm.host)
            and self.slot in (None, slot.name)
            and self.slot_id in (None, slot.id)
        )


class Hsms:
    """The HSMs of a primus.cfg, with the secrets to get in."""

    def __init__(self, config: Config, secrets: SecretsFile, *, hangs: bool) -> None:
        self._config = config
        self._secrets = secrets
        self._hangs = hangs

    def validate_proxy(self, user: str, password: str) -> None:
        """Offer a proxy password to the first endpoint that can be reached."""
        self._on_first(
            self._config.proxies(user), lambda client, _: client.ask("PROXY", user=user, password=password)
        )

    def fetch(self, user: str, setup: str, pin: str, proxy_password: str | None = None) -> str:
        """The partition's permanent secret, for its setup password and PIN."""

        def work(client: Client, slot: Slot) -> str:
            self._pass_proxy(client, slot, proxy_password)
            answer = client.ask("FETCH", user=user, client=slot.client_id, setup=setup, pin=pin)
            return answer["permanent"]

        return self._on_first(self._config.copies(user), work)

    def log(self, user: str, wanted: str, since: str) -> list[str]:
        """The partition's log lines since that date (YYYY-MM-DD, or empty), from one HSM."""

        def work(client: Client, slot: Slot) -> list[str]:
            self._log_in(client, slot)
            count = int(client.ask("LOG", since=since)["lines"])
            return [client.read().values["text"] for _ in range(count)]

        copies = self._config.copies(user)
        return self._on_first(((hsm, slot) for hsm, slot in copies if wanted in (hsm.name, hsm.host)), work)

    def test(self, choice: TestChoice) -> Iterator[str]:
        """The lines of a test, as documented; the last one has the number of failures."""
        tested = partitions = failures = 0
        for hsm in self._config.hsms:
            slots = [slot for slot in hsm.slots if choice.takes(hsm, slot)]
            if not slots:
                continue
            firmware = self._greet(hsm, slots[0])
            found = (
                f"firmware: {firmware} " if isinstance(firmware, str) else f"failed: 0x{firmware.code:08x}"
            )
            yield f"{hsm.name}: Connect to '{hsm.host}' on port {hsm.port}, {found}"
            for slot in slots:
                fine = isinstance(firmware, str) and self._can_log_in(hsm, slot)
                failures += not fine
                yield f"    {slot.name} (id={slot.id}), user={slot.user_name}: " + (
                    "OK" if fine else "CKR_TOKEN_NOT_PRESENT"
                )
            yield ""
            tested += 1
            partitions += len(slots)
        yield f"Number of tested HSMs: {tested} (number of partitions: {partitions})"
        yield f"Number of failures: {failures}"

    def _greet(self, hsm: Hsm, slot: Slot) -> str | HsmError:
        try:
            with self._connect(hsm) as client:
                self._pass_proxy(client, slot, None)
                return client.ask("HELLO", program="ppin", version="2.2.4")["firmware"]
        except HsmError as error:
            return error

    def _can_log_in(self, hsm: Hsm, slot: Slot) -> bool:
        try:
            with self._connect(hsm) as client:
                self._log_in(client, slot)
        except HsmError:
            return False
        return True

    def _log_in(self, client: Client, slot: Slot) -> None:
        self._pass_proxy(client, slot, None)
        secret = self._secrets.user_secret(slot.user_name)
        if secret is None:
            raise HsmError(NOT_LOGGED_IN)
        client.ask("LOGIN", user=slot.user_name, client=slot.client_id, permanent=secret)

    def _pass_proxy(self, client: Client, slot: Slot, given: str | None) -> None:
        """Documented: a proxy's password has to be there before anything goes through it."""
        if slot.proxy_user is None:
            return
        password = given or slot.proxy_password or self._secrets.proxy_password(slot.proxy_user)
        if password is None:
            raise HsmError(BAD_SECRETS_ELEMENT if slot.proxy_user in self._secrets.proxies else NOT_LOGGED_IN)
        client.ask("PROXY", user=slot.proxy_user, password=password)

    def _on_first(self, places: Iterable[tuple[Hsm, Slot]], work: Callable[[Client, Slot], T]) -> T:
        """Work with the first HSM that can be reached; what an HSM refuses is offered to no other."""
        failure = HsmError(CONNECTION_FAILED, network=True)
        for hsm, slot in places:
            try:
                with self._connect(hsm) as client:
                    return work(client, slot)
            except HsmError as error:
                if not error.network:
                    raise
                failure = error
        raise failure

    def _connect(self, hsm: Hsm) -> Client:
        client = Client(hsm.host, hsm.port, seconds=self._config.seconds)
        while self._hangs:
            signal.pause()
        return client
