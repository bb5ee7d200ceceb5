"""The secrets of a connection test from where they are kept, and what its results say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ppinui.config.primus import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.probe.credentials import Credentials
from ppinui.probe.plan import Plan
from ppinui.probe.result import SlotResult
from ppinui.secrets import transfer
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import FileEntry
from ppinui.secrets.store import SecretStore
from ppinui.services.keyring_verification import mark_rejected
from ppinui.services.stored_credentials import Choice, StoredSupply

Note = Callable[[PpinuiError], None]


def stored_supply(
    config: PrimusConfig,
    plan: Plan,
    *,
    secrets_file: Path | None,
    choice: Choice,
    open_store: Callable[[], SecretStore | None],
    ask: Callable[[str], Secret],
    login: bool,
    connects: bool,
    without_file: Note,
    without_keyring: Note | None,
) -> StoredSupply:
    """Everything that a test of this plan, of this configuration, needs; whoever takes it wipes it.

    ``secrets_file``: the application's .secrets.cfg, None where there is none. ``connects``: the module takes
    permanent secrets and proxy passwords. ``without_file`` is told of a .secrets.cfg that cannot be read: the
    test goes on, and the library says what it makes of the file. The others are as :class:`StoredSupply` has
    them. Raises KeyringError.
    """
    entries: tuple[FileEntry, ...] = ()
    if connects and choice is not Choice.KEYRING and secrets_file is not None:
        try:
            entries = transfer.read_entries(secrets_file, config.credentials())
        except PpinuiError as error:
            without_file(error)
    return StoredSupply(
        plan,
        entries,
        choice=choice,
        open_store=open_store,
        ask=ask,
        with_pins=login,
        with_connection_secrets=connects,
        without_keyring=without_keyring,
    )


def mark_rejected_of(supply: Credentials, results: Iterable[SlotResult]) -> None:
    """Mark in the keyring what an HSM has rejected of a supply, so that no process offers it again."""
    if isinstance(supply, StoredSupply) and supply.taken_from_keyring is not None:
        store, offered = supply.taken_from_keyring
        mark_rejected(store, offered, results)
