"""What a command or the app works with: files, module, ppin, keyring, host. Made once, and passed on."""

from __future__ import annotations

import grp
import os
import pwd
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ppinui.audit import trace
from ppinui.config.locate import (
    CONFIG_VARIABLE,
    GROUP,
    SECRETS_VARIABLE,
    Location,
    locate,
    secrets_location,
)
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, load
from ppinui.state import state_folder

if TYPE_CHECKING:
    from ppinui.probe.runner import ProbeOptions
    from ppinui.provider.ppin import Ppin
    from ppinui.secrets.keyring_client import KeyringChoice
    from ppinui.secrets.secret import Secret
    from ppinui.secrets.store import SecretStore


_FIRST_PERSON: Final = 1000
"""User numbers below belong to services on every system that the provider is packaged for."""
_NOBODY: Final = 65534


@dataclass(frozen=True)
class Group:
    """The group primus of this machine: its number, and the accounts that are listed as its members."""

    number: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """The account of this process. ``groups``: those of the process, which a later ``usermod`` does not
    change."""

    uid: int
    name: str
    groups: frozenset[int]
    is_service: bool
    """Whether it is no account of a person, who logs in."""


class Host:
    """Account and group are looked up when they are needed: a directory service may be slow."""

    def __init__(
        self, root: Path = Path("/"), *, proc: Path = Path("/proc"), core_limit: int | None = None
    ) -> None:
        """``root``: the folder below which the machine's files are.

        ``core_limit``: the soft limit for core files in bytes (``RLIM_INFINITY``: none) that programs started
        from here get; None: that of this process, so it is made before
        :func:`ppinui.workers.hardening.harden`.
        """
        self.root = root
        self.proc = proc
        self.core_limit = resource.getrlimit(resource.RLIMIT_CORE)[0] if core_limit is None else core_limit

    @cached_property
    def account(self) -> Account:
        """The account that runs this process."""
        uid = os.geteuid()
        try:
            shell = pwd.getpwuid(uid).pw_shell
        except KeyError:
            shell = ""
        no_login = Path(shell).name in {"nologin", "false"}
        is_service = uid != 0 and (no_login or uid < _FIRST_PERSON or uid == _NOBODY)
        return Account(uid, user_name(uid), frozenset({*os.getgroups(), os.getegid()}), is_service)

    @cached_property
    def group(self) -> Group | None:
        """The group that may read primus.cfg and .secrets.cfg; None where there is none."""
        try:
            found = grp.getgrnam(GROUP)
        except KeyError:
            return None
        return Group(found.gr_gid, tuple(found.gr_mem))


def user_name(uid: int) -> str:
    """The account's name; its number in words where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def group_name(gid: int) -> str:
    """The group's name; its number in words where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"


class Keyrings(Protocol):
    """Opens keyrings; :class:`ppinui.services.keyring_processes.KeyringProcesses` is one."""

    @property
    def named(self) -> KeyringChoice:
        """What the user says about the keyring (``--keyring``, environment)."""

    def start(self) -> None:
        """Begin to open the keyring that is used, without waiting for it."""

    def store(self, name: str | None = None) -> SecretStore:
        """The store over the keyring of this name, opened once; None: that of :attr:`named`."""

    def vault_made(self, passphrase: Secret) -> None:
        """A vault was just made with this passphrase: it is used, and not asked for."""

    def close(self) -> None:
        """End what was opened."""


def _open_keyrings(context: Context) -> Keyrings:
    from ppinui.secrets.prompt import TerminalAsker
    from ppinui.services.keyring_processes import KeyringProcesses

    terminal = TerminalAsker()
    return KeyringProcesses(
        context.keyring_choice,
        environ=context.environ,
        keyspace=context.keyspace,
        passphrase_descriptor=context.passphrase_descriptor,
        person=terminal if context.may_ask and terminal.available() else None,
    )


@dataclass(frozen=True)
class Context:
    """What the user has named, and where the rest is searched. Each thing is opened when it is needed.

    ``config``, ``secrets``, ``module``, ``ppin`` and ``keyring`` are what ``-c``, ``-s`` and the options of
    these names say, None where they say nothing: then ``environ`` and ``host`` are searched. Keyrings are
    imported and opened on demand, for most commands do without.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    config: str | None = None
    secrets: str | None = None
    module: str | None = None
    ppin: str | None = None
    keyring: str | None = None
    keyring_timeout: float = 20.0
    """Seconds for each call of the keyring."""
    keyspace: str | None = None
    passphrase_descriptor: int | None = None
    """Where the vault's passphrase is read from."""
    may_ask: bool = False
    """Whether a person at the terminal is asked for it, where there is a terminal."""
    timeout: float = 10.0
    """Seconds for each stage of a connection test, and for each call of a module."""
    host: Host = field(default_factory=Host)
    audit: Callable[[str, Path], None] = field(default=trace, repr=False)
    """Called with a word or two and a place for each change."""
    open_keyrings: Callable[[Context], Keyrings] = field(default=_open_keyrings, repr=False)

    @property
    def state(self) -> Path:
        """The folder for what outlives the program."""
        return state_folder(self.environ)

    def location(self, *, must_exist: bool = True) -> Location:
        """The primus.cfg. Raises PpinuiError."""
        return locate(self.config, environ=self.environ, root=self.host.root, must_exist=must_exist)

    def config_path(self) -> Path:
        """The path of the primus.cfg, whether it is there or not. Raises PpinuiError."""
        return self.location(must_exist=False).path

    def secrets_location(self, *, must_exist: bool = False) -> Location:
        """The .secrets.cfg of the applications. Raises PpinuiError."""
        root = self.host.root
        return secrets_location(self.secrets, environ=self.environ, root=root, must_exist=must_exist)

    def read_config(self) -> PrimusConfig:
        """The typed view of the primus.cfg on the disk. Raises PpinuiError."""
        return read(load(self.location().path))

    def document(self) -> Document | None:
        """The primus.cfg on the disk; None if there is none. Raises PpinuiError."""
        location = self.location(must_exist=False)
        return load(location.path) if location.exists else None

    def config_for_defaults(self) -> PrimusConfig | None:
        """The same as a typed view; None also for one that cannot be read."""
        try:
            document = self.document()
        except PpinuiError:
            return None
        return None if document is None else read(document)

    def find_module(self) -> Path:
        """The PKCS#11 library. Raises ModuleNotFound."""
        from ppinui.provider.library import find_module

        return find_module(self.module, environ=self.environ, root=self.host.root).path

    @property
    def module_environ(self) -> dict[str, str]:
        """What a module sees of the environment: ``-c`` and ``-s`` too, as a Primus provider reads them."""
        files = {CONFIG_VARIABLE: self.config, SECRETS_VARIABLE: self.secrets}
        return {**self.environ, **{name: os.path.abspath(file) for name, file in files.items() if file}}

    def find_ppin(self) -> Ppin:
        """The vendor's ppin. Raises PpinNotFound, PpinRefused."""
        from ppinui.provider.ppin import Ppin
        from ppinui.provider.ppin_binary import find_ppin

        return Ppin(find_ppin(self.ppin, environ=self.environ), environ=self.environ)

    def probe_options(self, *, login: bool = False) -> ProbeOptions:
        """Options of a connection test with this module; where there is none, the network is tested alone."""
        from ppinui.probe.runner import ProbeOptions

        module, error = None, None
        try:
            module = self.find_module()
        except PpinuiError as missing:
            error = missing
        return ProbeOptions(module, error, login=login, timeout=self.timeout, environ=self.environ)

    @property
    def keyring_choice(self) -> KeyringChoice:
        """What the user says about the keyring: the option, else ``PPINUI_KEYRING``."""
        from ppinui.secrets.keyring_client import choice_of

        return choice_of(self.keyring, self.environ, deadline=self.keyring_timeout)

    def may_have_keyring(self) -> bool:
        """Whether it is worth starting a process to find a keyring."""
        from ppinui.secrets.keyring_client import may_exist

        return may_exist(self.keyring_choice, self.environ)

    @cached_property
    def keyrings(self) -> Keyrings:
        """The keyrings; they are closed with the context."""
        keyrings = self.open_keyrings(self)
        self._opened.append(keyrings)
        return keyrings

    _opened: list[Keyrings] = field(default_factory=list, init=False, repr=False, compare=False)

    def close(self) -> None:
        """End the processes of keyrings."""
        for keyrings in self._opened:
            keyrings.close()
