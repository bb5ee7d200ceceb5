"""Machines and accounts that are not those of the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ppinui.services.context import Account, Context, Group, Host

ALICE = Account(1000, "alice", frozenset({1000}), is_service=False)
MakeContext = Callable[..., Context]


def host_of(
    root: Path,
    account: Account = ALICE,
    group: Group | None = None,
    *,
    proc: Path = Path("/proc"),
    core_limit: int = 0,
) -> Host:
    """A host whose files are below `root`."""
    host = Host(root, proc=proc, core_limit=core_limit)
    host.account = account
    host.group = group
    return host


def context_on(root: Path, environ: Mapping[str, str], changes: Mapping[str, Any]) -> Context:
    """A context; `changes` are arguments of `host_of` and of `Context`."""
    own = {"account", "group", "proc", "core_limit"}
    of_host = {name: value for name, value in changes.items() if name in own}
    others = {name: value for name, value in changes.items() if name not in of_host}
    return Context(environ, **{"host": host_of(others.pop("root", root), **of_host), **others})
