"""Where primus.cfg and .secrets.cfg are located: the provider's search order, and which rule matched."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError

CONFIG_VARIABLE: Final = "SECUROSYS_PKCS11_CONF"
SECRETS_VARIABLE: Final = "SECUROSYS_SECRETS_CONF"
GROUP: Final = "primus"
"""Users of the provider library are in this group, and nobody else may read its files (ppin.md)."""
OVERWRITTEN_FOLDER: Final = "usr/local/primus/etc"
"""Below the root: searched last, and overwritten by updates of the provider."""


@dataclass(frozen=True)
class _Sort:
    """One of the two files that the provider searches for."""

    name: str
    option: str
    variable: str


_CONFIG: Final = _Sort("primus.cfg", "-c", CONFIG_VARIABLE)
_SECRETS: Final = _Sort(".secrets.cfg", "-s", SECRETS_VARIABLE)


@dataclass(frozen=True)
class Location:
    """One place where the file may lie."""

    path: Path
    rule: str
    """What leads there, in words: ``-c``, ``the environment variable SECUROSYS_PKCS11_CONF``, a folder."""
    exists: bool


def locate(
    explicit: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
    must_exist: bool = True,
) -> Location:
    """The primus.cfg to work with: the one that ``explicit`` (``-c``) names, else the first that is searched.

    ``root`` stands before the searched folders, not before what a variable names. With ``must_exist`` False
    the place where the file would belong is given even though there is none. Raises PpinuiError: nothing at
    the place that was named, nowhere any file (naming all the places), or a place that this account may not
    look at, so that nobody works on another file than the provider does without noticing.
    """
    return _locate(_CONFIG, explicit, environ, root, must_exist)


def secrets_location(
    explicit: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
    must_exist: bool = True,
) -> Location:
    """The .secrets.cfg to work with, as ``locate`` finds primus.cfg (``explicit`` is ``-s``).

    It is searched on its own, so it need not lie beside the primus.cfg that was found.
    """
    return _locate(_SECRETS, explicit, environ, root, must_exist)


def search_places(
    *, environ: Mapping[str, str] = os.environ, root: Path = Path("/"), secrets: bool = False
) -> tuple[Location, ...]:
    """Every place in the provider's order, whether a file is there or not; the first that exists is taken.

    Where a variable is set it is the only place. A place that may not be looked at counts as not existing.
    """
    return tuple(
        Location(path, rule, _seen(path) is None)
        for path, rule in _places(_SECRETS if secrets else _CONFIG, environ, root)
    )


def _locate(
    sort: _Sort,
    explicit: str | os.PathLike[str] | None,
    environ: Mapping[str, str],
    root: Path,
    must_exist: bool,
) -> Location:
    if explicit:
        return _named(Path(explicit), sort.option, must_exist)
    if named := environ.get(sort.variable):
        return _named(Path(named), f"the environment variable {sort.variable}", must_exist)
    places = _places(sort, environ, root)
    for path, rule in places:
        match _seen(path):
            case None:
                return Location(path, rule, exists=True)
            case PermissionError():
                raise _hidden(path)
    if not must_exist:
        return Location(*places[0], exists=False)
    raise PpinuiError(
        f"no {sort.name} found, and neither {sort.option} nor {sort.variable} names one",
        ", ".join(str(path) for path, _ in places),
        f"put the file at {places[0][0]}, or name it: {sort.option} FILE",
    )


def _named(path: Path, rule: str, must_exist: bool) -> Location:
    reason = _seen(path)
    if isinstance(reason, PermissionError):
        raise _hidden(path)
    if isinstance(reason, IsADirectoryError):
        raise PpinuiError(f"{rule} names a folder, not a file", str(path), "name the file in it")
    if reason is not None and must_exist:
        raise PpinuiError(
            f"{rule} names a file that is not there", str(path), f"correct {rule}, or create the file"
        )
    return Location(path, rule, exists=reason is None)


def _hidden(path: Path) -> PpinuiError:
    return PpinuiError(
        "this account may not look whether the file is there",
        str(path),
        "use an account of the group primus (after usermod -aG primus USER: newgrp primus), "
        "or name another file",
    )


def _places(sort: _Sort, environ: Mapping[str, str], root: Path) -> tuple[tuple[Path, str], ...]:
    if named := environ.get(sort.variable):
        return ((Path(named), f"the environment variable {sort.variable}"),)
    folders = (root / "etc/primus", root / OVERWRITTEN_FOLDER)
    return tuple((folder / sort.name, str(folder)) for folder in folders)


def _seen(path: Path) -> OSError | None:
    """None if a file is there, of whatever sort; else what stands against it."""
    try:
        status = path.stat()
    except OSError as error:
        return error
    return IsADirectoryError() if stat.S_ISDIR(status.st_mode) else None
