"""The interface by which operations on secrets fetch one from an HSM; provider/ppin.py implements it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ppinui.errors import ExitCode, PpinuiError
from ppinui.secrets.secret import Secret

Configuration = Callable[[str], str]
"""Makes the text of a primus.cfg for one HSM and one partition, which logs to the file that it is given."""


class FetchFailed(PpinuiError):
    """Nothing was fetched.

    ``code``: what the HSM or the provider answered, None if nothing is known; ``rejected``: a password that
    was offered is a wrong one.
    """

    exit_code = ExitCode.NOT_FINE

    def __init__(
        self, message: str, place: str, remedy: str, *, code: int | None = None, rejected: bool = False
    ) -> None:
        super().__init__(message, place, remedy)
        self.code = code
        self.rejected = rejected


class Fetcher(Protocol):
    """Gets secrets from an HSM; :class:`ppinui.provider.ppin.Ppin` is one.

    ``configurations``: one for each HSM; the next one is tried only when an HSM was not reached at all.
    ``secrets_file``: the .secrets.cfg to start with; what comes back is the one that was made of it. Both
    raise :class:`FetchFailed`.
    """

    def add(
        self,
        user: str,
        setup_password: Secret,
        pin: Secret,
        *,
        configurations: Sequence[Configuration],
        secrets_file: bytes,
    ) -> bytes: ...

    def add_proxy(
        self, user: str, password: Secret, *, configurations: Sequence[Configuration], secrets_file: bytes
    ) -> bytes: ...
