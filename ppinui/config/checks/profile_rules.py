"""Rules of the deployments that have their own: FortiGate, Kubernetes sidecar, CloudHSM."""

from __future__ import annotations

from collections.abc import Iterator

from ppinui.config.checks.subject import Profile, Subject, problem, rule
from ppinui.config.cloudhsm_clusters import missing_endpoints
from ppinui.config.value_input import address_of, as_typed
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.text import quoted


@rule
def fortigate(subject: Subject) -> Iterator[Diagnostic]:
    """fortigate-host, fortigate-log, fortigate-connect-on-init, fortigate-trace-level."""
    if subject.profile is not Profile.FORTIGATE:
        return
    for hsm in subject.config.hsms:
        if hsm.host and address_of(hsm.host) is None:
            yield problem(
                "fortigate-host",
                Severity.ERROR,
                subject.at(hsm).get("host") or subject.at(hsm),
                f"{hsm.name}: host {quoted(hsm.host)} is a name: a FortiGate needs an IP address",
                f"write the IP address that {hsm.host} has on the FortiGate's network",
            )
    for name in ("write_log_file", "write_syslog"):
        yield from _wanted(subject, f"log.{name}", False, "fortigate-log", "a FortiGate")
    yield from _wanted(subject, "connect_on_init", True, "fortigate-connect-on-init", "a FortiGate")
    yield from _wanted(subject, "log.trace_level", 0, "fortigate-trace-level", "a FortiGate")


@rule
def kubernetes(subject: Subject) -> Iterator[Diagnostic]:
    """kubernetes-connect-on-init: a sidecar has to start while the HSM is away."""
    if subject.profile is Profile.KUBERNETES:
        yield from _wanted(subject, "connect_on_init", False, "kubernetes-connect-on-init", "a sidecar")


def _wanted(
    subject: Subject, name: str, wanted: bool | int, check: str, deployment: str
) -> Iterator[Diagnostic]:
    """A setting that has to have one value; an absent one has its default."""
    group, _, last = name.rpartition(".")
    setting = subject.document.get(f"primus.{name}")
    if setting is None and not subject.complete:
        return
    value = (subject.config.log if group else subject.config.globals)[last]
    if value is None or value != wanted or isinstance(value, bool) is not isinstance(wanted, bool):
        word = as_typed(wanted)
        how = "by default " if setting is None else ""
        shown = "of another type" if value is None else as_typed(value)
        yield problem(
            check,
            Severity.ERROR,
            setting or subject.where(f"primus.{group}" if group else "primus", "primus"),
            f"{name} is {how}{shown}: {deployment} needs {word}",
            f"set it: ppinui config set {name}={word}",
        )


@rule
def cloudhsm(subject: Subject) -> Iterator[Diagnostic]:
    """cloudhsm-proxy-user, cloudhsm-clones."""
    if subject.profile is not Profile.CLOUDHSM:
        return
    for slot in subject.config.slots:
        if subject.at(slot).get("proxy_user") is None and subject.complete:
            yield problem(
                "cloudhsm-proxy-user",
                Severity.ERROR,
                subject.at(slot),
                f"{slot.hsm}.{slot.name} has no proxy_user: CloudHSM is reached through its proxies alone",
                'add proxy_user = "…"; with the service user of the welcome ticket',
            )
    if subject.complete:
        yield from _clones(subject)


def _clones(subject: Subject) -> Iterator[Diagnostic]:
    """One problem for each set of endpoints that some partitions have and that is no whole service."""
    partitions: dict[frozenset[str], list[str]] = {}
    for name, slots in subject.config.partitions().items():
        hsms = (subject.config.hsm(slot.hsm) for slot in slots)
        hosts = frozenset(hsm.host for hsm in hsms if hsm is not None and hsm.host)
        partitions.setdefault(hosts, []).append(name)
    for hosts, names in partitions.items():
        missing = missing_endpoints(hosts)
        if not hosts or missing == () or (missing is None and len(hosts) > 1):
            continue
        first = subject.config.partitions()[names[0]][0]
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lacking = ", ".join(missing) if missing else "its clones"
        yield problem(
            "cloudhsm-clones",
            Severity.WARNING,
            subject.at(first),
            f"partition {quoted(names[0])}{others}: only {', '.join(sorted(hosts))} is configured, "
            f"not {lacking}",
            f"add the other endpoints of the service: ppinui config add-hsm --host HOST --like {first.hsm}",
        )
