"""The last step: what comes next, with commands for this set-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ppinui.config.primus import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.setup.steps.answers import concerned
from ppinui.setup.steps.keyring_step import KEYRING, VAULT
from ppinui.setup.steps.secret_status import configured
from ppinui.setup.walkthrough import Block, Here, Step, command, point

NEXT: Final = "next"


def finishing_step() -> Step:
    """Names the commands for applications, openssl, nginx and monitoring."""
    return Step(NEXT, "What next", lambda here: tuple(_text(here)))


def _text(here: Here) -> Iterator[Block]:
    if here.answers.text(KEYRING) == VAULT and here.context.keyrings.named.named is None:
        yield point("Every later command uses the vault, where this is set:")
        yield command("export PPINUI_KEYRING=vault")
    yield point("Start applications with the secrets of the keyring, such as:")
    module = _module(here)
    yield command(f"ppinui run -- pkcs11-tool --module {module} --list-slots")
    yield point("openssl, with its PKCS#11 provider (pkcs11-module-path is the library above):")
    yield command(f"ppinui run -- openssl storeutl -provider pkcs11 'pkcs11:token={_partition(here)}'")
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


def _module(here: Here) -> str:
    context = here.context
    try:
        return str(context.find_module())
    except PpinuiError:
        return "/usr/local/primus/lib/libprimusP11.so"


def _config(here: Here) -> PrimusConfig | None:
    try:
        return configured(here)
    except PpinuiError:
        return None


def _partition(here: Here) -> str:
    config = _config(here)
    names = concerned(here, config).partitions if config else ()
    return names[0] if names else "PARTITION"
