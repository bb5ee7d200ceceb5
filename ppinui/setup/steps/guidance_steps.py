"""The first and the last step: what to have at hand, and what comes next, with commands for this set-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.setup.steps.keyring_step import KEYRING, VAULT
from ppinui.setup.steps.secret_status import saved_config, users_of
from ppinui.setup.walkthrough import Block, Here, Step, command, point, text

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
    """Says what to have at hand, in the words of a kind."""
    never_kept = "Passwords are asked for without echo, when they are needed, and never kept in clear text."
    return Step(BEFORE, "What you need", (*blocks, text(never_kept)))


NEXT: Final = "next"


def _next_text(here: Here) -> Iterator[Block]:
    if here.answers.text(KEYRING) == VAULT and here.context.keyrings.named.named is None:
        yield point("Every later command uses the vault, where this is set:")
        yield command("export PPINUI_KEYRING=vault")
    yield point("Start applications with the secrets of the keyring, such as:")
    module = _next_module(here)
    yield command(f"ppinui run -- pkcs11-tool --module {module} --list-slots")
    yield point("openssl, with its PKCS#11 provider (pkcs11-module-path is the library above):")
    yield command(f"ppinui run -- openssl storeutl -provider pkcs11 'pkcs11:token={_next_partition(here)}'")
    yield point(
        "nginx drops root's rights, so the files have to be its worker's, and its configuration has to keep "
        "two variables:"
    )
    yield command(
        "# in nginx.conf: env SECUROSYS_PKCS11_CONF; env SECUROSYS_SECRETS_CONF;",
        "ppinui run --owner www-data:www-data -- nginx -g 'daemon off;'",
    )
    yield point("Applications that cannot be started so read .secrets.cfg. It is blinded, not encrypted:")
    yield command(f"ppinui secret export {here.context.secrets_location().path}")
    yield point("Monitoring: the exit code is 1 when a slot is not fine, and the JSON says which and why:")
    yield command("ppinui --test --format json", "ppinui doctor")


def _next_module(here: Here) -> str:
    context = here.context
    try:
        return str(context.find_module())
    except PpinuiError:
        return "/usr/local/primus/lib/libprimusP11.so"


def _next_config(here: Here) -> PrimusConfig | None:
    try:
        return saved_config(here)
    except PpinuiError:
        return None


def _next_partition(here: Here) -> str:
    config = _next_config(here)
    names = users_of(here, config).partitions if config else ()
    return names[0] if names else "PARTITION"


FINISHING_STEP: Final = Step(NEXT, "What next", lambda here: tuple(_next_text(here)))
"""Names the commands for applications, openssl, nginx and monitoring."""
