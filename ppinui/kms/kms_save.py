"""Saving a kms.toml: as safely as a primus.cfg, and never with PINs where everybody can read them."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ppinui.audit import trace
from ppinui.config.config_save import Identity, Refusals, SaveReport, put_in_place
from ppinui.errors import PpinuiError
from ppinui.kms.kms_file import KmsFile
from ppinui.kms.kms_reader import parse
from ppinui.libconfig.includes import encode

NEW_FILE_MODE: Final = 0o600
"""The KMS alone is to read its file, which may hold PINs."""


def save(
    path: Path,
    file: KmsFile,
    text: str,
    *,
    read_from: Identity | None,
    edit: Sequence[str],
    tracer: Callable[[str, Path], None] = trace,
) -> SaveReport:
    """Put ``text`` in the place of what was read (``read_from`` None: there was no file).

    A file keeps mode and owner, and is kept as FILE.bak as it was; a new one gets mode 0600. ``edit``: the
    words behind ``ppinui -c FILE`` that make this edit, for the command that a refusal names. Raises
    SaveRefused, and PpinuiError where PINs would be in a file that everybody can read or change.
    """
    pins = _pins(text, file.origin)
    if pins and read_from is not None and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise PpinuiError(
            "the file would hold PINs, and everybody can read or change it",
            str(path),
            f"chmod 0600 {shlex.quote(str(path))}, and let it belong to the account of the KMS; then again",
        )
    refusals = Refusals(path, Path(os.path.realpath(path)), tuple(edit), None, None)
    before = encode(file.text) if read_from is not None else None
    report = put_in_place(
        refusals, before, encode(text), read_from=read_from, mode=NEW_FILE_MODE, tracer=tracer
    )
    if report.changed and pins - _pins(file.text, file.origin):
        tracer("export secrets", path.absolute())
    return report


def loses_pin(file: KmsFile, text: str) -> bool:
    """Whether a PIN of the file is not in the new text, and so in clear text in the backup alone."""
    return bool(_pins(file.text, file.origin) - _pins(text, file.origin))


def _pins(text: str, origin: str) -> set[bytes]:
    """The PINs in a text, to be compared."""
    read = parse(text, origin)
    try:
        return {
            slot.pin.reveal_bytes() for one in read.instances for slot in one.slots if slot.pin is not None
        }
    finally:
        read.wipe()
