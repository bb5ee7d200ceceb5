"""From a worker's report to an error: what happened, whose secret it was, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ppinui.pkcs11 import return_codes
from ppinui.pkcs11.return_codes import ErrorEntry
from ppinui.probe.conditions import explain_condition
from ppinui.probe.credentials import SecretSource
from ppinui.probe.result import ErrorInfo, Outcome, Stage, StageResult
from ppinui.probe.secret_guard import Credential
from ppinui.provider import vendor_codes
from ppinui.provider.vendor_codes import (
    LOGIN_REFUSED,
    NOT_LOGGED_IN,
    ConnectionVerdict,
    PrimusEntry,
    Suspect,
    refusal,
)
from ppinui.secrets.hints import command_to_replace, command_to_store
from ppinui.secrets.stored_secret import SecretKind
from ppinui.workers.channel import Message

_CONNECTING: Final = (SecretKind.PROXY, SecretKind.PERMANENT)

Describe = Callable[[int], ErrorEntry]
"""Returns the entry of a return value."""


@dataclass(frozen=True)
class OfferedSecrets:
    """The secrets that a slot's test offers, which its return values may speak of.

    ``credentials``: what the test offers, without what an HSM has accepted before in the same run;
    ``slot``: its path in primus.cfg.
    """

    slot: str
    credentials: tuple[Credential, ...]
    sources: Mapping[SecretKind, SecretSource]

    def describe(self, code: int, *, is_primus: bool = True) -> ErrorEntry:
        """The entry of a return value, with the names of those whose secrets it speaks of.

        The vendor's codes have their meaning only where the module is the vendor's (``is_primus``).
        """
        if not is_primus:
            return return_codes.describe(code)
        entry = vendor_codes.describe(code)
        connecting = [one for one in self.credentials if one.kind in _CONNECTING]
        missing = [one for one in connecting if self.sources.get(one.kind) is SecretSource.MISSING]
        offered = [one for one in connecting if one not in missing]
        if code == LOGIN_REFUSED and any(not self._is_setup_password(one) for one in offered):
            return refusal(code, [self._suspect(one) for one in offered])
        if code in (NOT_LOGGED_IN, LOGIN_REFUSED) and missing:
            return replace(
                entry,
                name="Secret missing",
                meaning=f"There is no {' and no '.join(map(str, missing))}",
                remedy=", then ".join(
                    f"store the {one.kind.label}: {command_to_store(one.kind, one.owner)}" for one in missing
                ),
            )
        return entry

    def _is_setup_password(self, credential: Credential) -> bool:
        is_clear = self.sources.get(credential.kind) is SecretSource.CONFIGURATION
        return is_clear and credential.kind is SecretKind.PERMANENT

    def _suspect(self, credential: Credential) -> Suspect:
        kind, owner, what = credential.kind, credential.owner, credential.kind.label
        if self._is_setup_password(credential):
            return Suspect(
                "setup password", owner, f"ppinui config set {self.slot.partition('.slots.')[0]}.pin"
            )
        match self.sources.get(kind):
            case SecretSource.CONFIGURATION:
                return Suspect(what, owner, f"ppinui config set {self.slot}.proxy_password")
            case SecretSource.FILE:
                command = command_to_replace(kind, owner)
                vendors = command.replace("ppinui", "ppin", 1)
                return Suspect(what, owner, f"{command} (and in .secrets.cfg, where it came from: {vendors})")
            case _:
                return Suspect(what, owner, command_to_replace(kind, owner))


def explain_answer(
    answered: int, logged: int | None, logged_by: str | None, describe: Describe = vendor_codes.describe
) -> ErrorInfo:
    """The error of a return value, or of the vendor's code behind it, if the private log has one.

    ``describe`` knows what a code says of this slot. The library's functions answer with PKCS#11's own,
    general values; the cause stands in its log only.
    """
    code = answered if logged is None else logged
    entry = describe(code)
    message = entry.meaning
    if code != answered:
        by = f" by {logged_by}" if logged_by else ""
        name = describe(answered).name
        message = f"{entry.meaning} (from the provider's log{by}; the library answered {name})"
    secret = entry.secret if isinstance(entry, PrimusEntry) else ConnectionVerdict.MAY_BE_ANY
    return ErrorInfo(code, entry.name, message, entry.remedy, pin=entry.pin, secret=secret)


def stage_result(report: Message, describe: Describe = vendor_codes.describe) -> StageResult:
    """A worker's ``ended`` message as the result of a stage."""
    error = None
    if report.get("answered") is not None:
        error = explain_answer(report["answered"], report.get("logged"), report.get("logged_by"), describe)
    elif report.get("condition") is not None:
        error = explain_condition(report["condition"], report.get("detail") or "")
    return StageResult(
        stage=Stage(report["stage"]),
        outcome=Outcome(report["outcome"]),
        milliseconds=report["milliseconds"],
        error=error,
        # a login also fails where the connection breaks
        login_refused=report.get("failed_login", False) and report.get("errno") is None,
        note=report.get("note"),
    )
