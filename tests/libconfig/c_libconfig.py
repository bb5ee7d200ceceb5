"""The C libconfig as a witness: compiled once, asked about many texts in one process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rig.patience import patient

SOURCE = Path(__file__).with_name("libconfig_witness.c")

Tree = tuple[str, Any]
"""A kind and a value: a scalar as Python has it, a dict of trees for a group, a list for the others."""


@dataclass(frozen=True)
class Verdict:
    """What libconfig says of one text."""

    accepted: bool
    rows: tuple[tuple[int, str | None, str, Any], ...] = ()
    """Depth from 0, name, kind and value of each setting and element, parents first; strings as bytes."""
    line: int | None = None
    """Where it saw the error."""

    def tree(self) -> Tree:
        """The settings as one tree of groups."""
        root: Tree = ("group", {})
        branch = [root]
        for depth, name, kind, value in self.rows:
            held: Any = {"group": {}, "array": [], "list": []}.get(kind, value)
            if isinstance(held, bytes):
                held = held.decode("utf-8", "surrogateescape")
            node = (kind, held)
            del branch[depth + 1 :]
            inside = branch[depth][1]
            if isinstance(inside, dict):
                assert name not in inside
                inside[name] = node
            else:
                inside.append(node)
            branch.append(node)
        return root


class Witness:
    """Reads texts with the C library."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def read(
        self, texts: Sequence[bytes], *, include_dir: Path | None = None, folder: Path | None = None
    ) -> list[Verdict]:
        """One verdict for each text; ``folder`` is the working directory, where includes are looked for."""
        done = subprocess.run(
            [str(self._program), *([str(include_dir)] if include_dir else [])],
            input=b"".join(b"%d\n%s" % (len(text), text) for text in texts),
            capture_output=True,
            cwd=folder,
            timeout=patient(60),
            check=True,
        )
        verdicts = [_verdict(json.loads(line)) for line in done.stdout.splitlines()]
        assert len(verdicts) == len(texts)
        return verdicts


def compile_witness(folder: Path) -> Witness:
    """Compile libconfig_witness.c; needs gcc and libconfig-dev."""
    program = folder / "libconfig_witness"
    subprocess.run(
        ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", program, SOURCE, "-lconfig"],
        check=True,
    )
    return Witness(program)


def _verdict(answer: dict[str, Any]) -> Verdict:
    if answer.get("crash"):
        return Verdict(accepted=False)
    if not answer["ok"]:
        return Verdict(accepted=False, line=answer["line"])
    rows = tuple(
        (depth, name, kind, _value(kind, value)) for depth, name, kind, value, *_ in answer["settings"]
    )
    return Verdict(accepted=True, rows=rows)


def _value(kind: str, value: Any) -> Any:
    if kind == "string":
        return value.encode("latin-1")
    return float(value) if kind == "float" else value
