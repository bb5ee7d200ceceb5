"""How long connection tests take: many tokens against pkcs11-tool in a loop, many slow HSMs against one."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.probe.scenes import HsmSpec, SlotSpec, configuration_text
from tests.rig.compiling import compile_odd_module
from tests.rig.listeners import Listener, accepting
from tests.rig.odd_module import PRIMUS, delays, make_odd_module
from tests.rig.softhsm import USER_PIN, SoftHsm, make_softhsm

TOKENS = 64
TOKENS_LIMIT = 0.6
SLOW_HSMS = 32
SLOW_MILLISECONDS = 200
SLOW_LIMIT = 1.2
ROUNDS = 5


def ppinui(config: Path, module: Path, pins: int, environ: dict[str, str]) -> None:
    """The whole command, as a user or a monitoring system runs it."""
    command = [sys.executable, "-m", "ppinui", "-c", str(config), "--test", "--module", str(module)]
    command += ["--login"] if pins else []
    subprocess.run(
        command,
        input=f"{USER_PIN}\n" * pins,
        text=True,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])} | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def pkcs11_tool(tokens: SoftHsm) -> None:
    """Log in and list the objects of each slot, one after another."""
    for token in tokens.tokens:
        command = ["pkcs11-tool", "--module", str(tokens.module), "--slot", str(token.slot_id)]
        subprocess.run(
            [*command, "-l", "--pin", token.pin, "-O"],
            env=dict(os.environ) | tokens.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def in_turn(rounds: int, *works: Callable[[], None]) -> list[float]:
    """The median seconds of each, run in turn, so that a busy machine slows all of them."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) for taken in times]


def compare(what: str, ours: float, theirs: float, limit: float) -> bool:
    """Print the ratio; True when it is over the limit."""
    ratio = ours / theirs
    print(f"{what}: {ours * 1000:.0f} ms to {theirs * 1000:.0f} ms, ratio {ratio:.2f} (limit {limit})")
    return ratio > limit


def many_tokens(folder: Path, listener: Listener) -> bool:
    """64 tokens with login, in one lane, as SoftHSM2 wants it."""
    tokens = make_softhsm(folder / "tokens", [f"PARTITION-{number:02}" for number in range(TOKENS)])
    slots = [SlotSpec(token.label, token.slot_id) for token in tokens.tokens]
    hsms = (HsmSpec(listener, tuple(slots[start : start + 4])) for start in range(0, TOKENS, 4))
    config = folder / "tokens.cfg"
    config.write_text(configuration_text(*hsms))
    ours, theirs = in_turn(
        ROUNDS,
        lambda: ppinui(config, tokens.module, TOKENS, tokens.environ),
        lambda: pkcs11_tool(tokens),
    )
    return compare(
        f"probe: {TOKENS} SoftHSM2 tokens with login, ppinui to pkcs11-tool", ours, theirs, TOKENS_LIMIT
    )


def slow_hsms(folder: Path, listener: Listener) -> bool:
    """32 HSMs of which every function takes 200 ms, against one of them."""
    library = compile_odd_module(folder)
    faults = (delays(SLOW_MILLISECONDS),)
    module = make_odd_module(library, folder / "slow", replace(PRIMUS, faults=faults))
    with module.path.open("ab") as file:
        file.write(b"Securosys SA")  # the provider's file has its maker's name in it, and lanes go by that
    configs = []
    for count in (SLOW_HSMS, 1):
        config = folder / f"slow-{count}.cfg"
        hsms = (HsmSpec(listener, (SlotSpec(f"PARTITION-{number}", number),)) for number in range(count))
        config.write_text(configuration_text(*hsms))
        configs.append(config)
    many, one = in_turn(
        3,
        lambda: ppinui(configs[0], module.path, 0, {}),
        lambda: ppinui(configs[1], module.path, 0, {}),
    )
    return compare(
        f"probe: {SLOW_HSMS} HSMs of {SLOW_MILLISECONDS} ms an answer to one", many, one, SLOW_LIMIT
    )


def main() -> int:
    """Print both ratios; 1 when one is over its limit."""
    with tempfile.TemporaryDirectory() as folder, accepting() as listener:
        over = [work(Path(folder), listener) for work in (many_tokens, slow_hsms)]
    return int(any(over))


if __name__ == "__main__":
    sys.exit(main())
