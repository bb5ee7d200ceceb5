"""``ppinui kms export``: slots that the user picked, into a kms.toml or as options of the KMS."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ppinui.cli.command_context import context_of, say_whose_keyring, say_without_keyring
from ppinui.cli.console import emit, say
from ppinui.cli.save_output import say_saved
from ppinui.cli.secret_prompts import ask_secret
from ppinui.config.config_save import Identity, identify
from ppinui.errors import ExitCode, PpinuiError
from ppinui.kms.hsm_models import Model, library_of, require_library
from ppinui.kms.kms_checks import slot_labels
from ppinui.kms.kms_edit import NEW, Wanted, change, instance_to_write
from ppinui.kms.kms_file import DEFAULT_ADMIN, Instance, KmsFile, Login
from ppinui.kms.kms_locate import locate_kms
from ppinui.kms.kms_options import as_options, as_variables, variable_of
from ppinui.kms.kms_reader import load, parse
from ppinui.kms.kms_redaction import masked_diff
from ppinui.kms.kms_save import loses_pin, save
from ppinui.provider.library import find_module
from ppinui.secrets.secret import Secret
from ppinui.text import printable
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """Write the file, or print its options or variables; the result is the exit code."""
    path = locate_kms(arguments.config, must_exist=False)
    read_from = identify(path)
    file = load(path) if read_from is not None else parse("", str(path))
    try:
        instance = instance_to_write(file, arguments.instance)
        model = Model(arguments.model) if arguments.model else instance.model if instance else None
        model = model or Model.OTHER
        slots = tuple(dict.fromkeys(arguments.slots))
        labels = _labels(arguments, model, slots)
        if arguments.form != "toml":
            return _print(arguments, model, instance, slots)
        admins = tuple(arguments.admins) if arguments.admins else None if instance else (DEFAULT_ADMIN,)
        with _pins(arguments, instance, slots, labels) as pins:
            wanted = Wanted(slots, pins, model, admins)
            text = change(file, instance, wanted, as_table=arguments.instance == NEW)
            return _write(arguments, path, file, text, read_from)
    finally:
        file.wipe()


def _labels(arguments: argparse.Namespace, model: Model, slots: Sequence[int]) -> Mapping[int, str]:
    """The token's label of each slot, if the library can be asked. Raises PpinuiError for a slot it lacks."""
    named = find_module(arguments.module).path if arguments.module else None
    try:
        library = named or require_library(library_of(model))
        found = slot_labels(library, arguments.timeout)
    except PpinuiError as error:
        say(f"note: whether the slots are there was not asked: {printable(error.message)}")
        return {}
    missing = [slot for slot in slots if slot not in found]
    if missing:
        raise PpinuiError(
            f"the library has no slot {', '.join(map(str, missing))}",
            str(library),
            f"choose among {', '.join(map(str, list(found)[:8])) or 'none'}; "
            f"ppinui slots --module {shlex.quote(str(library))} shows them",
        )
    return found


@contextmanager
def _pins(
    arguments: argparse.Namespace, instance: Instance | None, slots: Sequence[int], labels: Mapping[int, str]
) -> Iterator[Mapping[int, Secret]]:
    """The PINs to write: from the keyring, else asked for where the file has none."""
    pins: dict[int, Secret] = {}
    if not arguments.pins_in_file:
        yield pins
        return
    logins = {slot.id: slot.login for slot in instance.slots} if instance else {}
    # A reference to a secret backend, or an empty PIN, is not to become clear text.
    wanted = [slot for slot in slots if logins.get(slot) not in (Login.ELSEWHERE, Login.EMPTY)]
    try:
        kept = _kept_pins(arguments, [labels[slot] for slot in wanted if slot in labels])
        for slot in wanted:
            name = f"slot {slot}" + (f" '{labels[slot]}'" if slot in labels else "")
            if slot in labels and labels[slot] in kept:
                pins[slot] = kept[labels[slot]]
                say(f"{printable(name)}: PIN from the keyring")
            elif logins.get(slot) is not Login.PIN:
                pins[slot] = ask_secret(f"PIN of {name}: ", f"the PIN of {name}", twice=True)
        yield pins
    finally:
        for pin in pins.values():
            pin.wipe()


def _kept_pins(arguments: argparse.Namespace, labels: Sequence[str]) -> dict[str, Secret]:
    """The PINs that the keyring has, by the label of their token; none where there is no keyring.

    Raises SecretRejectedError for one that a token has rejected, KeyringError where a named keyring fails.
    """
    from ppinui.secrets.keyring_errors import KeyringError
    from ppinui.secrets.token_pins import offer_pin

    pins: dict[str, Secret] = {}
    context = context_of(arguments)
    if not labels or not context.may_have_keyring():
        return pins
    harden()
    with closing(context):
        say_whose_keyring(context)
        try:
            for label in labels:
                stored = offer_pin(context.keyrings.store(), label)
                if stored is not None and stored.password is not None:
                    pins[label] = stored.password
        except KeyringError as error:
            if context.keyring_choice.named is not None:
                raise
            say_without_keyring(error)
    return pins


def _print(
    arguments: argparse.Namespace, model: Model, instance: Instance | None, slots: Sequence[int]
) -> int:
    admins = tuple(arguments.admins or (instance.admins if instance else ()) or (DEFAULT_ADMIN,))
    if arguments.form == "env":
        emit(as_variables(admins, slots))
        say(f"the model has no variable: start the KMS with --hsm-model {model.value}")
    else:
        emit(as_options(model, admins, slots))
    if len(slots) == 1:
        say("PIN: pass it to the KMS as KMS_HSM_PASSWORD, from where its service keeps secrets")
    else:
        say(
            f"PINs: {variable_of(slots[0])} and the others are for your shell to fill in; every user of this "
            "machine can read them\nin the list of processes then. A kms.toml that the KMS alone can read is "
            "better: --as toml"
        )
    say("the KMS looks at neither of them where it finds a kms.toml (-c, COSMIAN_KMS_CONF, /etc/cosmian)")
    return ExitCode.FINE


def _write(
    arguments: argparse.Namespace, path: Path, file: KmsFile, text: str, read_from: Identity | None
) -> int:
    emit(masked_diff(file.text, text, str(path)))
    if text == file.text:
        say("nothing to change, nothing saved")
        return ExitCode.FINE
    if not arguments.dry_run:
        report = save(path, file, text, read_from=read_from, edit=arguments.repeatable)
        lost = "a PIN that is no longer in the file" if loses_pin(file, text) else ""
        say_saved(report, then="; the KMS reads it when it starts", lost=lost)
    written = parse(text, str(path))
    _say_what_has_no_pin(written, arguments.slots)
    written.wipe()
    return ExitCode.FINE


def _say_what_has_no_pin(written: KmsFile, slots: Sequence[int]) -> None:
    """Say which slots have no PIN: the KMS starts with <NO_LOGIN>, and fails when it needs a key."""
    without = [
        str(slot.id)
        for one in written.instances
        for slot in one.slots
        if slot.login is Login.NONE and slot.id in slots
    ]
    if without:
        say(
            f"slot {', '.join(without)}: <NO_LOGIN>; the KMS opens it, and gets at no private key\n"
            "    fix: add --pins-in-file, or write a secret://… of the KMS's secret backend in its place"
        )
