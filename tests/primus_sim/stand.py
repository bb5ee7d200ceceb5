"""A whole Primus to test against: HSMs, an installed provider library and `ppin`, and their files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.primus_sim.building import HERE, build_in_parallel, make_vault
from tests.primus_sim.hsm import Hsm, Room
from tests.primus_sim.secretsfile import SecretsFile
from tests.primus_sim.state import Attempt, Clock, Cluster, LockRule, Partition, Proxy
from tests.primus_sim.switches import LibrarySwitches, PpinSwitches, Switches
from tests.primus_sim.vendor_config import HsmEntry, PrimusCfg, SlotEntry
from tests.rig.canary import draw
from tests.rig.softhsm import SoftHsm

PROXY_USER = "eqabxrfnqqos"
PROXY_PASSWORD = draw("Proxy-Passw0rd/77")
CLUSTER_PARTITIONS = ("PAYMENTS", "SIGNING")
STANDALONE_PARTITION = "ARCHIVE"
PINS = {name: draw(f"pin-of-{name.lower()}") for name in (*CLUSTER_PARTITIONS, STANDALONE_PARTITION)}
"""Drawn, as tests look for them where other runs keep theirs."""
NAMES = {
    "hsm0": ("NUFENEN", "RP-2.8.21-T"),
    "hsm1": ("GRIMSEL", "RP-2.10.0-T"),
    "hsm2": ("OBERALP", "RP-2.11.1-T"),
}
"""Name and firmware of the HSM of each group."""

FOLDER_MODE = 0o750
FILE_MODE = 0o640


@dataclass(frozen=True)
class Parts:
    """What was built once for all stands of a test run."""

    library: Path
    cluster_tokens: SoftHsm
    standalone_tokens: SoftHsm


def build_parts(folder: Path) -> Parts:
    """Compile the library and make tokens with keys, in an empty folder or one that is yet to be."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = {"cluster": CLUSTER_PARTITIONS, "standalone": (STANDALONE_PARTITION,)}
    library, made = build_in_parallel(folder, tokens)
    return Parts(library, made["cluster"], made["standalone"])


class Stand:
    """Everything of one installation. Starts when it is made; ends with :meth:`close` or a `with` block.

    `folder` gets `primus/` (PRIMUS_HOME: `bin/ppin`, `lib/libprimusP11.so`, `etc/stand-in.cfg`),
    `etc/primus/` (`primus.cfg`, `.secrets.cfg`), `primus.log`, and `hsms/` with the HSMs' keys.
    """

    def __init__(
        self,
        folder: Path,
        parts: Parts,
        *,
        cluster: bool,
        standalone: bool,
        addresses: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        """`addresses`: host and port of HSMs, by group, if not a free port of 127.0.0.1."""
        self._addresses = addresses or {}
        self.folder = folder
        self.home = folder / "primus"
        self.module = self.home / "lib" / "libprimusP11.so"
        self.ppin = self.home / "bin" / "ppin"
        self.config = folder / "etc" / "primus" / "primus.cfg"
        self.secrets = folder / "etc" / "primus" / ".secrets.cfg"
        self.log = folder / "primus.log"
        self.switches = Switches()
        self.clock = Clock()
        self.clusters: list[Cluster] = []
        self.hsms: dict[str, Hsm] = {}
        """By the name of their group in primus.cfg."""
        self._install(parts.library)
        self._room = Room()
        with ExitStack() as end:
            end.callback(self._room.close)
            entries: list[HsmEntry] = []
            if standalone:
                entries.append(self._add_standalone(parts.standalone_tokens, end))
            if cluster:
                entries += self._add_cluster(parts.cluster_tokens, end)
            self.cfg = PrimusCfg(hsms=tuple(entries), log_file=str(self.log))
            self.write_config()
            self.write_secrets()
            self._end = end.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the HSMs; the files stay."""
        self._end.close()

    @property
    def environ(self) -> dict[str, str]:
        """The variables that the library, `ppin` and ppinui need, to lay over a process's own environment."""
        return {
            "PRIMUS_HOME": str(self.home),
            "SECUROSYS_PKCS11_CONF": str(self.config),
            "SECUROSYS_SECRETS_CONF": str(self.secrets),
        }

    @property
    def partitions(self) -> dict[str, Partition]:
        """By name: PIN, setup password, permanent secret, and everything that a test may change about it."""
        return {name: one for cluster in self.clusters for name, one in cluster.partitions.items()}

    @property
    def proxies(self) -> dict[str, Proxy]:
        return {name: one for cluster in self.clusters for name, one in cluster.proxies.items()}

    @property
    def attempts(self) -> list[Attempt]:
        """Every secret that any HSM was offered, in order."""
        return sorted((one for cluster in self.clusters for one in cluster.attempts), key=lambda one: one.at)

    @property
    def wrong_attempts(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if not attempt.right]

    @property
    def slot_ids(self) -> dict[int, str]:
        """The partition of each configured slot id."""
        return {slot.id: slot.user_name for hsm in self.cfg.hsms for slot in hsm.slots}

    def switch_library(self, **changes: Any) -> None:
        """Change fields of :class:`switches.LibrarySwitches`; holds from the next C_Initialize on."""
        self._switch(replace(self.switches, library=replace(self.switches.library, **changes)))

    def switch_ppin(self, **changes: Any) -> None:
        """Change fields of :class:`switches.PpinSwitches`; holds from the next run on."""
        self._switch(replace(self.switches, ppin=replace(self.switches.ppin, **changes)))

    def lock_after(self, threshold: int, **rule: Any) -> None:
        """So many wrong secrets lock a partition; `rule` has further fields of :class:`state.LockRule`."""
        for cluster in self.clusters:
            cluster.lock_rule = LockRule(threshold, **rule)

    def write_config(self, **changes: Any) -> None:
        """Write primus.cfg, with other fields of :class:`vendor_config.PrimusCfg` if given."""
        self.cfg = replace(self.cfg, **changes)
        _write(self.config, self.cfg.text())

    def change_slots(self, hsm: str | None = None, **changes: Any) -> None:
        """Write primus.cfg with other fields in all :class:`vendor_config.SlotEntry` (of one HSM)."""
        self.write_config(
            hsms=tuple(
                replace(entry, slots=tuple(replace(slot, **changes) for slot in entry.slots))
                if hsm in (None, entry.name)
                else entry
                for entry in self.cfg.hsms
            )
        )

    def change_hsm(self, hsm: str, **changes: Any) -> None:
        """Write primus.cfg with other fields in one :class:`vendor_config.HsmEntry`."""
        self.write_config(
            hsms=tuple(replace(entry, **changes) if entry.name == hsm else entry for entry in self.cfg.hsms)
        )

    def write_secrets(
        self,
        *,
        without: Iterable[str] = (),
        wrong: Iterable[str] = (),
    ) -> None:
        """Write .secrets.cfg as `ppin` would have left it.

        `without`: partitions and proxy users that it lacks; `wrong`: those whose secret is a wrong one.
        """
        ppin, contents = self.switches.ppin, SecretsFile()
        for name, partition in self.partitions.items():
            if name not in without:
                right = partition.permanent_secret
                contents.set_user(name, right[::-1] + "!" if name in wrong else right, ppin.blinded)
        for user, proxy in self.proxies.items():
            if user not in without:
                right = proxy.password
                contents.set_proxy(user, right[::-1] + "!" if user in wrong else right, ppin.blinded)
        contents.save(self.secrets, ppin.proxy_entries)

    def _add_standalone(self, tokens: SoftHsm, end: ExitStack) -> HsmEntry:
        partition = Partition(STANDALONE_PARTITION, PINS[STANDALONE_PARTITION])
        cluster = Cluster({partition.name: partition}, clock=self.clock)
        self.clusters.append(cluster)
        hsm = self._start("hsm0", cluster, tokens, end)
        return HsmEntry("hsm0", hsm.host, str(hsm.port), (SlotEntry(0, partition.name, "Client_ID0"),))

    def _add_cluster(self, tokens: SoftHsm, end: ExitStack) -> list[HsmEntry]:
        cluster = Cluster(
            {name: Partition(name, PINS[name]) for name in CLUSTER_PARTITIONS},
            {PROXY_USER: Proxy(PROXY_USER, PROXY_PASSWORD)},
            clock=self.clock,
        )
        self.clusters.append(cluster)
        slots = tuple(
            SlotEntry(number, name, f"Client_ID{number}", PROXY_USER)
            for number, name in enumerate(CLUSTER_PARTITIONS, start=1)
        )
        first = self._start("hsm1", cluster, tokens, end)
        second = self._start("hsm2", cluster, tokens, end)
        return [
            HsmEntry("hsm1", first.host, str(first.port), slots),
            HsmEntry("hsm2", second.host, str(second.port), slots, priority=1),
        ]

    def _start(self, group: str, cluster: Cluster, tokens: SoftHsm, end: ExitStack) -> Hsm:
        vault = make_vault(self.folder / "hsms" / group, tokens)
        name, firmware = NAMES[group]
        host, port = self._addresses.get(group, ("127.0.0.1", 0))
        hsm = end.enter_context(
            Hsm(name, cluster, vault, room=self._room, firmware=firmware, host=host, port=port)
        )
        self.hsms[group] = hsm
        return hsm

    def _switch(self, switches: Switches) -> None:
        self.switches = switches
        switches.write(self.home / "etc" / "stand-in.cfg")

    def _install(self, library: Path) -> None:
        for part in (self.ppin.parent, self.module.parent, self.home / "etc", self.config.parent):
            part.mkdir(parents=True, mode=FOLDER_MODE)
        shutil.copyfile(library, self.module)
        self.module.chmod(0o755)
        install_ppin(self.ppin)
        self._switch(Switches(LibrarySwitches(root=str(self.folder)), PpinSwitches()))


def install_ppin(target: Path) -> None:
    """Put `ppin` there: it runs with this Python, isolated, and finds its modules in this checkout."""
    script = (HERE / "ppin").read_text().split("\n", 1)[1]
    script = script.replace("Path(__file__).resolve().parents[2]", f"Path({str(HERE.parents[1])!r})")
    target.write_text(f"#!{sys.executable} -I\n{script}")
    target.chmod(0o755)


def _write(path: Path, text: str) -> None:
    """A file that is there as a whole or not at all, with the documented mode."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    os.chmod(beside, FILE_MODE)
    beside.replace(path)
