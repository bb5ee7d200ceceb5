"""Which kms.toml, and telling one from a primus.cfg by what is in it. Light: every connection test asks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError

VARIABLE: Final = "COSMIAN_KMS_CONF"
DEFAULT_PLACE: Final = "etc/cosmian/kms.toml"
"""Below the root, where the KMS looks without a variable or an option."""

_KMS: Final = re.compile(
    rb"^[ \t]*(?:hsm_(?:model|admin|slot|password)[ \t]*=|\[\[[ \t]*hsm_instances[ \t]*\]\]"
    rb"|hsm_instances[ \t]*=|\[[ \t]*[A-Za-z_][\w.-]*[ \t]*\][ \t]*(?:#.*)?\r?$)",
    re.MULTILINE,
)
_PRIMUS: Final = re.compile(rb"^[ \t]*primus\s*[:=]", re.MULTILINE)


def is_kms_file(path: Path) -> bool:
    """Whether a file's contents are those of a kms.toml; what cannot be read is none."""
    try:
        # A pipe would be waited for, and what comes through it be lost to who reads it next.
        content = path.read_bytes() if path.is_file() else b""
    except OSError:
        return False
    return _KMS.search(content) is not None and _PRIMUS.search(content) is None


def locate_kms(
    explicit: str | None,
    *,
    environ: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
    must_exist: bool = True,
) -> Path:
    """The file that ``explicit`` names, else the one that the KMS would take, in its order.

    Raises PpinuiError where ``must_exist`` and there is none, and where this account may not look.
    """
    named = explicit or environ.get(VARIABLE)
    path = Path(named) if named else root / DEFAULT_PLACE
    try:
        path.stat()
        return path
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise PpinuiError(
            f"this account may not look whether the file is there: {error.strerror}",
            str(path),
            "run it as root, or as the account of the KMS",
        ) from None
    if must_exist:
        raise PpinuiError(
            "there is no kms.toml" if not explicit else "there is no such file",
            str(path),
            "name the file behind the command" if not explicit else "check its name",
        )
    return path
