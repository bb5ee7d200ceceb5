"""``ppinui --test -c kms.toml``: each slot of a KMS, with the library and the login that it would use."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from ppinui.cli.report_output import run_with_progress, show_report
from ppinui.cli.secret_prompts import ask_secret
from ppinui.errors import PpinuiError
from ppinui.kms.kms_plan import make_kms_plan
from ppinui.kms.kms_reader import load
from ppinui.probe.runner import ProbeOptions
from ppinui.provider.library import find_module
from ppinui.secrets.secret import Secret
from ppinui.workers.hardening import harden

_INSTEAD = {
    "user": "a slot of a KMS has no user: name its id, --slotid ID",
    "slot": "a slot of a KMS has no name of its own: name its id, --slotid ID",
    "secrets": "leave it out: a KMS needs no .secrets.cfg",
}
"""What to do in the place of an option that makes no sense here."""


def run(arguments: argparse.Namespace, path: Path, environ: Mapping[str, str] = os.environ) -> int:
    """Test what the arguments choose and report it; the result is the exit code."""
    _refuse_others(arguments)
    harden()
    file = load(path)
    try:
        kms = make_kms_plan(
            file,
            hsm=arguments.hsm,
            slot_id=arguments.slotid,
            module=find_module(arguments.module).path if arguments.module else None,
            ask=_ask if arguments.login or arguments.crypto else None,
            environ=environ,
        )
        options = ProbeOptions(
            module=None,
            modules=kms.modules,
            login=True,
            crypto=arguments.crypto,
            timeout=arguments.timeout,
            jobs=arguments.jobs,
            spend_final_try=arguments.spend_final_try,
            spend_one_try=arguments.spend_one_try,
            environ=dict(environ),
        )
        report = run_with_progress(kms.plan, options, credentials=kms.supply)
    finally:
        file.wipe()
    return show_report(report, arguments.format)


def _ask(user: str) -> Secret:
    return ask_secret(f"PIN of {user}: ", f"the PIN of {user}")


def _refuse_others(arguments: argparse.Namespace) -> None:
    for name, instead in _INSTEAD.items():
        if getattr(arguments, name) is not None:
            option = {"secrets": "-s"}.get(name, f"--{name}")
            raise PpinuiError(
                f"{option} does not go with a kms.toml", "the command line, at 'ppinui --test'", instead
            )
    for option, value in (("--lanes", arguments.lanes), ("--secrets", arguments.secrets_from)):
        if value != "auto":
            raise PpinuiError(
                f"{option} {value} does not go with a kms.toml",
                "the command line, at 'ppinui --test'",
                f"leave {option} out: a library is tested slot after slot, with the PINs of the file",
            )
