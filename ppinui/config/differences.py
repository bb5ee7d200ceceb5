"""What versions of libconfig read differently, and what 1.5 reads otherwise than its writer meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ppinui.config.nodes import ConfigWarning

if TYPE_CHECKING:
    from ppinui.config.document import Document


def find_warnings(document: Document) -> tuple[ConfigWarning, ...]:
    """The warnings of a document, in the order of the text."""
    return ()
