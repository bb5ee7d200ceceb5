"""A small configuration to save, and what stands beside it afterwards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ppinui.config.config_save import SaveRefused, SaveReport, save
from ppinui.libconfig.document import Document, load
from ppinui.libconfig.edit import set_value

CONFIG = """\
# Primus PKCS#11 configuration
version = "1.0";

primus:
{
  wait_delay = 250; /* in ms */
  hsms:
  {
    hsm0: {
      host = "192.0.2.1";
      port = "2310";
      slots: {
        slot0: { user_name = "PARTITION"; id = 0; }; /* end slot0 */
      };
    };
  };
}; /* end primus */
"""

TEMPORARY = re.compile(r"\.primus\.cfg(\.bak)?\.ppinui-[0-9a-f]{16}")


def no_trace(action: str, file: Path) -> None:
    """In the place of the system's log."""


def put_config(folder: Path, text: str = CONFIG) -> Path:
    path = folder / "primus.cfg"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def edited(path: Path, delay: int = 300) -> tuple[Document, Document]:
    """The document of a file, and the same with another wait_delay."""
    old = load(path)
    return old, set_value(old, "primus.wait_delay", delay)


def save_edit(path: Path, delay: int = 300) -> SaveReport:
    old, new = edited(path, delay)
    return save(path, old, new, tracer=no_trace)


def refusal(path: Path, old: Document | None, new: Document, *edit: str) -> SaveRefused:
    """The refusal of a save that must not succeed; nothing temporary may be left."""
    with pytest.raises(SaveRefused) as caught:
        save(path, old, new, edit=edit, tracer=no_trace)
    refused = caught.value
    assert refused.kept is new
    assert refused.command in refused.remedy
    assert temporary_files(path.parent) == []
    return refused


def temporary_files(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if TEMPORARY.fullmatch(entry.name)]
