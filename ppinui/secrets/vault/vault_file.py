"""The vault's file on the disk: where it lies, whose it may be, and how it is replaced without a gap."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ppinui.files.atomic_write import remove_left_overs, sync_folder, written_beside
from ppinui.secrets.keyring_errors import KeyringError

_SIZE_LIMIT: Final = 64 * 1024 * 1024
_LOCK_POLL: Final = 0.02
"""Seconds between two tries at the lock."""


class VaultError(KeyringError):
    """The vault cannot be read, opened or written; nothing in it has changed."""


def vault_path(environ: Mapping[str, str]) -> Path:
    """Where the vault lies: ``PPINUI_VAULT``, else ``ppinui/vault`` in the user's data folder."""
    if chosen := environ.get("PPINUI_VAULT"):
        return Path(chosen).absolute()
    data = environ.get("XDG_DATA_HOME", "")
    if not data.startswith("/"):
        home = environ.get("HOME")
        data = str((Path(home) if home else Path.home()) / ".local" / "share")
    return Path(data) / "ppinui" / "vault"


def read(path: Path) -> bytes:
    """The bytes of the vault.

    Raises :class:`VaultError` if there is none, if it belongs to another user, or if others may read or write
    it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise VaultError(
            "there is no vault",
            str(path),
            "make one with 'ppinui vault create', or let PPINUI_VAULT say where it is",
        ) from None
    except OSError as error:
        raise VaultError(
            f"cannot read the vault: {error.strerror}", str(path), "look at its permissions"
        ) from None
    try:
        _check_owner(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > _SIZE_LIMIT:
        raise VaultError("this is no vault", str(path), "let PPINUI_VAULT say where the vault is")
    if status.st_uid != os.geteuid():
        raise VaultError(
            f"the vault belongs to another user (uid {status.st_uid}, this is uid {os.geteuid()})",
            str(path),
            "run ppinui as that user, or use a vault of your own",
        )
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise VaultError(f"the vault is open to others (mode {mode:04o})", str(path), f"chmod 600 {path}")


def create(path: Path, vault: bytes, *, make_folder: bool) -> None:
    """A new file (0600); never in the place of another one.

    ``make_folder``: make the folders above it where they are missing (0700). Raises :class:`VaultError`.
    """
    try:
        if make_folder:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_beside(path, vault) as (temporary, _):
            os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise VaultError(
            "there is a file already",
            str(path),
            "use it as it is, change its passphrase with 'ppinui vault passphrase', or move it away",
        ) from None
    except OSError as error:
        raise VaultError(
            f"cannot make the vault: {error.strerror}", str(path), "choose another place with PPINUI_VAULT"
        ) from None


def replace(path: Path, vault: bytes) -> None:
    """Put new bytes in the place of the old ones: a reader, or a crash, sees the one or the other.

    Only under :func:`exclusive`. A symbolic link is followed. Raises :class:`VaultError`; then the old bytes
    are still there.
    """
    target = path.resolve()
    try:
        remove_left_overs(target)  # the lock is ours, so nobody is writing them
        with written_beside(target, vault) as (temporary, _):
            temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise VaultError(
            f"cannot write the vault: {error.strerror}", str(target), "make room or mend permissions"
        ) from None


@contextlib.contextmanager
def exclusive(
    path: Path,
    timeout: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the writers' lock, a file beside the vault; it ends with the process, however that ends.

    Raises :class:`VaultError` when another writer has had it for ``timeout`` seconds.
    """
    target = path.resolve()
    lock = target.with_name(target.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise VaultError(
            f"cannot write the vault: {error.strerror}", str(lock), "look at its folder's permissions"
        ) from None
    try:
        end = clock() + timeout
        while not _try_lock(descriptor):
            if clock() >= end:
                raise VaultError(
                    f"another process has been writing the vault for {timeout:g} s",
                    str(path),
                    f"see which one: fuser {lock}",
                )
            pause(_LOCK_POLL)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
