"""What a worker says to its parent while it is at work."""

from __future__ import annotations

from ppinui.pkcs11.raw_calls import CryptokiError
from ppinui.workers.channel import Channel


class RefusedError(Exception):
    """Something speaks against what was ordered: a name of :data:`ppinui.tokens.token_refusal.REFUSALS`."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail


class Talk:
    """The worker's end of a conversation (:mod:`ppinui.tokens.module_client` is the other)."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def say(self, kind: str, **content: object) -> None:
        self._channel.send({"kind": kind} | content)

    def call(self, function: str) -> None:
        """This function of the module is called next: its deadline begins."""
        self.say("call", function=function)

    def slot(self, slot_id: int) -> None:
        """What comes next is about this slot."""
        self.say("slot", id=slot_id)

    def failed(self, error: CryptokiError, flags: int | None) -> None:
        """The module answered with an error; ``flags``: the token's, afterwards."""
        self.say("failed", function=error.function, code=error.code, flags=flags)

    def refused(self, name: str, detail: str) -> None:
        self.say("refused", name=name, detail=detail)
