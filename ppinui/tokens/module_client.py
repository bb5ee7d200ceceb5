"""One order to a worker that has the module loaded, with a deadline for each call that the module gets."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from ppinui.errors import ExitCode, PpinuiError
from ppinui.provider.library import examine, mentions_primus
from ppinui.secrets.secret import Secret
from ppinui.tokens.slot import Library
from ppinui.tokens.token_errors import ModuleLostError, TokenError, of_answer, of_death, of_silence
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.tokens.token_worker_pool import WORKERS
from ppinui.workers.cancellation import Cancellation
from ppinui.workers.channel import Message
from ppinui.workers.worker_pool import Worker

_WORK: Final = "ppinui.tokens.token_worker:serve"
_START_SECONDS: Final = 30.0
"""What a worker may take until it is there: forking on a busy machine, nothing of the module's."""
_SLOW: Final = frozenset({"C_Initialize", "C_InitToken", "C_GenerateKeyPair"})
_SLOW_FACTOR: Final = 6
"""How many times as long as others these may take: they connect, erase, or look for primes."""
_FAREWELL_SECONDS: Final = 2.0
"""What a module may take to end in order, once nothing more is wanted of it."""


class Interrupted(PpinuiError):
    """Somebody stopped it."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, place: str) -> None:
        super().__init__("interrupted", place, "start again")


@dataclass(frozen=True)
class Access:
    """How to reach the tokens of a module."""

    module: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """What the module sees of the environment."""
    timeout: float = 10.0
    """Seconds for each call of the module."""
    connect: bool = False
    """The user knows that the Primus provider connects to its HSMs with their secrets, and wants that."""
    never_on_primus: bool = False
    """Not even then: what it is for is done on the HSM itself."""
    stop: Cancellation | None = None


def converse(
    access: Access, order: Message, *secrets: Secret, never_on_primus: bool = False
) -> Generator[Message]:
    """Have a fresh worker carry out an order, and give what it has to say; the last message is its result.

    Raises TokenError when the module answers with an error, ModuleLostError when it hangs or crashes,
    TokenRefusal when something speaks against it, Interrupted, and ModuleUnusable for a file that is none.
    The worker is over, one way or another, when the generator is: close it.
    """
    examine(access.module)
    place = str(access.module)
    never = never_on_primus or access.never_on_primus
    against = "never-on-a-primus" if never else None if access.connect else "primus"
    if against is not None and mentions_primus(access.module):
        # before it is loaded: with connect_on_init it connects as soon as it is initialised
        raise TokenRefusal(against, place)
    worker = WORKERS.start(_WORK, access.environ)
    try:
        order = order | {"module": place, "against_primus": against}
        worker.try_send({"order": order}, *(secret.reveal_bytes() for secret in secrets))
        yield from _Conversation(access, worker).listen()
    except ModuleLostError:
        worker.end()
        raise
    finally:
        worker.stop(_FAREWELL_SECONDS)


class _Conversation:
    def __init__(self, access: Access, worker: Worker) -> None:
        self._access = access
        self._worker = worker
        self._place = str(access.module)
        self._function = "its start"
        self._slot: int | None = None
        self._library: Library | None = None
        self._seconds = _START_SECONDS

    def listen(self) -> Iterator[Message]:
        while True:
            message = self._hear()
            match message["kind"]:
                case "call":
                    self._function = message["function"]
                    self._seconds = self._access.timeout
                    if self._function in _SLOW:
                        self._seconds *= _SLOW_FACTOR
                case "slot":
                    self._slot = message["id"]
                case "library":
                    self._library = Library(**message["library"])
                    yield message
                case "failed":
                    on_primus = self._library is not None and self._library.is_primus
                    failure = of_answer(message["function"], message["code"], on_primus=on_primus)
                    raise TokenError(failure, self._where(), flags=message["flags"])
                case "refused":
                    raise TokenRefusal(message["name"], self._where(), message["detail"])
                case "done":
                    self._worker.process.join(_FAREWELL_SECONDS)
                    yield message
                    return
                case _:
                    yield message

    def _where(self) -> str:
        return self._place if self._slot is None else f"slot {self._slot} of {self._place}"

    def _hear(self) -> Message:
        stop = self._access.stop
        sources = [self._worker.connection, *([stop.connection] if stop is not None else [])]
        ready = wait(sources, self._seconds)
        if stop is not None and stop.requested:
            raise Interrupted(self._where())
        if not ready:
            failure = of_silence(self._function, self._seconds)
            raise ModuleLostError(failure, self._where(), self._slot)
        try:
            message, _ = self._worker.channel.receive()
        except (EOFError, ConnectionResetError):
            failure = of_death(self._function, self._worker.exit_description())
            raise ModuleLostError(failure, self._where(), self._slot) from None
        return message
