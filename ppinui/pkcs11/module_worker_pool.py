"""The pool of all workers that load a PKCS#11 module. Light to import, so that it can warm up first."""

from __future__ import annotations

from ppinui.workers.worker_pool import WorkerPool

WORKERS = WorkerPool(
    (
        "ppinui.pkcs11.worker",
        "ppinui.pkcs11.slot_ops",
        "ppinui.pkcs11.pin_ops",
        "ppinui.pkcs11.object_ops",
        "ppinui.pkcs11.signing_ops",
        "ppinui.probe.slot_worker",
        "ppinui.probe.network_probe",
    )
)


def warm_up() -> None:
    """Start the process that workers are forked from, while the caller reads files and asks for PINs."""
    WORKERS.warm_up()
