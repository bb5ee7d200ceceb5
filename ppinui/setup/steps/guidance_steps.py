"""The first and the last step: what to have at hand, and what comes next, with commands for this set-up."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.setup.steps.keyring_step import KEYRING, VAULT
from ppinui.setup.steps.secret_status import saved_config, users_of
from ppinui.setup.walkthrough import Block, Here, Step, blocks_of

BEFORE: Final = "before"

PASSWORDS: Final = """
- the setup password of each partition: five groups of five letters and digits, such as
  XXXXX-XXXXX-XXXXX-XXXXX-XXXXX. It is used once
- the PKCS#11 PIN of each partition (PKCS#11 password)
"""
SETTINGS: Final = """
On the HSM these have to be on. Its security officer sets them, for the device, or for the partition alone
with hsm_user_… in the place of hsm_sec_…:
- the PKCS#11 service, on an interface that this machine reaches, port 2310
- client access and PKCS#11, a PKCS#11 password, and session objects, which most applications need:

$ hsm_sec_set_config crypto_access=true
$ hsm_sec_set_config pkcs11=true
$ hsm_sec_set_config session_objects=true

- the PKCS#11 password is the parameter pkcs_pwd of the same command
- a setup password comes from ROLES, USER, NEW SETUP PW, or hsm_sec_new_setup_pass
"""
"""How an HSM administrator makes an HSM ready for PKCS#11 (ppin.md, "What has to be set up around it")."""


def before_step(at_hand: str) -> Step:
    """Says what to have at hand, in the words of a kind."""
    never_kept = "Passwords are asked for without echo, when they are needed, and never kept in clear text."
    return Step(BEFORE, "What you need", f"{at_hand}\n\n{never_kept}")


NEXT: Final = "next"


_VAULT_TEXT: Final = """
    - Every later command uses the vault, where this is set:

    $ export PPINUI_KEYRING=vault
"""
_NEXT_TEXT: Final = """
    - Start applications with the secrets of the keyring, such as:

    $ ppinui run -- pkcs11-tool --module {module} --list-slots

    - openssl, with its PKCS#11 provider (pkcs11-module-path is the library above):

    $ ppinui run -- openssl storeutl -provider pkcs11 'pkcs11:token={partition}'

    - nginx drops root's rights, so the files have to be its worker's, and its configuration has to keep two
      variables:

    $ # in nginx.conf: env SECUROSYS_PKCS11_CONF; env SECUROSYS_SECRETS_CONF;
    $ ppinui run --owner www-data:www-data -- nginx -g 'daemon off;'

    - Applications that cannot be started so read .secrets.cfg. It is blinded, not encrypted:

    $ ppinui secret export {secrets_file}

    - Monitoring: the exit code is 1 when a slot is not fine, and the JSON says which and why:

    $ ppinui --test --format json
    $ ppinui doctor
"""


def _next_text(here: Here) -> tuple[Block, ...]:
    uses_vault = here.answers.text(KEYRING) == VAULT and here.context.keyrings.named.named is None
    module, partition = "/usr/local/primus/lib/libprimusP11.so", "PARTITION"
    with suppress(PpinuiError):
        module = str(here.context.find_module())
    with suppress(PpinuiError):
        partition = next(iter(users_of(here, saved_config(here)).partitions), partition)
    return blocks_of(
        (_VAULT_TEXT if uses_vault else "") + _NEXT_TEXT,
        module=module,
        partition=partition,
        secrets_file=str(here.context.secrets_location().path),
    )


FINISHING_STEP: Final = Step(NEXT, "What next", _next_text)
"""Names the commands for applications, openssl, nginx and monitoring."""
