"""The one family of errors that a user can cause: what, where, what to do."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to the shell when it ends."""

    FINE = 0
    NOT_FINE = 1
    """The thing looked at is not fine: a slot failed, a problem of severity error."""
    USAGE = 2
    """Wrong use, unreadable or invalid input."""
    SECRET = 3
    """A secret is missing or the keyring unavailable."""
    INTERRUPTED = 130


class PpinuiError(Exception):
    """An error that the user can cause and mend, shown as three short lines, never as a traceback.

    ``message`` says what is wrong, ``place`` where (a file with its line, a host, an option), ``remedy``
    the next step. None of the three may hold a secret.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, place: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.remedy = remedy

    def lines(self) -> tuple[str, str, str]:
        """The three lines for a terminal, without a newline at their ends."""
        return (f"ppinui: {self.message}", f"  where: {self.place}", f"  fix: {self.remedy}")


class SecretUnavailable(PpinuiError):
    """A secret is needed and is not there (nobody to ask, end of input, no keyring)."""

    exit_code = ExitCode.SECRET
