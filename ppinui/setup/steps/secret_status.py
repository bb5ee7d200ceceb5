"""The secrets that a set-up is about: where each one is, and what to do when ppin fails to fetch it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC

from ppinui.config.primus_config import PrimusConfig, SecretOwners, read
from ppinui.errors import PpinuiError
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound, find_ppin
from ppinui.provider.vendor_codes import describe
from ppinui.secrets.fetcher import FetchFailed
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.secret_operations import SecretOperations
from ppinui.secrets.secrets_file import FileEntry, Key, read_entries
from ppinui.secrets.stored_secret import SecretKind
from ppinui.setup.steps.keyring_step import KEYRING, store_of
from ppinui.setup.steps.partitions_step import PARTITIONS
from ppinui.setup.steps.provider_step import PROVIDER
from ppinui.setup.steps.save_step import SAVE
from ppinui.setup.walkthrough import Action, Finding, Here, StepState, from_exception


def saved_config(here: Here) -> PrimusConfig:
    """The saved primus.cfg. Raises PpinuiError if there is none."""
    document = here.context.document()
    if document is None:
        raise PpinuiError(
            "primus.cfg is not saved yet", str(here.context.config_path()), f"go back to the step '{SAVE}'"
        )
    return read(document)


def operations_of(here: Here, config: PrimusConfig) -> SecretOperations:
    """What can be done with the secrets of a configuration's users."""
    return SecretOperations(store_of(here), config.credentials(), trace=here.context.audit)


def entries_of(here: Here, config: PrimusConfig) -> tuple[FileEntry, ...]:
    """The entries of the applications' .secrets.cfg; () if there is none. Raises PpinuiError."""
    location = here.context.secrets_location()
    if not location.exists:
        return ()
    return read_entries(location.path, config.credentials())


def _look_at_all(here: Here, kind: SecretKind) -> Mapping[str, Finding]:
    """Of each user that the walkthrough is about, where the secret is: DONE or TO_DO.

    Raises PpinuiError when neither keyring nor file can be asked.
    """
    config = saved_config(here)
    users = users_of(here, config)
    names = users.proxies if kind is SecretKind.PROXY else users.partitions
    in_file = {(entry.kind, entry.name) for entry in entries_of(here, config)}
    return {name: _look_at(here, users, (kind, name), (kind, name) in in_file) for name in names}


def _look_at(here: Here, users: SecretOwners, key: Key, in_file: bool) -> Finding:
    kind, name = key
    subject = f"'{name}'"
    slots = [slot for slot in users.slots if slot.proxy_user == name]
    if kind is SecretKind.PROXY and slots and all(slot.has_clear_proxy_password for slot in slots):
        return Finding(StepState.DONE, "in clear text in primus.cfg", subject=subject)
    try:
        store = store_of(here)
        stored = store.get(kind, name)
        rejection = store.rejection_of(stored) if stored is not None else None
    except KeyringError:
        if not in_file:
            raise
        return Finding(StepState.DONE, "in the applications' .secrets.cfg", subject=subject)
    if stored is None:
        if in_file:
            return Finding(StepState.DONE, "in the applications' .secrets.cfg", subject=subject)
        return Finding(StepState.TO_DO, "there is none yet", subject=subject)
    stored.wipe()
    if rejection is not None:
        return Finding(
            StepState.TO_DO,
            f"the one in the keyring was rejected by {rejection.by}, and is not offered again",
            subject=subject,
        )
    since = f" since {stored.added.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if stored.added else ""
    return Finding(StepState.DONE, f"in the keyring{since}", subject=subject)


def look_and_add(
    here: Here, kind: SecretKind, what: str, add: Callable[[str, bool], Action | None]
) -> Finding:
    """The finding of a step that adds the secret of each user that has none, one after another.

    ``what``: what each user has one of, in the plural. ``add`` is given whose secret it is to add, and
    whether that is the only user.
    """
    try:
        found = _look_at_all(here, kind)
    except KeyringError as error:
        return from_exception(error, back_to=KEYRING)
    waiting = [name for name, one in found.items() if one.state is not StepState.DONE]
    return Finding(
        StepState.TO_DO if waiting else StepState.DONE,
        f"{what}: {len(found) - len(waiting)} of {len(found)} kept",
        items=tuple(found.values()),
        action=add(waiting[0], len(found) == 1) if waiting else None,
    )


def users_of(here: Here, config: PrimusConfig) -> SecretOwners:
    """The users of a configuration that this walkthrough is about: all of them where it does not ask."""
    return config.credentials([str(row["name"]) for row in here.answers.rows(PARTITIONS)])


def find_fetcher(here: Here) -> Ppin | None:
    """The vendor's ppin; None if it is not installed. Raises PpinRefused for one that is not trusted."""
    try:
        return Ppin(find_ppin(here.context.ppin, environ=here.context.environ), environ=here.context.environ)
    except PpinNotFound:
        if here.context.ppin:
            raise
        return None


def validity(here: Here) -> str:
    """How long a setup password can be used."""
    return (
        f"A setup password can be used for {here.kind.setup_validity} after its first use, then it expires."
    )


def explained(here: Here, error: PpinuiError) -> Finding:
    """A failure to add or fetch a secret, with the step in which it can be fixed."""
    if isinstance(error, PpinNotFound):
        return from_exception(error, back_to=PROVIDER)
    if not isinstance(error, FetchFailed):
        return from_exception(error)
    entry = None if error.code is None else describe(error.code)
    finding = replace(from_exception(error, back_to=entry.fix_in if entry else None), message=error.message)
    if entry is not None and entry.expires_setup_password:
        return replace(finding, remedy=f"ask for a new one, where this one came from. {validity(here)}")
    if error.rejected:
        return replace(
            finding, remedy="compare it with what you were given, and type it again; each wrong one counts"
        )
    return finding
