"""The provider library's log: which code really ended a call that answered with a general one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ppinui.pkcs11.return_codes import VENDOR_DEFINED

_RETURN_VALUE = re.compile(rb"(?:([A-Za-z_]\w*)\(\) - )?rv: (0x[0-9a-fA-F]+)")
_FAILED_LOGIN = re.compile(rb"Failed to login on HSM \S+")
_ERRNO = re.compile(rb"(?:receive|send|connect) failed errno (\d+)")


@dataclass(frozen=True)
class LogFindings:
    """What a provider log says about a failure."""

    code: int | None
    """The last vendor code (0x8… or 0xC…) that some function answered with."""
    function: str | None
    """The function that answered so, such as ``HSM_Hello``."""
    failed_login: bool
    """The library wrote that it failed to log in on the HSM."""
    errno: int | None
    """The operating system's error of a connection that broke, such as 104 (reset by peer)."""


def read_log(content: bytes) -> LogFindings:
    """Look for the cause of a failure in a provider log (lines separated by newlines, fields by `` - ``).

    Which fields a line has depends on the ``trace_`` settings, so only ``rv: 0x…`` and the documented texts
    are relied upon. The last vendor code wins: what was tried before it and failed was tried again.
    """
    code: int | None = None
    function: str | None = None
    for found in _RETURN_VALUE.finditer(content):
        value = int(found[2], 16)
        if value >= VENDOR_DEFINED:
            code = value & 0xFFFFFFFF
            function = found[1].decode() if found[1] else None
    errors = _ERRNO.findall(content)
    return LogFindings(
        code=code,
        function=function,
        failed_login=_FAILED_LOGIN.search(content) is not None,
        errno=int(errors[-1]) if errors else None,
    )
