"""Which secrets a slot's test offers, and after which errors a PIN or another secret is not offered again.

What a code says of a secret stands in its row of a table: ppinui/provider/vendor_codes.tsv for a Primus
provider (columns ``secret`` and ``pin``), ppinui/pkcs11/pkcs11_codes.tsv for any other module (``pin``).
A vendor's code that is in no table counts as a rejection of every secret that was offered.
"""

from __future__ import annotations

from ppinui.pkcs11.return_codes import PinVerdict
from ppinui.probe.plan import SlotTest
from ppinui.probe.result import Outcome, Stage, StageResult
from ppinui.probe.secret_guard import Credential
from ppinui.provider.vendor_codes import ConnectionVerdict
from ppinui.secrets.stored_secret import SecretKind

_ACCEPTED_WITH = {
    # The token's information holds the HSM's firmware: it came through the proxy.
    Stage.TOKEN: frozenset({SecretKind.PROXY}),
    Stage.SESSION: frozenset({SecretKind.PROXY, SecretKind.PERMANENT}),
    Stage.LOGIN: frozenset({SecretKind.PIN}),
}


def credentials_of(test: SlotTest, *, connects_with_secrets: bool, login: bool) -> tuple[Credential, ...]:
    """The secrets that a test of this slot offers.

    ``connects_with_secrets``: the module is a Primus provider, or may be one: it offers proxy password and
    permanent secret as it connects.
    """
    offered: list[Credential] = []
    if connects_with_secrets:
        if test.proxy:
            offered.append(Credential(SecretKind.PROXY, test.proxy))
        offered.append(Credential(SecretKind.PERMANENT, test.user))
    if login:
        offered.append(Credential(SecretKind.PIN, test.user))
    return tuple(offered)


def accepted_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that this stage, if it passed, shows to be right."""
    if stage.outcome is not Outcome.OK:
        return frozenset()
    return _ACCEPTED_WITH.get(stage.stage, frozenset())


def possibly_rejected_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that were, or may have been, rejected at this stage.

    Reason enough to offer them to no other HSM in the same run; whether they were is for :func:`rejected_by`.
    """
    error = stage.error
    if error is None or stage.stage in (Stage.RESOLVE, Stage.CONNECT, Stage.CRYPTO):
        return frozenset()
    if stage.stage is Stage.LOGIN:
        return frozenset() if error.pin is PinVerdict.NOT_SENT else frozenset({SecretKind.PIN})
    match error.secret:
        case ConnectionVerdict.NONE | ConnectionVerdict.NOT_REACHED:
            return frozenset()
        case ConnectionVerdict.SEE_LOG if not stage.login_refused:
            return frozenset()
        case ConnectionVerdict.PERMANENT:
            return frozenset({SecretKind.PERMANENT})
    return frozenset({SecretKind.PROXY, SecretKind.PERMANENT})


def rejected_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that were rejected at this stage, by the word of the module or its log.

    Reason enough to offer them never again, until they are replaced. A login that was interrupted, crashed or
    hung is none, nor is one that ppinui did not try as the token had a warning.
    """
    error = stage.error
    if error is None or error.found_by_us:
        return frozenset()
    verdict = error.pin if stage.stage is Stage.LOGIN else error.secret
    return possibly_rejected_by(stage) if stage.login_refused or verdict.rejects else frozenset()
