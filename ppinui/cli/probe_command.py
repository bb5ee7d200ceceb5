"""``ppinui --test``: the connection test of the slots that the arguments choose."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ppinui.cli.command_context import context_of
from ppinui.cli.console import say
from ppinui.cli.probe_credentials import credentials_of, mark_rejected, render_sources
from ppinui.cli.report_output import run_with_progress, show_report
from ppinui.config.primus_config import read
from ppinui.kms.kms_locate import is_kms_file
from ppinui.libconfig.document import load
from ppinui.probe.plan import SlotSelection, make_plan


def run(arguments: argparse.Namespace) -> int:
    """Test what the arguments choose and report it; the result is the exit code."""
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
    with credentials_of(arguments, context, config, plan, options) as credentials:
        report = run_with_progress(plan, options, credentials=credentials)
        mark_rejected(credentials, report)
    if sources := render_sources(report):
        say(sources)
    return show_report(report, arguments.format)
