"""A request to a fresh worker that loads the module, with a deadline for each call that the module gets."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from ppinui.errors import ExitCode, PpinuiError
from ppinui.pkcs11.module_worker_pool import WORKERS
from ppinui.pkcs11.structures import ModuleInfo
from ppinui.provider.library import examine, is_primus, mentions_primus
from ppinui.secrets.secret import Secret
from ppinui.tokens.token_errors import ModuleLostError, TokenError, of_answer, of_death, of_silence
from ppinui.tokens.token_refusal import TokenRefusal
from ppinui.workers.cancellation import Cancellation
from ppinui.workers.channel import Message
from ppinui.workers.worker_pool import Worker

_OPERATIONS: Final = "ppinui.pkcs11"
_SERVE: Final = f"{_OPERATIONS}.worker:serve"
_START_SECONDS: Final = 30.0
"""For the start of a worker: a fork on a busy machine, without any call of the module."""
_SLOW: Final = frozenset({"C_Initialize", "C_InitToken", "C_GenerateKeyPair"})
_SLOW_FACTOR: Final = 6
"""These have so many times the seconds of other calls: they connect, erase, or search primes."""
_STOP_SECONDS: Final = 2.0
"""For a module to end in order, after its last request."""


class Interrupted(PpinuiError):
    """The user stopped it."""

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
    """Also where the module is the Primus provider, which connects to its HSMs with the user's secrets."""
    never_on_primus: bool = False
    """Not even with ``connect``: on a Primus this is done on the HSM itself."""
    stop: Cancellation | None = None


def carry_out(
    access: Access, request: Message, *secrets: Secret, never_on_primus: bool = False
) -> Generator[Message]:
    """Let a fresh worker carry out a request, and yield its messages: ``library`` first, the result last.

    ``request["do"]`` is an operation of the room :mod:`ppinui.pkcs11`, as ``module:function``. Secrets are
    sent only after the module is known not to be one that is refused. Raises TokenError when the module
    answers with an error, ModuleLostError when it hangs or crashes, TokenRefusal when the request is refused,
    Interrupted, and ModuleUnusable for a file that is no library. The worker ends when the generator does:
    close it.
    """
    examine(access.module)
    place = str(access.module)
    never = never_on_primus or access.never_on_primus
    against = "never-on-a-primus" if never else None if access.connect else "primus"
    if against is not None and mentions_primus(access.module):
        # before it is loaded: with connect_on_init it connects as soon as it is initialised
        raise TokenRefusal(against, place)
    worker = WORKERS.start(_SERVE, access.environ)
    exchange = _Exchange(access, worker)
    try:
        library = exchange.load()
        if exchange.on_primus and against is not None:
            raise TokenRefusal(against, place)
        yield {"kind": "library", "library": asdict(library)}
        request = request | {"do": f"{_OPERATIONS}.{request['do']}", "on_primus": exchange.on_primus}
        yield from exchange.carry_out(request | {"last": True}, *secrets)
    except ModuleLostError:
        worker.end()
        raise
    finally:
        worker.stop(_STOP_SECONDS)


def result_of(access: Access, request: Message, *secrets: Secret, never_on_primus: bool = False) -> Message:
    """The last message of :func:`carry_out`, which raises what that does."""
    with closing(carry_out(access, request, *secrets, never_on_primus=never_on_primus)) as messages:
        *_, result = messages
    return result


class _Exchange:
    """Requests to one worker, and its messages."""

    def __init__(self, access: Access, worker: Worker) -> None:
        self._access = access
        self._worker = worker
        self._place = str(access.module)
        self._function = "its start"
        self._slot: int | None = None
        self.on_primus = False
        """Each question to this module offers secrets to an HSM."""
        self._seconds = _START_SECONDS

    def load(self) -> ModuleInfo:
        """Load and initialise the module."""
        *_, done = self.carry_out({"do": f"{_OPERATIONS}.worker:load", "module": self._place})
        library = ModuleInfo(**done["library"])
        self.on_primus = is_primus(library.manufacturer)
        return library

    def carry_out(self, request: Message, *secrets: Secret) -> Iterator[Message]:
        self._worker.try_send(request, *(secret.reveal_bytes() for secret in secrets))
        while True:
            message = self._receive()
            match message["kind"]:
                case "call":
                    self._function = message["function"]
                    self._seconds = self._access.timeout
                    if self._function in _SLOW:
                        self._seconds *= _SLOW_FACTOR
                case "slot":
                    self._slot = message["id"]
                case "failed":
                    failure = of_answer(message["function"], message["code"], on_primus=self.on_primus)
                    raise TokenError(failure, self._where(), flags=message["flags"])
                case "refused":
                    raise TokenRefusal(message["name"], self._where(), message["detail"])
                case "done":
                    if request.get("last"):
                        self._worker.process.join(_STOP_SECONDS)
                    yield message
                    return
                case _:
                    yield message

    def _where(self) -> str:
        return self._place if self._slot is None else f"slot {self._slot} of {self._place}"

    def _receive(self) -> Message:
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
