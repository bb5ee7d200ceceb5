"""A large configuration: reading, an edit, and config set, beside what libconf takes to read it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
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
READ_LIMIT = 0.2
EDIT_LIMIT = 0.02
SET_LIMIT = 1.6


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
    """The CPU time of one call."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def config_set(folder: Path, number: int) -> float:
    """The CPU time of a whole process that sets one value; the first of them writes the byte code."""
    hidden = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    environ |= {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
        "PYTHONPYCACHEPREFIX": str(folder / "code"),
    }
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    words = ["-m", "ppinui", "-c", str(folder / "primus.cfg"), "config", "set", f"hsm500.slot1.id={number}"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *words, "--force"], env=environ, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Measure all in turn, so that a busy machine slows all of them; the medians count."""
    text = configuration()
    times: dict[str, list[float]] = {"libconf": [], "read": [], "edit": [], "set": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "primus.cfg").write_text(text)
        config_set(folder, 1000)
        for number in range(ROUNDS):
            fresh = parse(text)
            times["libconf"].append(seconds(lambda: libconf.loads(text)))
            times["read"].append(seconds(lambda: read(text)))
            times["edit"].append(seconds(partial(edit, fresh)))
            times["set"].append(config_set(folder, 1001 + number))
    libconf_takes, read_takes, edit_takes, set_takes = (statistics.median(taken) for taken in times.values())
    print(
        f"{HSMS} HSMs × {SLOTS} slots, {len(text) // 1000} KB: libconf reads it in"
        f" {libconf_takes * 1000:.0f} ms, we in {read_takes * 1000:.0f} ms; one edit takes us"
        f" {edit_takes * 1000:.1f} ms, ppinui config set {set_takes * 1000:.0f} ms of CPU"
    )
    print(f"read: ours/libconf {read_takes / libconf_takes:.2f} (limit {READ_LIMIT:.2f})")
    print(f"edit: ours/libconf's read {edit_takes / libconf_takes:.3f} (limit {EDIT_LIMIT:.2f})")
    print(f"config set: the process/libconf's read {set_takes / libconf_takes:.2f} (limit {SET_LIMIT:.2f})")
    ratios = {read_takes: READ_LIMIT, edit_takes: EDIT_LIMIT, set_takes: SET_LIMIT}
    return int(any(takes > limit * libconf_takes for takes, limit in ratios.items()))


if __name__ == "__main__":
    sys.exit(main())
