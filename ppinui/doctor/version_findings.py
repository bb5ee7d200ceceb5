"""Versions of ppinui, Python, and the libraries that it stands on."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Final

from ppinui import __version__
from ppinui.doctor.finding import Finding, ok, wrong

PYTHON: Final = ">=3.11"
REQUIRED: Final = {
    "python-pkcs11": ">=0.10,<0.11",
    "keyring": ">=25",
    "cryptography": ">=44",
    "textual": ">=8,<9",
    "libconf": ">=2.0",
    "pexpect": ">=4.9",
    "tomlkit": ">=0.13",
}
"""As in pyproject.toml, which is not there once ppinui is installed; a test holds them together."""


def look_at_versions(version_of: Callable[[str], str] = metadata.version) -> Iterator[Finding]:
    """One finding for each; nothing is imported for it."""
    yield ok("version of ppinui", __version__)
    python = platform.python_version()
    yield _judged("python", python, PYTHON, "install a newer Python")
    for name, required in REQUIRED.items():
        remedy = f"pip install '{name}{required}' where ppinui is installed"
        try:
            found = version_of(name)
        except metadata.PackageNotFoundError:
            yield wrong(f"version of {name}", "it is not installed", remedy)
            continue
        yield _judged(name, found, required, remedy)


def _judged(name: str, version: str, required: str, remedy: str) -> Finding:
    if all(_fits(version, bound) for bound in required.split(",")):
        return ok(f"version of {name}", version)
    return wrong(f"version of {name}", f"{version}, but ppinui needs {required}", remedy)


def _fits(version: str, bound: str) -> bool:
    """``bound``: ``>=8`` or ``<9``; release numbers alone are compared."""
    limit = _numbers(bound.lstrip("<>="))
    return _numbers(version) >= limit if bound.startswith(">=") else _numbers(version) < limit


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, release[0].split("."))) if release else ()
