"""``ppinui --test``: which slots, with which module, and what comes of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ppinui.cli.console import say
from ppinui.cli.probe_credentials import mark, render_sources, supply_of
from ppinui.cli.report_output import Progress, show_report
from ppinui.config.locate import locate, secrets_location
from ppinui.config.primus import read
from ppinui.errors import PpinuiError
from ppinui.kms.kms_locate import is_kms_file
from ppinui.libconfig.document import load
from ppinui.probe.plan import SlotSelection, make_plan
from ppinui.probe.runner import ProbeOptions
from ppinui.probe.runner import run as run_test
from ppinui.provider.library import find_module


def run(arguments: argparse.Namespace) -> int:
    """Test what the arguments choose and say what came of it; the result is the exit code."""
    configuration = locate(arguments.config).path
    if is_kms_file(configuration):
        from ppinui.cli.kms import kms_probe_command

        return kms_probe_command.run(arguments, configuration)
    secrets_file = secrets_location(arguments.secrets).path if arguments.secrets else None
    selection = SlotSelection(arguments.user, arguments.hsm, arguments.slot, arguments.slotid)
    module: Path | None = None
    module_error: PpinuiError | None = None
    try:
        module = find_module(arguments.module).path
    except PpinuiError as error:  # the network stages need no module
        module_error = error
    config = read(load(configuration))
    plan = make_plan(config, selection)
    options = ProbeOptions(
        module=module,
        module_error=module_error,
        login=arguments.login or arguments.crypto,
        crypto=arguments.crypto,
        timeout=arguments.timeout,
        jobs=arguments.jobs,
        lanes=arguments.lanes,
        spend_final_try=arguments.spend_final_try,
        secrets_file=secrets_file,
    )
    progress = Progress()
    with supply_of(arguments, config, plan, module) as supply:
        try:
            report = run_test(plan, options, credentials=supply, on_event=progress)
        finally:
            progress.clear()
        mark(supply, report)
    if sources := render_sources(report):
        say(sources)
    return show_report(report, arguments.format)
