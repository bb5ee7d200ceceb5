"""How long ``ppinui -l`` takes with 50 slots: at most 1.3 times what importing and asking keyring takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.primus_sim.vendor_config import HsmEntry, PrimusCfg, SlotEntry
from tests.secrets.desktop import desktop

LIMIT = 1.3
ROUNDS = 11
USERS = [f"PARTITION-{number}" for number in range(50)]

KEYRING_ALONE = """
import json, sys
import keyring
for user in json.loads(sys.argv[1]):
    keyring.get_password("ppinui", f"permanent:{user}")
"""
FILL = """
import json, sys
import keyring
for user in json.loads(sys.argv[1]):
    keyring.set_password("ppinui", f"permanent:{user}", "x" * 1000)
"""


def milliseconds(command: list[str], environ: Mapping[str, str]) -> float:
    """The wall time of one run."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environ)
    return (time.perf_counter() - begun) * 1000


def measure(folder: Path) -> float:
    """The ratio of the medians, measured in turn, so that a busy machine slows both."""
    slots = tuple(SlotEntry(number, user) for number, user in enumerate(USERS))
    config = folder / "primus.cfg"
    config.write_text(PrimusCfg((HsmEntry("hsm0", "127.0.0.1", "2310", slots),), log_file="/dev/null").text())
    with desktop(folder) as session:
        checkout = str(Path(__file__).parents[2])
        environ = {**session.environ, "PYTHONPATH": checkout, "SECUROSYS_SECRETS_CONF": str(folder / "none")}
        users = json.dumps(USERS)
        subprocess.run([sys.executable, "-c", FILL, users], env=environ, check=True)
        script = Path(sys.executable).with_name("ppinui")
        ours = [str(script)] if script.exists() else [sys.executable, "-m", "ppinui"]
        commands = {
            "ppinui -l": [*ours, "-l", "-c", str(config)],
            "keyring alone": [sys.executable, "-c", KEYRING_ALONE, users],
        }
        for command in commands.values():  # the first run writes the byte code
            milliseconds(command, environ)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(milliseconds(command, environ))
    ours_ms, alone_ms = (statistics.median(times[name]) for name in commands)
    ratio = ours_ms / alone_ms
    print(
        f"secrets: ppinui -l with {len(USERS)} slots {ours_ms:.0f} ms, keyring alone {alone_ms:.0f} ms,"
        f" ratio {ratio:.2f} (limit {LIMIT})"
    )
    return ratio


def main() -> int:
    """Measure in a session of its own, with the real GNOME keyring."""
    os.environ.pop("PPINUI_KEYRING", None)
    with tempfile.TemporaryDirectory() as folder:
        return int(measure(Path(folder)) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
