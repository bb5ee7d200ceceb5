"""Ways to the tokens of a test."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from ppinui.secrets.secret import Secret
from ppinui.tokens.module_client import Access
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.slot_list import find_slot
from tests.rig.odd_module import OddModule, Switches
from tests.rig.softhsm import SoftHsm
from tests.rig.witness import Witness

MakeOdd = Callable[[Switches], OddModule]
MakeTokens = Callable[..., SoftHsm]


def reach(hsm: SoftHsm) -> Access:
    """SoftHSM2's tokens."""
    return Access(hsm.module, {**os.environ, **hsm.environ})


def reach_odd(module: OddModule | Path, *, timeout: float = 5.0, connect: bool = False) -> Access:
    """The odd module's; seconds for each of its calls."""
    path = module.path if isinstance(module, OddModule) else module
    return Access(path, dict(os.environ), timeout=timeout, connect=connect)


def look_at(hsm: SoftHsm, label: str) -> TokenSlot:
    """The slot of a token as it is now."""
    return find_slot(reach(hsm), label)


def witness_of(hsm: SoftHsm) -> Witness:
    """Another program that looks at the same tokens."""
    return Witness(hsm.module, hsm.environ)


def secret(clear: str) -> Secret:
    return Secret(clear)


@dataclass
class StopAfter:
    """Somebody who lets so many messages of a worker pass before everything has to stop."""

    messages: int
    connection: Connection = field(repr=False)

    @property
    def requested(self) -> bool:
        self.messages -= 1
        return self.messages < 0
