"""Opening a configuration: its document, and which file on the disk it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ppinui.files.replacement import Identity, identify
from ppinui.libconfig.document import Document, load


@dataclass(frozen=True)
class Opened:
    """A configuration as it was read. Names that are there twice are let pass: people come to mend that."""

    path: Path
    """As the user named it."""
    document: Document = field(repr=False)
    identity: Identity | None


def open_file(path: Path) -> Opened:
    """Read a configuration. Raises PpinuiError where it cannot be read, ConfigSyntaxError in what it says."""
    identity = identify(path)  # before it is read: a file that comes later into its place is told apart
    return Opened(path, load(path, allow_duplicates=True), identity)
