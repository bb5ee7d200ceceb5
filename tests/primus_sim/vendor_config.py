"""primus.cfg in the vendor's style, comments and all, for any HSMs and slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.primus_sim.libconfig import quoted


@dataclass(frozen=True)
class SlotEntry:
    """One slot group: a partition on an HSM."""

    id: int
    user_name: str
    client_id: str = "Client_ID"
    proxy_user: str | None = None
    proxy_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class HsmEntry:
    """One HSM group."""

    name: str
    host: str
    port: str
    slots: tuple[SlotEntry, ...]
    priority: int | None = None
    setup_password: str | None = field(default=None, repr=False)
    """The setting that is called `pin`."""


@dataclass(frozen=True)
class PrimusCfg:
    """A whole primus.cfg."""

    hsms: tuple[HsmEntry, ...]
    log_file: str
    wait_delay: int = 250
    wait_max_tries: int = 5
    connect_on_init: bool = True
    log: dict[str, str] = field(default_factory=dict)
    """Settings of the log group that differ, as they are written: {"trace_level": "6"}."""

    def text(self) -> str:
        return "\n".join((*self._globals(), *self._hsms(), *self._log())) + "\n"

    def _globals(self) -> Iterator[str]:
        yield "#-----------------------------"
        yield "# Primus PKCS#11 configuration"
        yield "#-----------------------------"
        yield 'version = "1.0";'
        yield ""
        yield f"/* This configuration contains {sum(len(hsm.slots) for hsm in self.hsms)} slots: */"
        for hsm in self.hsms:
            yield f"/* {hsm.name}: slot id {', '.join(str(slot.id) for slot in hsm.slots)} */"
        yield ""
        yield "/*--- GLOBAL CONFIGURATION SECTION ----------------------------------------*/"
        yield "primus:"
        yield "{"
        yield f"  wait_delay = {self.wait_delay}; /* in ms*/"
        yield f"  wait_max_tries = {self.wait_max_tries};"
        yield f"  connect_on_init = {str(self.connect_on_init).lower()};"
        yield ""

    def _hsms(self) -> Iterator[str]:
        yield "  /*--- HSM CONFIGURATION SECTION -----------------------------------------*/"
        yield "  hsms:"
        yield "  {"
        for hsm in self.hsms:
            yield f"     {hsm.name}:"
            yield "     {"
            yield f"        host = {quoted(hsm.host)};"
            yield f"        port = {quoted(hsm.port)};"
            if hsm.priority is not None:
                yield (
                    f"        priority = {hsm.priority};"
                    " /* Optional priority. Default 0, which is highest priority */"
                )
            if hsm.setup_password is not None:
                yield f"        pin = {quoted(hsm.setup_password)};"
            yield "        slots:"
            yield "        {"
            for number, slot in enumerate(hsm.slots):
                yield from self._slot(f"slot{number}", slot)
            yield "        }; /* end slots */"
            yield f"     }}; /* end {hsm.name} */"
            yield ""
        yield "  }; /* end hsms */"
        yield ""

    def _slot(self, name: str, slot: SlotEntry) -> Iterator[str]:
        yield f"           {name}:"
        yield "           {"
        yield f"              client_id  = {quoted(slot.client_id)};"
        yield f"              user_name  = {quoted(slot.user_name)};"
        if slot.proxy_user is not None:
            yield f"              proxy_user = {quoted(slot.proxy_user)};            /* if proxy in use */"
            if slot.proxy_password is None:
                yield '              /* proxy_password = "SERVICE_PASSWORD";    optional */'
            else:
                yield f"              proxy_password = {quoted(slot.proxy_password)};"
        yield f"              id = {slot.id};"
        yield f"           }}; /* end {name} */"

    def _log(self) -> Iterator[str]:
        settings = {
            "file": quoted(self.log_file),
            "write_log_file": "true",
            "write_syslog": "false",
            "trace_linenumber": "false",
            "trace_timestamp": "true",
            "trace_function": "true",
            "trace_inout": "false",
            "trace_pid": "true",
            "trace_filename": "false",
            "trace_mask": "0x00",
            "trace_level": "4",
        } | self.log
        yield "  /*--- LOG CONFIGURATION SECTION -----------------------------------------*/"
        yield "  log:"
        yield "  {"
        for name, value in settings.items():
            yield f"    {name:<19} = {value};"
        yield "  }; /* end log */"
        yield ""
        yield "}; /* end primus */"
