"""The kinds of set-ups. A new one is a module with a KIND, and a line here."""

from __future__ import annotations

import difflib
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.setup.kinds import (
    cloudhsm_kind,
    developer_program_kind,
    existing_kind,
    kms_kind,
    on_premises_kind,
)
from ppinui.setup.walkthrough import Kind

KINDS: Final[tuple[Kind, ...]] = (
    cloudhsm_kind.KIND,
    on_premises_kind.KIND,
    developer_program_kind.KIND,
    existing_kind.KIND,
    kms_kind.KIND,
)
"""In the order in which they are offered."""


def kind_named(name: str) -> Kind:
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
