"""Configurations to test, and what a report says, in few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ppinui.config.primus_config import PrimusConfig, read
from ppinui.libconfig.document import parse
from ppinui.probe.result import Report, SlotResult, StageResult
from tests.rig.listeners import Listener

RunTest = Callable[..., Report]
"""The fixture ``run_test``."""


@dataclass(frozen=True)
class SlotSpec:
    """A slot of a configuration under test."""

    user: str
    id: int
    proxy: str | None = None
    more: str = ""
    """Further settings, as text."""

    def text(self, number: int) -> str:
        proxy = f' proxy_user = "{self.proxy}";' if self.proxy else ""
        return f'slot{number}: {{ user_name = "{self.user}"; id = {self.id};{proxy} {self.more} }};\n'


@dataclass(frozen=True)
class HsmSpec:
    """An HSM of a configuration under test."""

    listener: Listener
    slots: tuple[SlotSpec, ...]
    host: str | None = None

    def text(self, number: int) -> str:
        slots = "".join(slot.text(index) for index, slot in enumerate(self.slots))
        host = self.host or self.listener.host
        return f'hsm{number}: {{ host = "{host}"; port = "{self.listener.port}"; slots: {{\n{slots}}}; }};\n'


def configuration_text(*hsms: HsmSpec, globals_: str = "") -> str:
    """A primus.cfg with these HSMs: hsm0, hsm1, …"""
    groups = "".join(hsm.text(number) for number, hsm in enumerate(hsms))
    return f'version = "1.0";\nprimus: {{ {globals_}\nhsms: {{\n{groups}}};\n}};\n'


def configuration(*hsms: HsmSpec, globals_: str = "") -> PrimusConfig:
    """The typed view of such a file."""
    return read(parse(configuration_text(*hsms, globals_=globals_), "primus.cfg"))


def error_of(result: SlotResult) -> tuple[str, str]:
    """The stage at which a slot stopped, and the name of its error."""
    assert result.error is not None, result
    return result.stages[-1].stage.value, result.error.name


def outcomes(report: Report) -> list[str]:
    return [result.outcome.value for result in report.results]


def stage(result: SlotResult, name: str) -> StageResult:
    return next(stage for stage in result.stages if stage.stage.value == name)
