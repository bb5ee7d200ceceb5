"""What the commands on slots, tokens and objects work with: the module, the slot, and PINs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator

from ppinui.cli.command_context import context_of, say_whose_keyring, say_without_keyring
from ppinui.cli.console import say
from ppinui.cli.secret_prompts import ask_secret
from ppinui.pkcs11.token_flags import UserType
from ppinui.secrets.secret import Secret
from ppinui.text import printable
from ppinui.tokens.module_client import Access
from ppinui.tokens.pins import check_offer
from ppinui.tokens.slot import TokenSlot
from ppinui.tokens.slot_list import find_slot
from ppinui.tokens.token_errors import TokenError
from ppinui.workers.hardening import harden


def access_of(arguments: argparse.Namespace) -> Access:
    """The module that the arguments choose. Raises ModuleNotFound."""
    context = context_of(arguments)
    return Access(
        context.find_module(),
        context.module_environ,
        timeout=context.timeout,
        connect=arguments.connect,
        never_on_primus=arguments.never_on_primus,
    )


def slot_of(arguments: argparse.Namespace, access: Access) -> TokenSlot:
    """The slot that the arguments name, in its present state."""
    return find_slot(access, arguments.slot)


def ask_token_pin(
    arguments: argparse.Namespace, slot: TokenSlot, name: str, *, twice: bool = False
) -> Secret:
    """Ask for a PIN of the slot's token; ``name``: which one, such as ``new user PIN``."""
    what = f"the {name} of {printable(slot.name)}"
    prompt = f"{name[0].upper()}{name[1:]} of {printable(slot.name)}: "
    return ask_secret(prompt, what, twice=twice, descriptor=arguments.pin_fd)


@contextlib.contextmanager
def user_pin(arguments: argparse.Namespace, access: Access, slot: TokenSlot) -> Iterator[Secret | None]:
    """The user's PIN, if the command logs in: from a descriptor, from the keyring, or asked for.

    A PIN from the keyring that the token rejects is marked there, and not offered again.
    """
    if not arguments.login:
        yield None
        return
    token = check_offer(slot, access.module, spend_final_try=arguments.spend_final_try)
    if arguments.pin_fd is not None:
        with _wiped(ask_token_pin(arguments, slot, UserType.USER.pin_name)) as pin:
            yield pin
        return
    # Only now: the keyring's side costs more to import than most tokens take.
    from ppinui.secrets.keyring_errors import KeyringError
    from ppinui.secrets.store import SecretRejectedError
    from ppinui.secrets.token_pins import offer_pin

    harden()
    with contextlib.closing(context_of(arguments)) as context:
        stored = None
        try:
            stored = offer_pin(context.keyrings.store(), token.label)
        except SecretRejectedError:
            raise
        except KeyringError as error:
            say_without_keyring(error)
        if stored is None or stored.password is None:
            with _wiped(ask_token_pin(arguments, slot, UserType.USER.pin_name)) as pin:
                yield pin
            return
        say_whose_keyring(context)
        try:
            yield stored.password
        except TokenError as error:
            if error.rejects_pin:
                by = f"{slot.name} of {access.module}: {error.failure.name}"
                context.keyrings.store().mark_rejected(stored, by)
            raise
        finally:
            stored.wipe()


def keep(
    arguments: argparse.Namespace, slot: TokenSlot, pin: Secret, *, source: str, validated: bool
) -> None:
    """Keep a user PIN in the keyring, under the token's label."""
    from ppinui.secrets.token_pins import keep_pin

    assert slot.token is not None
    harden()
    with contextlib.closing(context_of(arguments)) as context:
        say_whose_keyring(context)
        keep_pin(context.keyrings.store(), slot.token.label, pin, source=source, validated=validated)
    say(f"kept the user PIN of {printable(slot.name)} in the keyring")


@contextlib.contextmanager
def _wiped(secret: Secret) -> Iterator[Secret]:
    try:
        yield secret
    finally:
        secret.wipe()
