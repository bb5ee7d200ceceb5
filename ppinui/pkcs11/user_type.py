"""Who logs in to a token."""

from __future__ import annotations

from enum import IntEnum


class UserType(IntEnum):
    """CK_USER_TYPE."""

    SO = 0
    """The security officer, who initialises tokens and sets the user's PIN."""
    USER = 1

    @property
    def pin_name(self) -> str:
        """What this user's PIN is called."""
        return "SO PIN" if self is UserType.SO else "user PIN"
