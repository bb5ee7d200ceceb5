"""How long ``ppinui --help`` takes, compared with Python and argparse alone: at most 1.5 times as long."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 1.5
ROUNDS = 41

ARGPARSE_ALONE = """
import argparse
parser = argparse.ArgumentParser(prog="alone", description="argparse alone")
parser.add_argument("-c", metavar="FILE", help="an option")
parser.add_argument("--version", action="version", version="alone 1")
parser.parse_args(["--help"])
"""


def milliseconds(command: list[str]) -> float:
    """The wall time of one run."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1000


def main() -> int:
    """Measure both in turn, so that a busy machine slows both; the medians count."""
    script = Path(sys.executable).with_name("ppinui")
    ours = [str(script)] if script.exists() else [sys.executable, "-m", "ppinui"]
    commands = {"ppinui --help": [*ours, "--help"], "argparse alone": [sys.executable, "-c", ARGPARSE_ALONE]}
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    for command in commands.values():  # the first run writes the byte code
        milliseconds(command)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(milliseconds(command))
    ours_ms, alone_ms = (statistics.median(times[name]) for name in commands)
    ratio = ours_ms / alone_ms
    print(
        f"start-up: ppinui --help {ours_ms:.1f} ms, argparse alone {alone_ms:.1f} ms,"
        f" ratio {ratio:.2f} (limit {LIMIT})"
    )
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
