"""Which secrets a slot's test offers to an HSM, and what its outcome says of them."""

from __future__ import annotations

from ppinui.pkcs11.return_codes import known_codes
from ppinui.probe.plan import SlotTest
from ppinui.probe.result import Outcome, Stage, StageResult
from ppinui.probe.secret_guard import Credential
from ppinui.secrets.stored_secret import SecretKind

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

_SAYS_REJECTED = frozenset(
    {
        0xA0,  # CKR_PIN_INCORRECT
        0xA1,  # CKR_PIN_INVALID
        0xA2,  # CKR_PIN_LEN_RANGE
        0xA3,  # CKR_PIN_EXPIRED
        0xA4,  # CKR_PIN_LOCKED
        0x8000000B,  # Login failed, wrong PKCS#11 PIN
        0x80000037,  # Password expired
        0x80005017,  # Login to HSM failed with provided credentials
        0x80005018,  # Setup password expired
    }
)
"""Return values that mean a rejected secret, by their documentation."""

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


def feared_after(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that this stage's failure shows, or lets fear, to have been rejected.

    Reason enough to offer them to no other HSM in the same run; whether they were is for :func:`rejected_by`.
    """
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


def rejected_by(stage: StageResult) -> frozenset[SecretKind]:
    """The kinds of secret that were rejected at this stage, by the word of the module or its log.

    Reason enough to offer them never again, until they are replaced. A login that was interrupted, crashed or
    hung is none, nor is one that ppinui did not try as the token had a warning.
    """
    error = stage.error
    if error is None or error.found_by_us:
        return frozenset()
    return feared_after(stage) if stage.login_refused or _says_rejected(error.code) else frozenset()


def _says_rejected(code: int | None) -> bool:
    # A vendor's code that no list has may be that of a wrong proxy password.
    return code is not None and (code in _SAYS_REJECTED or (code >= 0x80000000 and code not in known_codes()))
