"""Which kms.toml and which library the commands of ``ppinui kms`` mean, and what slots that library has."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ppinui.kms.kms_locate import locate_kms
from ppinui.provider.library import find_module


def file_of(arguments: argparse.Namespace, *, must_exist: bool = True) -> Path:
    """The kms.toml that the arguments name, else the KMS's own. Raises PpinuiError."""
    return locate_kms(arguments.config, must_exist=must_exist)


def module_of(arguments: argparse.Namespace) -> Path | None:
    """The library behind --module; None where the KMS's own is meant. Raises PpinuiError."""
    return find_module(arguments.module).path if arguments.module else None


def read_slots(library: Path, timeout: float) -> Mapping[int, str]:
    """The labels of a library's tokens by the id of their slots, empty where there is none.

    ``timeout``: seconds for each call. Raises PpinuiError where the library cannot be asked.
    """
    from ppinui.pkcs11.module_worker_pool import warm_up
    from ppinui.tokens.module_client import Access
    from ppinui.tokens.slot_list import list_slots

    warm_up()
    found = list_slots(Access(library, timeout=timeout))
    return {slot.id: slot.token.label if slot.token is not None else "" for slot in found.slots}
