"""Messages between controllers, screens and the app: what has changed, and what the app shall open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from ppinui.editing.result_history import Progress
    from ppinui.editing.session import Opened
    from ppinui.tokens.slot import TokenSlot

# To every screen that is open.


class StatesChanged(Message, bubble=False):
    """The states of the tree's lines have changed: secrets or results of tests."""


class HeadChanged(Message, bubble=False):
    """What the head of the main screen says has changed: saved or not, the file on the disk."""


class SecretsChanged(Message, bubble=False):
    """More is known of the secrets than before."""


class ProgressChanged(Message, bubble=False):
    """A connection test has gone on."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        super().__init__()


class ModuleBusy(Message, bubble=False):
    """The PKCS#11 module works on a request, or does so no more."""


class SlotChanged(Message, bubble=False):
    """The token of a slot has changed."""

    def __init__(self, slot: TokenSlot) -> None:
        self.slot = slot
        super().__init__()


# To the app.


class FileOpened(Message):
    """A configuration that could not be read before was read: the main screen is to open."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        super().__init__()


class ProbeRequested(Message):
    """The slots of a partition or service user are to be tested."""

    def __init__(self, user: str, *, login: bool) -> None:
        self.user = user
        self.login = login
        super().__init__()


class SetupRequested(Message):
    """The walkthrough of a kind of set-up is to open."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__()
