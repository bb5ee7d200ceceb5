"""The HSM models that a KMS knows, and the PKCS#11 library that it loads for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ppinui.errors import PpinuiError


class Model(Enum):
    """``hsm_model``."""

    PROTECCIO = "proteccio"
    CRYPT2PAY = "crypt2pay"
    UTIMACO = "utimaco"
    SOFTHSM2 = "softhsm2"
    SMARTCARDHSM = "smartcardhsm"
    OTHER = "other"


NAMES = tuple(model.value for model in Model)

_LIBRARIES = {
    Model.PROTECCIO: ("PROTECCIO_PKCS11_LIB", "/lib/libnethsm.so"),
    Model.CRYPT2PAY: ("CRYPT2PAY_PKCS11_LIB", "/lib/libpkcs11c2p.so"),
    Model.UTIMACO: ("UTIMACO_PKCS11_LIB", "/lib/libcs_pkcs11_R3.so"),
    Model.SOFTHSM2: ("SOFTHSM2_PKCS11_LIB", "/usr/lib/softhsm/libsofthsm2.so"),
    Model.SMARTCARDHSM: ("SMARTCARDHSM_PKCS11_LIB", "/usr/local/lib/libsc-hsm-pkcs11.so"),
    Model.OTHER: ("OTHER_HSM_PKCS11_LIB", "/lib/libkmshsm.so"),
}
"""The variable that names the library to the KMS, and the one place where it looks without (KMS 5.26)."""

_INSTALLED_ELSEWHERE = (
    "/usr/lib /usr/lib64 /usr/local/lib /usr/local/lib64 /usr/lib/x86_64-linux-gnu /usr/lib/softhsm "
    "/usr/lib64/softhsm /usr/lib64/pkcs11 /usr/lib/x86_64-linux-gnu/softhsm "
    "/usr/lib/aarch64-linux-gnu/softhsm /usr/local/lib/softhsm /opt/utimaco/lib /usr/lib/utimaco "
    "/opt/tw_proteccio/lib /opt/nitrokey/lib"
).split()
"""Where packages and vendors' installers put these libraries, which is not where the KMS looks."""


@dataclass(frozen=True)
class Library:
    """The library that the KMS loads, whether it is there or not.

    ``rule`` is why that one, in words.
    """

    path: Path
    rule: str


class LibraryMissing(PpinuiError):
    """No library where the KMS looks for it."""


def library_of(model: Model, *, environ: Mapping[str, str] = os.environ, root: Path = Path("/")) -> Library:
    """What the KMS would load with this environment. ``root`` stands before its own places."""
    variable, place = _LIBRARIES[model]
    if named := environ.get(variable):
        return Library(Path(named).absolute(), f"the environment variable {variable}")
    return Library(root / place.lstrip("/"), f"where a KMS looks for the library of '{model.value}'")


def require_library(library: Library, *, root: Path = Path("/")) -> Path:
    """The library's path; LibraryMissing, saying what to do, where it or what a link names is not there."""
    path = library.path
    # os.path: a folder that this account may not look into has nothing for it
    if os.path.exists(path):
        return path
    if os.path.islink(path):
        raise LibraryMissing(
            f"the link to the HSM's library leads nowhere: {os.readlink(path)} is not there",
            str(path),
            f"install the HSM's PKCS#11 library, then: sudo ln -sf LIBRARY {path}",
        )
    elsewhere = (root / folder.lstrip("/") / path.name for folder in _INSTALLED_ELSEWHERE)
    found = next((place for place in elsewhere if os.path.exists(place)), None)
    name = found or "LIBRARY"
    raise LibraryMissing(
        "there is no PKCS#11 library " + library.rule,
        str(path),
        ("" if found else "install the HSM's PKCS#11 library, then: ") + f"sudo ln -s {name} {path}",
    )
