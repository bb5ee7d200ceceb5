"""`python -m tests.primus_sim [FOLDER]`: a cluster and a stand-alone HSM to try things on, until Ctrl+C."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.primus_sim.stand import Stand, build_parts


def main() -> None:
    """Build it, print the variables to export and the credentials, and serve."""
    with ExitStack() as stack:
        named = sys.argv[1] if len(sys.argv) > 1 else None
        folder = Path(named or stack.enter_context(tempfile.TemporaryDirectory(prefix="primus-sim-")))
        parts = build_parts(folder / "parts")
        stand = stack.enter_context(Stand(folder / "stand", parts, cluster=True, standalone=True))
        for name, value in stand.environ.items():
            print(f"export {name}={value}")
        for partition in stand.partitions.values():
            print(f"# {partition.name}: setup password {partition.setup_password}, PIN {partition.pin}")
        for proxy in stand.proxies.values():
            print(f"# proxy user {proxy.user}: password {proxy.password}")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
