"""Where primus.cfg and .secrets.cfg lie: the provider's search order, and which rule matched."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Final

from ppinui.errors import PpinuiError

CONFIG_VARIABLE: Final = "SECUROSYS_PKCS11_CONF"
SECRETS_VARIABLE: Final = "SECUROSYS_SECRETS_CONF"
GROUP: Final = "primus"
"""Users of the provider library are in this group, and nobody else may read its files (ppin.md)."""
OVERWRITTEN_FOLDER: Final = "usr/local/primus/etc"
"""Below the root: searched last, and overwritten by updates of the provider."""

_REGISTRY_KEY: Final = r"Software\Primus"


@dataclass(frozen=True)
class _Sort:
    """One of the two files that the provider searches for."""

    name: str
    option: str
    variable: str
    registry_value: str


_CONFIG: Final = _Sort("primus.cfg", "-c", CONFIG_VARIABLE, "configFilename")
_SECRETS: Final = _Sort(".secrets.cfg", "-s", SECRETS_VARIABLE, "secretsConfigFilename")


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
        Location(Path(path), rule, _seen(Path(path)) is None)
        for path, rule in _places(_SECRETS if secrets else _CONFIG, environ, root)
    )


def windows_places(
    name: str,
    registry_value: str,
    environ: Mapping[str, str],
    registry: Callable[[str, str, str], str | None],
) -> tuple[tuple[PureWindowsPath, str], ...]:
    """The search order of Windows as (path, rule); ``registry`` reads (hive, key, value) or gives None."""
    places = []
    for hive in ("HKCU", "HKLM"):
        if named := registry(hive, _REGISTRY_KEY, registry_value):
            places.append((PureWindowsPath(named), rf"the registry, {hive}\{_REGISTRY_KEY}\{registry_value}"))
    folder = PureWindowsPath(environ.get("ProgramFiles", r"C:\Program Files"), "Securosys", "Primus P11")
    return (*places, (folder / name, str(folder)))


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
    places = [(Path(path), rule) for path, rule in _places(sort, environ, root)]
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


def _places(sort: _Sort, environ: Mapping[str, str], root: Path) -> tuple[tuple[PurePath, str], ...]:
    if named := environ.get(sort.variable):
        return ((Path(named), f"the environment variable {sort.variable}"),)
    if sys.platform == "win32":
        return windows_places(sort.name, sort.registry_value, environ, _read_registry)
    folders = (root / "etc/primus", root / OVERWRITTEN_FOLDER)
    return tuple((folder / sort.name, str(folder)) for folder in folders)


def _read_registry(hive: str, key: str, value: str) -> str | None:
    """A text of the Windows registry; None where there is none, as on any other system."""
    if sys.platform == "win32":
        import winreg

        hives = {"HKCU": winreg.HKEY_CURRENT_USER, "HKLM": winreg.HKEY_LOCAL_MACHINE}
        try:
            with winreg.OpenKey(hives[hive], key) as opened:
                return str(winreg.QueryValueEx(opened, value)[0])
        except OSError:
            return None
    return None


def _seen(path: Path) -> OSError | None:
    """None if a file is there, of whatever sort; else what stands against it."""
    try:
        status = path.stat()
    except OSError as error:
        return error
    return IsADirectoryError() if stat.S_ISDIR(status.st_mode) else None
