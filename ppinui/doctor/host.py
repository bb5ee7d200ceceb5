"""Where the program runs: the account, its groups, its environment and limits."""

from __future__ import annotations

import grp
import os
import pwd
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

GROUP: Final = "primus"
"""The group that may read primus.cfg and .secrets.cfg (the vendor's packages make it)."""
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
    """Who runs the program. ``groups``: those of this process, which a later ``usermod`` does not change."""

    uid: int
    name: str
    groups: frozenset[int]
    is_service: bool
    """Whether nobody logs in with it."""


@dataclass(frozen=True)
class Surroundings:
    """What is looked at besides files.

    ``core_limit``: the soft limit for core files in bytes (``RLIM_INFINITY``: none) that programs started
    from here get, so before :func:`ppinui.workers.hardening.harden`. ``root`` and ``proc`` are folders.
    """

    environ: Mapping[str, str] = field(repr=False)
    account: Account
    group: Group | None
    core_limit: int
    root: Path = Path("/")
    proc: Path = Path("/proc")


def surroundings(environ: Mapping[str, str] = os.environ) -> Surroundings:
    """Those of this process. To be called before it is hardened."""
    return Surroundings(environ, _account(), _group(), resource.getrlimit(resource.RLIMIT_CORE)[0])


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


def _account() -> Account:
    uid = os.geteuid()
    try:
        shell = pwd.getpwuid(uid).pw_shell
    except KeyError:
        shell = ""
    no_login = Path(shell).name in {"nologin", "false"}
    is_service = uid != 0 and (no_login or uid < _FIRST_PERSON or uid == _NOBODY)
    return Account(uid, user_name(uid), frozenset({*os.getgroups(), os.getegid()}), is_service)


def _group() -> Group | None:
    try:
        found = grp.getgrnam(GROUP)
    except KeyError:
        return None
    return Group(found.gr_gid, tuple(found.gr_mem))
