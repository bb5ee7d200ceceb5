"""The wire between ppinui and the process that talks to the keyring: a JSON header and raw bytes.

Secrets travel in the raw bytes, never in the header, so that both ends can overwrite their buffers.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

Header = dict[str, Any]
_LENGTHS: Final = struct.Struct(">II")
PREFIX_SIZE: Final = _LENGTHS.size


def pack(header: Header, body: bytes | bytearray = b"") -> bytearray:
    """One frame: length of the header, length of the body (4 bytes each, big endian), header, body."""
    text = json.dumps(header).encode("ascii")
    return bytearray(_LENGTHS.pack(len(text), len(body))) + text + body


def sizes(prefix: bytes | bytearray) -> tuple[int, int]:
    """Lengths of header and body, from the first :data:`PREFIX_SIZE` bytes of a frame."""
    header, body = _LENGTHS.unpack(prefix)
    return header, body


def header_of(text: bytes | bytearray) -> Header:
    header: Header = json.loads(text)
    return header


def wipe(buffer: bytearray) -> None:
    """Overwrite what a buffer held."""
    buffer[:] = bytes(len(buffer))
