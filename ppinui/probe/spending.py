"""Which secrets a slot's test offers to an HSM, and what its outcome says of them."""

from __future__ import annotations

from ppinui.probe.gate import Credential
from ppinui.probe.plan import SlotTest
from ppinui.probe.result import Outcome, Stage, StageResult
from ppinui.secrets.kinds import SecretKind

CKR_DEVICE_ERROR = 0x30
CKR_DEVICE_MEMORY = 0x31
CKR_DEVICE_REMOVED = 0x32
CKR_SESSION_COUNT = 0xB1
CKR_SLOT_ID_INVALID = 0x03
CKR_HOST_MEMORY = 0x02
CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191

_SAYS_NOTHING_OF_SECRETS = frozenset(
    {
        CKR_HOST_MEMORY,
        CKR_SLOT_ID_INVALID,
        CKR_DEVICE_ERROR,
        CKR_DEVICE_MEMORY,
        CKR_DEVICE_REMOVED,
        CKR_SESSION_COUNT,
        CKR_CRYPTOKI_ALREADY_INITIALIZED,
        0x8000000C,  # User not logged in: there was no secret to log in with
        0x80000018,  # Max Connections exceeded
        0x8000003B,  # Connect Timeout
        0x8000004E,  # from HSM_Hello in a documented log of a connection that failed
        0x80000069,  # Access to partition disabled by HSM configuration
        0x80005001,  # No HSM/User configured
        0x80005003,  # Primus configuration file not found
        0x80005004,  # Primus secrets file not found
        0x80005005,  # Invalid Primus configuration file
        0x80005006,  # Invalid Primus secrets file
        0x80005009,  # Invalid secrets file configuration element
        0x80005012,  # User not found in Primus configuration file
        0x80005015,  # Connection to HSM failed
        0x80005019,  # Access to partition disabled by HSM configuration
    }
)
"""Return values that tell of networks, limits, settings or files. After any other, a secret may have been
rejected, and safety comes first: which code a wrong proxy password has, no list says."""

_PERMANENT_SECRET_ALONE = frozenset({0x8000000B, 0x80000037, 0x80005018})
"""Codes of a partition's PIN or setup password: the proxy let the connection pass. 0x80005017 is not one of
them, as it may be what a wrong proxy password ends in."""

_CKR_TOKEN_NOT_PRESENT = 0xE0
"""Documented as the answer when no HSM of a slot can be reached; a refusal has a code in the log."""

_LOGIN_NOT_REACHED = frozenset(
    {CKR_HOST_MEMORY, CKR_SLOT_ID_INVALID, CKR_SESSION_COUNT, 0x80000018, 0x80005015}
)
"""Return values of a login that came to its end before the PIN was sent."""

_PIN_NOT_SPENT = frozenset({"CKR_USER_PIN_NOT_INITIALIZED", "PIN_NOT_TEXT", "SECRET_REJECTED_BEFORE"})
"""Conditions under which no PIN was offered, and that say nothing of the other HSMs."""


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
        if test.slot.proxy_user:
            offered.append(Credential(SecretKind.PROXY, test.slot.proxy_user))
        offered.append(Credential(SecretKind.PERMANENT, test.user))
    if login:
        offered.append(Credential(SecretKind.PIN, test.user))
    return tuple(offered)


def accepted_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that this stage, if it passed, shows to be right."""
    if stage.outcome is not Outcome.OK:
        return frozenset()
    return _ACCEPTED_WITH.get(stage.stage, frozenset())


def rejected_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that this stage's failure shows, or lets fear, to have been rejected."""
    error = stage.error
    if error is None or stage.stage in (Stage.RESOLVE, Stage.CONNECT, Stage.CRYPTO):
        return frozenset()
    if stage.stage is Stage.LOGIN:
        # A login that crashed or hung may have been counted, and a token that is nearly locked on one HSM may
        # not say so on another one of its cluster.
        harmless = error.code in _LOGIN_NOT_REACHED or error.name in _PIN_NOT_SPENT
        return frozenset() if harmless else frozenset({SecretKind.PIN})
    if error.code in _SAYS_NOTHING_OF_SECRETS:
        return frozenset()
    if not stage.login_refused and error.code in (None, _CKR_TOKEN_NOT_PRESENT):
        return frozenset()
    if error.code in _PERMANENT_SECRET_ALONE:
        return frozenset({SecretKind.PERMANENT})
    return frozenset({SecretKind.PROXY, SecretKind.PERMANENT})
