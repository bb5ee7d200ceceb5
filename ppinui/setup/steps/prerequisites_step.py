"""The first step: what is needed, and where it comes from."""

from __future__ import annotations

from typing import Final

from ppinui.setup.walkthrough import Block, Step, command, point, text

BEFORE: Final = "before"

SETUP_PASSWORD: Final = point(
    "the setup password of each partition: five groups of five letters and digits, such as "
    "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX. It is used once"
)
PIN: Final = point("the PKCS#11 PIN of each partition (PKCS#11 password)")
SETTINGS: Final = (
    text(
        "On the HSM these have to be on. Its security officer sets them, for the device, or for the "
        "partition alone with hsm_user_… in the place of hsm_sec_…:"
    ),
    point("the PKCS#11 service, on an interface that this machine reaches, port 2310"),
    point(
        "client access and PKCS#11, a PKCS#11 password, and session objects, which most applications need:"
    ),
    command(
        "hsm_sec_set_config crypto_access=true",
        "hsm_sec_set_config pkcs11=true",
        "hsm_sec_set_config session_objects=true",
    ),
    point("the PKCS#11 password is the parameter pkcs_pwd of the same command"),
    point("a setup password comes from ROLES, USER, NEW SETUP PW, or hsm_sec_new_setup_pass"),
)
"""How an HSM administrator makes an HSM ready for PKCS#11 (ppin.md, "What has to be set up around it")."""


def before_step(*blocks: Block) -> Step:
    """Says what to have at hand; a kind gives the words."""
    return Step(
        BEFORE,
        "What you need",
        lambda _: (
            *blocks,
            text("Passwords are asked for without echo, when they are needed, and never kept in clear text."),
        ),
    )
