"""What a return value says of the secrets that a slot's test connects with: whose it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ppinui.pkcs11.return_codes import ErrorEntry, describe
from ppinui.probe.credentials import SecretSource
from ppinui.probe.secret_guard import Credential
from ppinui.provider.login_errors import LOGIN_REFUSED, Suspect, refusal
from ppinui.secrets.hints import replacing, storing
from ppinui.secrets.stored_secret import SecretKind

NOT_LOGGED_IN: Final = 0x8000000C
_CONNECTING: Final = (SecretKind.PROXY, SecretKind.PERMANENT)


@dataclass(frozen=True)
class OfferedSecrets:
    """``credentials``: what the test offers, without what an HSM has accepted before in the same run;
    ``slot``: its path in primus.cfg.
    """

    slot: str
    credentials: tuple[Credential, ...]
    sources: Mapping[SecretKind, SecretSource]

    def describe(self, code: int) -> ErrorEntry:
        """The entry of a return value, with the names of those whose secrets it speaks of."""
        connecting = [one for one in self.credentials if one.kind in _CONNECTING]
        missing = [one for one in connecting if self.sources.get(one.kind) is SecretSource.MISSING]
        offered = [one for one in connecting if one not in missing]
        if code == LOGIN_REFUSED and any(not self._is_setup_password(one) for one in offered):
            return refusal(code, [self._suspect(one) for one in offered])
        if code in (NOT_LOGGED_IN, LOGIN_REFUSED) and missing:
            return ErrorEntry(
                code,
                "Secret missing",
                f"There is no {' and no '.join(map(str, missing))}",
                ", then ".join(
                    f"store the {one.kind.label}: {storing(one.kind, one.owner)}" for one in missing
                ),
            )
        return describe(code)

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
                command = replacing(kind, owner)
                vendors = command.replace("ppinui", "ppin", 1)
                return Suspect(what, owner, f"{command} (and in .secrets.cfg, where it came from: {vendors})")
            case _:
                return Suspect(what, owner, replacing(kind, owner))
