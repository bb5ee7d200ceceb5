"""Names of partitions and service users, as far as they may be handed on."""

from __future__ import annotations

from ppinui.errors import PpinuiError


def check_name(name: str) -> None:
    """Refuse a name that a program could take for an option, or a terminal for a command.

    Raises PpinuiError for an empty name, one that begins with ``-``, and one with control characters.
    """
    if not name or name.startswith("-") or not name.isprintable():
        raise PpinuiError(
            "this is no name of a partition or service user", repr(name), "name one that primus.cfg has"
        )
