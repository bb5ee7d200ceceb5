"""Where the workers of all runs come from. Light to import, so that it can warm up while the rest is."""

from __future__ import annotations

from ppinui.workers.worker_pool import WorkerPool

WORKERS = WorkerPool(("ppinui.probe.slot_worker", "ppinui.probe.network_probe"))


def warm_up() -> None:
    """Start the process that workers are forked from, while the caller reads files and asks for PINs."""
    WORKERS.warm_up()
