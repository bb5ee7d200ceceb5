"""The rule on files that another tool writes: it would overwrite what is edited here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ppinui.config.checks.subject import Subject, problem
from ppinui.config.redaction import mask
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.includes import quoted

_TOOLS: Final = r"ansible|puppet|chef|salt|saltstack|cfengine|terraform|rudder|cloud-init|kustomize|helm"
_MANAGED: Final = re.compile(
    rf"""\b(?:{_TOOLS})\b.{{0,40}}\b(?:managed|generated|controlled)
    | \b(?:managed|generated|controlled|deployed)\s+(?:by|with|from|via|through|using)\b
    | \bauto(?:matically)?[\s-]*generated
    | \b(?:do\s+not|don[’']t|never)\s+(?:edit|modify|change|touch)
    | \b(?:changes|edits|modifications)\b.{{0,60}}\b(?:overwritten|lost|reverted)""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST_QUOTE: Final = 80  # characters


def managed_header(subject: Subject) -> Iterator[Diagnostic]:
    """managed-by-tool: a comment above the first setting says that another tool writes the file."""
    document = subject.document
    first = document.root.children
    end = first[0].start if first and not first[0].read_only else len(document.text)
    for comment in document.comments():
        if comment.start >= end:
            return
        for line in re.finditer(r"[^\n]+", comment.text):
            if _MANAGED.search(line[0]):
                said = mask(line[0]).strip(" \t\r#/*")[:_LONGEST_QUOTE]
                yield problem(
                    Severity.WARNING,
                    "managed-by-tool",
                    document.place_of(comment.start + line.start()),
                    f"the file's header says {quoted(said)}",
                    "Change the source that the tool makes it from, or its next run undoes the edit.",
                )
                return
