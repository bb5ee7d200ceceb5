"""What ppinui refuses to do at a token: each with the reason and the next step."""

from __future__ import annotations

from typing import Final

from ppinui.errors import ExitCode, PpinuiError

REFUSALS: Final = {
    "not-loadable": (
        "The PKCS#11 library cannot be loaded: {detail}",
        "check that it is the library for this machine and that what it needs is installed: ldd LIB",
    ),
    "primus": (
        "This is the Primus provider: asked for a slot, it connects to the HSMs with your secrets",
        "see the slots with 'ppinui config show' and test them with 'ppinui --test', or add --connect; "
        "another library is named with --module LIB",
    ),
    "never-on-a-primus": (
        "This is the Primus provider, and on a Primus the security officer does this on the HSM",
        "use the HSM's console or Loader; another library is named with --module LIB",
    ),
    "no-such-slot": (
        "The module has no slot with this id, and no token with this label: {detail}",
        "see what is there: ppinui slots",
    ),
    "label-not-unique": (
        "Several tokens have this label: {detail}",
        "name the slot by its id",
    ),
    "no-token": ("There is no token in this slot: {detail}", "see what is there: ppinui slots"),
    "other-token": (
        "The slot holds another token than the one that was looked at a moment ago",
        "see what is there now, and start again: ppinui slots",
    ),
    "not-initialised": (
        "The token was never initialised",
        "initialise it first: ppinui token init SLOT --label L",
    ),
    "own-keypad": (
        "The token takes its PINs at its own keypad, which ppinui cannot use",
        "use the tool of the token's vendor",
    ),
    "pin-locked": (
        "The token says that this PIN is locked; none was offered",
        "a user PIN is set anew by the security officer: ppinui pin init SLOT",
    ),
    "pin-not-set": (
        "The token says that no user PIN has been set; none was offered",
        "let the security officer set one: ppinui pin init SLOT",
    ),
    "pin-count-low": (
        "The token says that a wrong PIN was offered since the last right one; no other is tried",
        "log in with the right PIN, which clears that, or let the security officer set a new one",
    ),
    "pin-length": (
        "{detail}",
        "choose a PIN of a length that the token takes; none was offered",
    ),
    "same-pin": ("The new PIN is the old one", "choose another; none was offered"),
    "no-signatures": (
        "The token can neither make EC keys for ECDSA nor RSA keys",
        "use a key of a kind that it knows with your own application",
    ),
    "nothing-to-export": (
        "No public key or certificate is like this",
        "see what is there: ppinui objects SLOT; what is private needs --login",
    ),
    "several-to-export": (
        "Several public keys or certificates are like this: {detail}",
        "say which: --id, --label and --type together",
    ),
    "not-exportable": (
        "This cannot be written as PEM: {detail}",
        "use the tool of the token's vendor",
    ),
    "label-too-long": (
        "A label has up to 32 bytes of UTF-8, and this one has {detail}",
        "choose a shorter one",
    ),
    "label-not-text": (
        "A label is text that can be shown, and not empty",
        "name the token: --label L",
    ),
    "pin-final-try": (
        "The token says that one more wrong PIN locks it; none was offered",
        "make sure of the PIN, then repeat with --spend-final-try",
    ),
}
"""By name: the reason, and the next step. The place comes from the code that raises the error."""


class TokenRefusal(PpinuiError):
    """ppinui refused to do something, and nothing was changed. ``name``: one of :data:`REFUSALS`."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, place: str, detail: str = "") -> None:
        message, remedy = REFUSALS[name]
        super().__init__(message.format(detail=detail), place, remedy)
        self.name = name
