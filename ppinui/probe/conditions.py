"""What can end a stage without a return value of the module: each with its name, meaning and next step."""

from __future__ import annotations

from dataclasses import dataclass

from ppinui.pkcs11.return_codes import PIN_LOCKED, SLOT_ID_INVALID, USER_PIN_NOT_INITIALIZED, PinVerdict
from ppinui.probe.result import ErrorInfo
from ppinui.provider.vendor_codes import (
    CONFIGURATION_INVALID,
    CONNECT_TIMEOUT,
    CONNECTION_FAILED,
    SESSION_OBJECTS_DISABLED,
    ConnectionVerdict,
)


@dataclass(frozen=True)
class Condition:
    """A reason that ppinui found by itself."""

    name: str
    """Shown where a return value's name would be."""
    meaning: str
    remedy: str
    code: int | None = None
    """The vendor's or PKCS#11's code for the same thing, where there is one."""
    pin: PinVerdict = PinVerdict.MAY_BE_WRONG
    """Whether the PIN may be offered to another HSM after a login that ended so. A token that is nearly
    locked may not say so on another HSM of its cluster, and a login that crashed may have been counted."""


class StageError(Exception):
    """A stage did not pass for a reason that is not a return value of the module."""

    def __init__(self, condition: str, detail: str = "", *, skipped: bool = False) -> None:
        super().__init__(condition)
        self.condition = condition
        """A name in :data:`CONDITIONS`."""
        self.detail = detail
        self.skipped = skipped


_MODULE_MISBEHAVES = (
    "test this slot alone, with the library's own log as detailed as it can be, and send that to its vendor"
)

CONDITIONS = {
    "address-missing": Condition(
        "ADDRESS_MISSING",
        "The configuration has no usable host and port for this HSM",
        "set both: ppinui config set HSM.host=HOST HSM.port=2310; ppinui config check says what is wrong",
        CONFIGURATION_INVALID,
    ),
    "name-not-found": Condition(
        "NAME_NOT_FOUND",
        "The host's name has no address",
        "check the spelling of host, and the name server: getent hosts HOST",
        CONNECTION_FAILED,
    ),
    "resolve-timeout": Condition(
        "NAME_SERVER_SILENT",
        "The name server did not answer in time",
        "check the name servers in /etc/resolv.conf, or write the HSM's IP address as host",
        CONNECTION_FAILED,
    ),
    "connect-timeout": Condition(
        "CONNECT_TIMEOUT",
        "Nobody answered at this host and port",
        "check that the HSM is up and that every firewall on the way lets this port through "
        "(a CloudHSM may accept registered addresses only)",
        CONNECT_TIMEOUT,
    ),
    "connect-refused": Condition(
        "CONNECTION_REFUSED",
        "The host answered, but nothing listens on this port",
        "check the port (2310 for PKCS#11), and on the HSM that its PKCS#11 service is on for this interface",
        CONNECTION_FAILED,
    ),
    "connect-reset": Condition(
        "CONNECTION_RESET",
        "The connection was closed as soon as it was made",
        "check that your address is registered with the service, and the HSM's limit of connections",
        CONNECTION_FAILED,
    ),
    "connect-failed": Condition(
        "CONNECTION_FAILED",
        "The connection could not be made",
        "check the route to the host: ip route get ADDRESS",
        CONNECTION_FAILED,
    ),
    "module-missing": Condition(
        "MODULE_MISSING",
        "There is no PKCS#11 library to test with",
        "install the vendor's provider, or name its library: ppinui --test --module LIB",
    ),
    "module-not-loadable": Condition(
        "MODULE_NOT_LOADABLE",
        "The PKCS#11 library cannot be loaded",
        "check that it is the library for this machine and that what it needs is installed: ldd LIB",
    ),
    "module-crashed": Condition(
        "MODULE_CRASHED", "The PKCS#11 library did not survive this slot", _MODULE_MISBEHAVES
    ),
    "module-hung": Condition(
        "MODULE_HUNG",
        "The PKCS#11 library did not come back in time",
        "allow more time with --timeout; if it never comes back, " + _MODULE_MISBEHAVES,
    ),
    "unknown-answer": Condition(
        "UNKNOWN_ANSWER", "The PKCS#11 library answered in a way that no list has", _MODULE_MISBEHAVES
    ),
    "slot-not-found": Condition(
        "CKR_SLOT_ID_INVALID",
        "The library has no slot with this id, and no token with the partition's name as its label",
        "check id and user_name of this slot against the module's own list: pkcs11-tool --module LIB -L",
        SLOT_ID_INVALID,
    ),
    "no-such-slot": Condition(
        "CKR_SLOT_ID_INVALID",
        "The library has no slot with this id",
        "correct the slot's id, in decimal, after the module's own list: ppinui slots --module LIB",
        SLOT_ID_INVALID,
    ),
    "label-not-unique": Condition(
        "LABEL_NOT_UNIQUE",
        "The library has no slot with this id, and several tokens with the partition's name as their label",
        "write the slot id of the right one as id: pkcs11-tool --module LIB -L lists them",
        SLOT_ID_INVALID,
    ),
    "label-mismatch": Condition(
        "LABEL_MISMATCH",
        "The slot holds another token than the one that user_name says",
        "correct user_name or id of this slot, whichever is wrong",
    ),
    "token-not-initialised": Condition(
        "TOKEN_NOT_INITIALIZED",
        "The slot with this id holds a token that was never initialised",
        "correct the slot's id, or initialise the token: pkcs11-tool --module LIB -L lists both",
    ),
    "pin-not-text": Condition(
        "PIN_NOT_TEXT",
        "The PIN is not UTF-8, as PKCS#11 wants it; none was offered",
        "type it again, with the terminal set to UTF-8",
        pin=PinVerdict.NOT_SENT,
    ),
    "pin-locked": Condition(
        "CKR_PIN_LOCKED",
        "The token says that its PIN is locked; none was offered",
        "let the security officer unlock the token or set a new PIN, and find out who used a wrong one",
        PIN_LOCKED,
    ),
    "pin-not-set": Condition(
        "CKR_USER_PIN_NOT_INITIALIZED",
        "The token says that no user PIN has been set; none was offered",
        "let the security officer set one",
        USER_PIN_NOT_INITIALIZED,
        pin=PinVerdict.NOT_SENT,
    ),
    "pin-final-try": Condition(
        "PIN_FINAL_TRY",
        "The token says that one more wrong PIN locks it; none was offered",
        "make sure of the PIN, then test this slot alone with --login --spend-final-try",
    ),
    "pin-count-low": Condition(
        "PIN_COUNT_LOW",
        "The token says that a wrong PIN was offered since the last right one, which may have been this; "
        "none was offered",
        "make sure of the PIN in the file, then test this slot alone with --spend-one-try",
    ),
    "pin-elsewhere": Condition(
        "PIN_ELSEWHERE",
        "The PIN is not in the file; none was offered",
        "test with --login to be asked for it",
    ),
    "pin-contradicted": Condition(
        "PIN_CONTRADICTED",
        "The file has two PINs for this slot, of which one is wrong; this one was not offered",
        "write the right one in both places",
    ),
    "secret-rejected-before": Condition(
        "SECRET_REJECTED_BEFORE",
        "Not offered: another test of this run was, or may have been, rejected with the same secret, "
        "and each wrong attempt counts towards a lock",
        "correct the secret first, then test again",
        pin=PinVerdict.NOT_SENT,
    ),
    "stored-secret-rejected": Condition(
        "STORED_SECRET_REJECTED",
        "Not offered",
        "replace it, then test again: ppinui secret update PARTITION (permanent secret), "
        "add-proxy SERVICE_USER (proxy password) or set-pin PARTITION",
    ),
    "session-objects-disabled": Condition(
        "Session objects disabled by HSM configuration",
        "The HSM's policy forbids session objects, so no test key can be made; login and random bytes work",
        "nothing, if your application needs none; else the security officer sets session_objects=true",
        SESSION_OBJECTS_DISABLED,
    ),
    "no-signature-mechanism": Condition(
        "NO_SIGNATURE_MECHANISM",
        "The token can neither make ECDSA nor RSA keys and sign with them; login and random bytes work",
        "nothing, if your application needs neither; pkcs11-tool --module LIB -M lists what the token offers",
    ),
    "random-constant": Condition(
        "RANDOM_CONSTANT",
        "The token's random bytes are all the same",
        "stop using this token for keys and ask its vendor",
    ),
    "signature-wrong": Condition(
        "SIGNATURE_WRONG",
        "A signature made in the token does not verify outside it",
        "stop using this token for signatures and ask its vendor",
    ),
    "interrupted": Condition(
        "INTERRUPTED", "The test was interrupted before this slot was done", "run the test again"
    ),
}


def explain_condition(name: str, detail: str = "") -> ErrorInfo:
    """The error of a condition that ppinui found by itself; ``detail`` is added to its meaning."""
    condition = CONDITIONS[name]
    message = f"{condition.meaning}: {detail}" if detail else condition.meaning
    # Those with a code are about networks and slots; with the others a failed login may stand in the log.
    secret = ConnectionVerdict.SEE_LOG if condition.code is None else ConnectionVerdict.NONE
    verdicts = condition.pin, secret
    return ErrorInfo(condition.code, condition.name, message, condition.remedy, True, *verdicts)
