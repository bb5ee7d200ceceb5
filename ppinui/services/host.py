"""The machine that the program runs on, and the account that runs it."""

from __future__ import annotations

import grp
import os
import pwd
import resource
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from ppinui.config.locate import GROUP

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
    """Whether nobody logs in with it."""


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
