"""The stand-in for an HSM: listens on loopback, speaks wire.md, has faults to be switched on and off."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.primus_sim.conversation import Conversation
from tests.primus_sim.state import Attempt, Cluster
from tests.primus_sim.wire import LINE_LIMIT
from tests.rig.patience import patient

T = TypeVar("T")


@dataclass
class Faults:
    """What is wrong with an HSM; each field takes effect at the next request, on old connections too."""

    silent: bool = False
    """Takes connections and requests, and never answers. What was asked meanwhile stays unanswered."""
    reset_at: str | None = None
    """The word of a request ("*": any) at which half an answer is sent and the connection reset."""
    delay_ms: int = 0
    """Milliseconds before each answer."""
    wrong_answers: bool = False
    """Instead of each answer comes `nonsense`."""
    nonsense: bytes = b"\x15\x03\x00 what?\n"
    answers: dict[str, int] = field(default_factory=dict)
    """A code for a request's word, such as {"HELLO": 0x8000004E}."""


@dataclass(frozen=True)
class Vault:
    """Where an HSM keeps its keys: a copy of SoftHSM2's library, its configuration, its tokens' PINs."""

    library: Path
    configuration: Path
    token_pins: dict[str, str] = field(repr=False)


class Room:
    """The thread in which HSMs live, with its event loop. Tests call from their own thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in HSMs", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=patient(10))

    def close(self) -> None:
        self.run(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Hsm:
    """One HSM of a cluster (or the service proxy's endpoint in front of it). Starts when it is made."""

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        vault: Vault,
        *,
        room: Room,
        firmware: str = "RP-2.10.0-T",
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`port`: 0 for any that is free."""
        self.name = name
        self.cluster = cluster
        self.vault = vault
        self.firmware = firmware
        self.host = host
        self.port = port
        self.faults = Faults()
        self.absent: set[str] = set()
        """Partitions of the cluster that this HSM does not have."""
        self.behind: list[Hsm] = []
        """As a service proxy: the HSMs over which connections are spread in turn (empty: this one alone)."""
        self.requests: Counter[str] = Counter()
        """How often each request came, by its word."""
        self.calls: list[str] = []
        """The PKCS#11 functions that were called on sessions."""
        self.greeted_by: list[str] = []
        """Name and version of each program that said HELLO."""
        self._room = room
        self._turn = itertools.count()
        self._changed = threading.Condition()
        self._conversations: set[Conversation] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._taken: socket.socket | None = None
        self._listening = False
        room.run(self._listen())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def attempts(self) -> list[Attempt]:
        """The secrets that this HSM was offered."""
        return [attempt for attempt in self.cluster.attempts if attempt.hsm == self.name]

    def connections(self, partition: str | None = None) -> int:
        """Open connections: all, or those that logged in to this partition."""
        with self._changed:
            return sum(
                1
                for one in self._conversations
                if partition is None or (one.partition is not None and one.partition.name == partition)
            )

    def wait_until(self, reached: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something is so that a request or the end of a connection brings about."""
        with self._changed:
            if not self._changed.wait_for(reached, patient(seconds)):
                raise AssertionError(f"did not happen on {self.name} within {seconds} s")

    def refuse(self) -> None:
        """From now on nobody can connect; open connections stay."""
        self._room.run(self._stop_listening())

    def go_away(self) -> None:
        """The HSM is gone: connections are refused, and open ones are reset."""
        self._room.run(self._stop_listening())
        self.reset_connections()

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._room.run(self._listen())

    def reset_connections(self) -> None:
        self._room.run(self._reset_all())

    def close(self) -> None:
        self.go_away()
        if self._taken is not None:
            self._taken.close()
            self._taken = None

    async def _listen(self) -> None:
        if self._listening:
            return
        if self._taken is not None:
            self._taken.close()
        self._taken = self._bind()
        self._taken.listen(256)
        self._listening = True
        self.port = self._taken.getsockname()[1]
        # Not asyncio's server: it loses whoever is just connecting when it is closed.
        asyncio.get_running_loop().add_reader(self._taken, self._accept)

    async def _stop_listening(self) -> None:
        if not self._listening or self._taken is None:
            return
        self._accept()
        self._listening = False
        asyncio.get_running_loop().remove_reader(self._taken)
        self._taken.close()
        # The port stays ours, but nobody listens: connecting is refused.
        self._taken = self._bind()

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind((self.host, self.port))
        return bound

    def _accept(self) -> None:
        """Let in everybody who waits."""
        assert self._taken is not None
        with suppress(BlockingIOError):
            while True:
                accepted, _ = self._taken.accept()
                accepted.setblocking(False)
                serving = asyncio.create_task(self._serve(accepted))
                self._serving.add(serving)
                serving.add_done_callback(self._serving.discard)

    async def _reset_all(self) -> None:
        for conversation in tuple(self._conversations):
            conversation.reset()

    async def _serve(self, accepted: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=accepted, limit=LINE_LIMIT)
        serving = self.behind[next(self._turn) % len(self.behind)] if self.behind else self
        conversation = Conversation(self, serving, reader, writer)
        for hsm in {self, serving}:
            hsm.note(partial(hsm._conversations.add, conversation))
        try:
            await conversation.hold()
        except ConnectionError:
            pass  # The other side is gone, or a fault reset the connection: either way it is over.
        finally:
            for hsm in {self, serving}:
                hsm.note(partial(hsm._conversations.discard, conversation))
            writer.close()

    def note(self, change: Callable[[], object]) -> None:
        """Change something that :meth:`wait_until` may wait for."""
        with self._changed:
            change()
            self._changed.notify_all()
