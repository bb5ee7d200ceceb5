"""One connection to the stand-in for an HSM: the requests of wire.md and their answers."""

from __future__ import annotations

import asyncio
import inspect
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

from tests.primus_sim.state import Kind, LogLine, Partition, RefusedError
from tests.primus_sim.wire import Message, NonsenseError

if TYPE_CHECKING:
    from tests.primus_sim.hsm import Hsm


class Conversation:
    """One connection: what has been said and proved on it so far."""

    def __init__(
        self, endpoint: Hsm, serving: Hsm, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._endpoint = endpoint
        self._hsm = serving
        self._cluster = serving.cluster
        self._reader = reader
        self._writer = writer
        self._passed_proxy = not serving.cluster.proxies
        self.partition: Partition | None = None

    def reset(self) -> None:
        """End the connection with RST."""
        taken = self._writer.get_extra_info("socket")
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def hold(self) -> None:
        """Answer requests until the other side closes."""
        while line := await self._next_line():
            faults = self._endpoint.faults
            try:
                request = Message.decode(line)
            except NonsenseError:
                request = Message("NONSENSE")
            self._endpoint.note(partial(self._endpoint.requests.update, [request.word]))
            if faults.delay_ms:
                await asyncio.sleep(faults.delay_ms / 1000)
            if faults.silent:
                continue
            if faults.wrong_answers:
                self._writer.write(faults.nonsense)
                continue
            answer = self._answer(request)
            self._endpoint.note(lambda: None)
            if faults.reset_at in ("*", request.word):
                self._writer.write(answer[: len(answer) // 2])
                self.reset()
                return
            self._writer.write(answer)
            await self._writer.drain()

    async def _next_line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:  # longer than the limit
            return b""

    def _answer(self, request: Message) -> bytes:
        faulty = self._endpoint.faults.answers.get(request.word)
        if faulty is not None:
            return _refusal(faulty)
        try:
            return self._handle(request)
        except RefusedError as refused:
            if self.partition is not None:
                self._log("err", f"{request.word} refused: 0x{refused.code:08X}", self.partition)
            return _refusal(refused.code)

    def _handle(self, request: Message) -> bytes:
        handler = getattr(self, f"_on_{request.word.lower()}", None)
        if handler is None:
            raise RefusedError(self._cluster.codes.nonsense)
        if not self._passed_proxy and request.word != "PROXY":
            raise RefusedError(self._cluster.codes.proxy_needed)
        try:
            values = inspect.signature(handler).bind(**request.values)
        except TypeError as error:  # keys missing or unknown
            raise RefusedError(self._cluster.codes.nonsense) from error
        return bytes(handler(**values.arguments))

    def _on_proxy(self, user: str, password: str) -> bytes:
        self._cluster.pass_proxy(user, password, self._hsm.name)
        self._passed_proxy = True
        return _fine()

    def _on_hello(self, program: str, version: str) -> bytes:
        self._hsm.greeted_by.append(f"{program} {version}")
        return _fine(firmware=self._hsm.firmware, name=self._hsm.name)

    def _on_login(
        self, user: str, client: str = "", permanent: str | None = None, setup: str | None = None
    ) -> bytes:
        partition = self._named(user)
        self._log("notice", f"Login request: User: {user} Client: {client}", partition)
        limit = partition.max_connections
        if limit is not None and self._hsm.connections(user) >= limit:
            raise RefusedError(self._cluster.codes.too_many_connections)
        if permanent is not None:
            self._cluster.check(Kind.PERMANENT, partition, permanent, self._hsm.name)
        elif setup is not None:
            self._cluster.check(Kind.SETUP, partition, setup, self._hsm.name)
        else:
            raise RefusedError(self._cluster.codes.not_logged_in)
        self.partition = partition
        return _fine(
            label=partition.name if partition.label is None else partition.label,
            serial=f"{sum(partition.name.encode()) % 10**8:08}{self._hsm.port % 10**8:08}",
            library=str(self._hsm.vault.library),
            conf=str(self._hsm.vault.configuration),
            token=partition.name,
        )

    def _on_status(self) -> bytes:
        return _fine(pin_flags=",".join(self._cluster.pin_flags(self._here(), self._hsm.name)))

    def _on_pin(self, pin: str) -> bytes:
        partition = self._here()
        self._cluster.check(Kind.PIN, partition, pin, self._hsm.name)
        self._log("info", "PKCS#11 user logged in")
        return _fine(token_pin=self._hsm.vault.token_pins[partition.name])

    def _on_setpin(self, old: str, new: str) -> bytes:
        partition = self._here()
        self._cluster.check(Kind.PIN, partition, old, self._hsm.name)
        partition.pin = new
        return _fine()

    def _on_logout(self) -> bytes:
        self._here()
        return _fine()

    def _on_call(self, function: str, objects: str = "token") -> bytes:
        partition = self._here()
        self._hsm.calls.append(function)
        if objects == "session" and not partition.session_objects:
            raise RefusedError(self._cluster.codes.session_objects_off)
        return _fine()

    def _on_fetch(self, user: str, setup: str, pin: str, client: str = "") -> bytes:
        partition = self._named(user)
        self._log("notice", f"Permanent secret request: User: {user} Client: {client}", partition)
        self._cluster.check(Kind.SETUP, partition, setup, self._hsm.name)
        self._cluster.check(Kind.PIN, partition, pin, self._hsm.name)
        return _fine(permanent=partition.permanent_secret)

    def _on_log(self, since: str = "") -> bytes:
        partition = self._here()
        if not partition.client_log:
            raise RefusedError(self._cluster.codes.log_fetching_off)
        lines = [line for line in partition.log if line.hsm == self._hsm.name and line.date >= since]
        return b"".join(
            (_fine(lines=str(len(lines))), *(Message("LINE", {"text": str(line)}).encode() for line in lines))
        )

    def _named(self, user: str) -> Partition:
        partition = self._cluster.partitions.get(user)
        if partition is None or user in self._hsm.absent:
            raise RefusedError(self._cluster.codes.user_unknown)
        if not partition.enabled:
            raise RefusedError(self._cluster.codes.partition_disabled)
        return partition

    def _here(self) -> Partition:
        if self.partition is None:
            raise RefusedError(self._cluster.codes.not_logged_in)
        if not self.partition.enabled:
            raise RefusedError(self._cluster.codes.partition_disabled)
        return self.partition

    def _log(self, level: str, text: str, partition: Partition | None = None) -> None:
        where = partition or self._here()
        where.log.append(LogLine(self._cluster.clock.now(), self._hsm.name, level, "MSCNG", text))


def _fine(**values: str) -> bytes:
    return Message("OK", values).encode()


def _refusal(code: int) -> bytes:
    return Message("ERR", {"code": f"0x{code:08X}"}).encode()
