"""``ppinui --test``: which slots, with which module, and what comes of it."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ppinui.cli.command_context import context_of
from ppinui.cli.console import say
from ppinui.cli.probe_credentials import credentials_of, mark, render_sources
from ppinui.cli.report_output import Progress, show_report
from ppinui.config.primus import read
from ppinui.kms.kms_locate import is_kms_file
from ppinui.libconfig.document import load
from ppinui.probe.plan import SlotSelection, make_plan
from ppinui.probe.runner import run as run_test


def run(arguments: argparse.Namespace) -> int:
    """Test what the arguments choose and say what came of it; the result is the exit code."""
    context = context_of(arguments)
    configuration = context.location().path
    if is_kms_file(configuration):
        from ppinui.cli.kms import kms_probe_command

        return kms_probe_command.run(arguments, configuration)
    secrets_file = context.secrets_location(must_exist=True).path if arguments.secrets else None
    selection = SlotSelection(arguments.user, arguments.hsm, arguments.slot, arguments.slotid)
    options = replace(
        context.probe_options(login=arguments.login or arguments.crypto),
        crypto=arguments.crypto,
        jobs=arguments.jobs,
        lanes=arguments.lanes,
        spend_final_try=arguments.spend_final_try,
        secrets_file=secrets_file,
    )
    config = read(load(configuration))
    plan = make_plan(config, selection)
    progress = Progress()
    with credentials_of(arguments, context, config, plan, options) as credentials:
        try:
            report = run_test(plan, options, credentials=credentials, on_event=progress)
        finally:
            progress.clear()
        mark(credentials, report)
    if sources := render_sources(report):
        say(sources)
    return show_report(report, arguments.format)
