"""What is taken for a password by its setting's name, misspelt and undocumented ones too, or by its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "••••"
"""What stands in the place of a secret; always the same, so that it does not tell the length."""

# The documented names are pin and proxy_password. What comes of writing them from memory (Pin, pins, so_pin,
# proxy_pasword, setup_password, passwd) must not show a password either. What stands before is bounded, so
# that a long word costs no more than its length.
NAMES: Final = (
    r"(?:[A-Za-z0-9_*-]{0,40}?[_-])?(?:pins?|pwd)"
    r"|[A-Za-z0-9_*-]{0,40}?pas+(?:[wo][a-z]{0,5}|phrase)"
    r"|(?:[A-Za-z0-9_*-]{0,40}?[_-]|proxy)?pas+"
)
"""The names of settings with a password, as a regular expression that ignores case."""

_NAME: Final = re.compile(NAMES, re.IGNORECASE)
_BEGINNINGS: Final = re.compile("pin|pas|pwd", re.IGNORECASE)

SETUP_PASSWORD: Final = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}(?![A-Za-z0-9-])", re.I)
"""A setup password as the HSM makes it, wherever it stands: FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3."""


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name holds a password, or is meant to."""
    return bool(_NAME.fullmatch(name))


def is_secret_path(path: str) -> bool:
    """The same for a path: whether one of its names is such a one."""
    return any(map(is_secret_name, path.split(".")))


def may_name_secrets(text: str) -> bool:
    """Whether any such name may stand in a text; False is certain, and known fast."""
    return bool(_BEGINNINGS.search(text))


def is_of_proxy(name: str) -> bool:
    """Whether a secret's name says that it is the service proxy's."""
    return "proxy" in name.lower()


def is_of_setup(name: str) -> bool:
    """Whether a secret's name says that it is a setup password, which the provider calls ``pin``."""
    return not is_of_proxy(name) and ("pin" in name.lower() or "setup" in name.lower())


def without_setup_passwords(data: Any) -> Any:
    """The same text, or object of texts for JSON, with ``••••`` for each word of a setup password's shape."""
    match data:
        case str():
            return SETUP_PASSWORD.sub(MASK, data)
        case Mapping():
            return {key: without_setup_passwords(value) for key, value in data.items()}
        case list() | tuple():
            return [without_setup_passwords(value) for value in data]
        case _:
            return data
