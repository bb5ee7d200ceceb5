"""The kinds of set-ups. A new one is a constant in a module here, and an entry in KINDS."""

from __future__ import annotations

import difflib
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.setup.kinds.kms_kind import KMS
from ppinui.setup.kinds.primus_kinds import CLOUDHSM, DEVELOPER_PROGRAM, EXISTING, ON_PREMISES
from ppinui.setup.walkthrough import SetupKind

KINDS: Final[tuple[SetupKind, ...]] = (CLOUDHSM, ON_PREMISES, DEVELOPER_PROGRAM, EXISTING, KMS)
"""In the order in which they are offered."""


def kind_named(name: str) -> SetupKind:
    """The kind of this name. Raises PpinuiError."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    names = [kind.name for kind in KINDS]
    near = difflib.get_close_matches(name, names, n=1)
    raise PpinuiError(
        f"there is no kind of set-up called {name!r}",
        "the command line, at 'ppinui setup'",
        f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names)}",
    )
