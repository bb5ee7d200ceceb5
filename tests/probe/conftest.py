"""Configurations and runs for tests of connection tests."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.config.primus_config import PrimusConfig
from ppinui.probe.plan import SlotSelection, make_plan
from ppinui.probe.result import Report
from ppinui.probe.runner import ProbeOptions, run
from ppinui.secrets.secret import Secret
from ppinui.workers.cancellation import Cancellation
from tests.probe.scenes import RunTest
from tests.rig.listeners import Listener, accepting
from tests.rig.patience import patient


@pytest.fixture
def hsm_listener(listening: Callable[[Listener], Listener]) -> Listener:
    """Something that accepts connections in place of an HSM."""
    return listening(accepting())


@pytest.fixture
def run_test() -> RunTest:
    """`run_test(config, module, pins={…}, …)`: a whole run; no worker may be left after it."""

    def go(
        config: PrimusConfig,
        module: Path | None,
        *,
        pins: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        selection: SlotSelection | None = None,
        on_event: Callable[..., None] | None = None,
        stop: Cancellation | None = None,
        **options: object,
    ) -> Report:
        chosen = ProbeOptions(
            module,
            login=pins is not None,
            timeout=patient(5.0),
            environ=dict(os.environ) | dict(environ or {}),
        )
        chosen = replace(chosen, **options)  # type: ignore[arg-type]
        known = dict(pins or {})
        plan = make_plan(config, selection)
        report = run(
            plan,
            chosen,
            pins=lambda user: Secret(known.get(user, known.get("*", ""))),
            on_event=on_event,
            stop=stop,
        )
        assert multiprocessing.active_children() == []
        return report

    return go
