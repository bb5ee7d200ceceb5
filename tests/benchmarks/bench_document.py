"""How long a large configuration takes to read and to edit, compared with what libconf takes to read it."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import libconf

from ppinui.libconfig.document import Document, parse
from ppinui.libconfig.edit import set_value

HSMS = 1000
SLOTS = 4
ROUNDS = 7
READ_LIMIT = 1 / 3
EDIT_LIMIT = 1 / 10


def configuration() -> str:
    """1,000 HSMs with 4 slots each in the style of the vendor's template."""
    slots = "".join(
        f"""\
    slot{slot}:
    {{
     user_name = "PARTITION{slot}"; /* {slot} */
     id = {slot};
    }}; /* end slot{slot} */
"""
        for slot in range(SLOTS)
    )
    hsms = "\n".join(
        f"""\
  /*--- HSM{hsm} */
  hsm{hsm}:
  {{
   host = "h{hsm}.example.com";
   port = "2310";
   slots:
   {{
{slots}   }}; /* end slots */
  }}; /* end hsm{hsm} */
"""
        for hsm in range(HSMS)
    )
    return (
        f'# one large cluster\nversion = "1.0";\nprimus:\n{{\n hsms:\n {{\n{hsms} }}; /* end hsms */\n}};\n'
    )


def read(text: str) -> list[object]:
    """Every value of the text: libconf makes them all at once, the document when they are asked for."""
    return [setting.value for setting in parse(text).walk() if setting.kind.scalar]


def edit(document: Document) -> str:
    """One setting in the middle, and the new text."""
    return set_value(document, f"primus.hsms.hsm{HSMS // 2}.slots.slot{SLOTS - 1}.id", 77).text


def seconds(work: Callable[[], object]) -> float:
    """The wall time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> int:
    """Measure the three in turn, so that a busy machine slows all of them; the medians count."""
    text = configuration()
    times: dict[str, list[float]] = {"libconf": [], "read": [], "edit": []}
    for _ in range(ROUNDS):
        fresh = parse(text)
        times["libconf"].append(seconds(lambda: libconf.loads(text)))
        times["read"].append(seconds(lambda: read(text)))
        times["edit"].append(seconds(partial(edit, fresh)))
    libconf_takes, read_takes, edit_takes = (statistics.median(taken) for taken in times.values())
    print(
        f"{HSMS} HSMs × {SLOTS} slots, {len(text) // 1000} KB: libconf reads it in"
        f" {libconf_takes * 1000:.0f} ms, we in {read_takes * 1000:.0f} ms; one edit takes us"
        f" {edit_takes * 1000:.1f} ms"
    )
    print(f"read: ours/libconf {read_takes / libconf_takes:.2f} (limit {READ_LIMIT:.2f})")
    print(f"edit: ours/libconf's read {edit_takes / libconf_takes:.3f} (limit {EDIT_LIMIT:.2f})")
    return int(read_takes > READ_LIMIT * libconf_takes or edit_takes > EDIT_LIMIT * libconf_takes)


if __name__ == "__main__":
    sys.exit(main())
