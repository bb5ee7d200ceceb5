"""The network stages, in a process without any PKCS#11 module: names to addresses, and a TCP connection."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from ppinui.probe.result import Outcome, Stage
from ppinui.workers.channel import Channel, Message

Address = tuple[socket.AddressFamily, Any]


@dataclass(frozen=True)
class Refusal:
    """Why a network stage did not pass."""

    condition: str
    """A name in :data:`ppinui.probe.conditions.CONDITIONS`."""
    detail: str


def _connect(addresses: Sequence[Address], timeout: float) -> None:
    """Connect to one of the addresses, in their order. Raises the last address's OSError.

    Each address gets its share of the time that is left, so that one which swallows packets (a broken IPv6
    route, say) leaves some for the others.
    """
    deadline = time.monotonic() + timeout
    last = OSError(errno.EADDRNOTAVAIL, "no address")
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(max((deadline - time.monotonic()) / left, 0.001))
            try:
                attempt.connect(address)
            except OSError as error:
                last = error
            else:
                return
    raise last


class _Target:
    """One slot's endpoint on its way through the two stages."""

    def __init__(self, channel: Channel, lock: threading.Lock, index: int, host: str, port: int) -> None:
        self._channel = channel
        self._lock = lock
        self._index = index
        self._host = host
        self._port = port
        self._addresses: list[Address] = []

    def _send(self, message: Message) -> None:
        with self._lock:
            self._channel.send({"index": self._index} | message)

    def test(self, timeout: float) -> list[Message]:
        """Resolve the name, connect to the port and close the connection; returns the stages' reports."""
        reports = [self._stage(Stage.RESOLVE, self._resolve)]
        if reports[-1]["outcome"] is Outcome.OK:
            reports.append(self._stage(Stage.CONNECT, lambda: self._connect(timeout)))
        return reports

    def repeat(self, reports: list[Message]) -> None:
        """Report what another slot of this endpoint found: a dead HSM is waited for once, not once a slot."""
        for report in reports:
            self._send({"kind": "started", "stage": report["stage"]})
            self._send(report)

    def _stage(self, stage: Stage, work: Callable[[], Refusal | None]) -> Message:
        self._send({"kind": "started", "stage": stage})
        begun = time.perf_counter()
        refusal = work()
        milliseconds = (time.perf_counter() - begun) * 1000
        outcome = Outcome.FAILED if refusal else Outcome.OK
        report: Message = {"kind": "ended", "stage": stage, "outcome": outcome, "milliseconds": milliseconds}
        if refusal:
            report |= {"condition": refusal.condition, "detail": refusal.detail}
        self._send(report)
        return report

    def _resolve(self) -> Refusal | None:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            return Refusal("name-not-found", reason or str(error))
        self._addresses = [(family, address) for family, _, _, _, address in found]
        return None

    def _connect(self, timeout: float) -> Refusal | None:
        try:
            _connect(self._addresses, timeout)
        except TimeoutError:
            return Refusal("connect-timeout", f"no answer in {timeout:g} s")
        except ConnectionRefusedError as error:
            return Refusal("connect-refused", error.strerror or str(error))
        except ConnectionResetError as error:
            return Refusal("connect-reset", error.strerror or str(error))
        except OSError as error:
            return Refusal("connect-failed", error.strerror or str(error))
        return None


def probe_endpoints(channel: Channel) -> None:
    """Take one order, ``targets`` (index, host, port), and send ``started`` and ``ended`` for each stage.

    One endpoint's targets follow one another, as HSMs limit connections; different endpoints go side by
    side. A name server that does not answer cannot be interrupted, so the parent watches the time and ends
    this process when all results are there or overdue.
    """
    order, _ = channel.receive()
    lock = threading.Lock()
    endpoints: dict[tuple[str, int], list[_Target]] = {}
    for index, host, port in order["targets"]:
        endpoints.setdefault((host, port), []).append(_Target(channel, lock, index, host, port))
    waiting: SimpleQueue[list[_Target] | None] = SimpleQueue()
    for targets in endpoints.values():
        waiting.put(targets)
    threads = [
        threading.Thread(target=_work, args=(waiting, order["timeout"]), daemon=True)
        for _ in range(min(order["threads"], len(endpoints)))
    ]
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(waiting: SimpleQueue[list[_Target] | None], timeout: float) -> None:
    while (targets := waiting.get()) is not None:
        first, *others = targets
        reports = first.test(timeout)
        for target in others:
            if reports[-1]["outcome"] is Outcome.OK:
                reports = target.test(timeout)
            else:
                target.repeat(reports)
