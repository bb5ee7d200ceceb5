"""Work of a worker that reports what it had to import by itself, beside what the warm process had."""

from __future__ import annotations

import sys

from ppinui.workers.channel import Channel

WARM = frozenset(sys.modules)


def report(channel: Channel) -> None:
    channel.send({"imported": sorted(sys.modules.keys() - WARM)})
    channel.receive()
