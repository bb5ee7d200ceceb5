"""What is wrong with a kms.toml besides its form: the file, the libraries, the PINs, the slots."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import library_of, require_library
from ppinui.kms.kms_file import INSTANCES, Instance, KmsFile, KmsSlot
from ppinui.kms.kms_reader import load
from ppinui.provider.library import examine
from ppinui.secrets.secret import Secret
from ppinui.tokens.pin_check import WELL_KNOWN_PINS

ReadSlots = Callable[[Path], Mapping[int, str]]
"""Asks a library for its slots: the label of each one's token, by its id. Raises PpinuiError."""

_WELL_KNOWN: Final = frozenset(
    [*(pin.encode() for pin in WELL_KNOWN_PINS), b"123456789", b"12345", b"password", b"changeme", b"secret"]
)
"""PINs that factories, documentation and templates set."""


def check_file(
    path: Path,
    *,
    read_slots: ReadSlots | None = None,
    module: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
) -> tuple[Diagnostic, ...]:
    """Every problem of a file, in the order of its lines.

    ``read_slots`` asks the libraries; without it, whether the slots are there is not looked at. ``module``:
    the library of every HSM, instead of the one that the KMS would load with ``environ``. Raises PpinuiError
    for a file that cannot be read.
    """
    file = load(path)
    try:
        problems = [*file.problems, *_file_rules(file, path.stat().st_mode)]
        problems += _pin_rules(file)
        problems += _across_instances(file)
        problems += _library_rules(file, read_slots, module, environ, root)
    finally:
        file.wipe()
    return tuple(sorted(problems, key=lambda problem: (problem.place.line, problem.place.column)))


def slot_labels(library: Path, timeout: float) -> Mapping[int, str]:
    """The labels of a library's tokens by the id of their slots, empty where there is none.

    ``timeout``: seconds for each call. Raises PpinuiError where the library cannot be asked.
    """
    from ppinui.pkcs11.module_worker_pool import warm_up
    from ppinui.tokens.module_client import Access
    from ppinui.tokens.slot_list import list_slots

    warm_up()
    found = list_slots(Access(library, timeout=timeout))
    return {slot.id: slot.token.label if slot.token is not None else "" for slot in found.slots}


def is_well_known(pin: Secret) -> bool:
    """Whether a PIN is one that everybody tries first: a factory's, or one character again and again."""
    clear = pin.reveal_bytes()
    return clear.lower() in _WELL_KNOWN or len(set(clear)) == 1


def _all_slots(file: KmsFile) -> Iterator[tuple[Instance, KmsSlot]]:
    return ((instance, slot) for instance in file.instances for slot in instance.slots)


def _file_rules(file: KmsFile, mode: int) -> Iterator[Diagnostic]:
    place = Place(file.origin, 1, 1)
    holds_pin = any(slot.pin for _, slot in _all_slots(file))
    command = f"chmod 0600 {shlex.quote(file.origin)}; its owner has to be the account of the KMS"
    if mode & stat.S_IROTH:
        words = ", and with it the PINs" if holds_pin else ""
        severity = Severity.ERROR if holds_pin else Severity.WARNING
        message = f"everybody can read the file{words}"
        yield Diagnostic("file-readable-by-all", severity, "", message, command, place)
    elif mode & stat.S_IRGRP and holds_pin:
        message = "the file's group can read it, and with it the PINs"
        yield Diagnostic("file-readable-by-group", Severity.NOTE, "", message, command, place)
    if mode & stat.S_IWOTH:
        message = "everybody can change the file, and so choose the library that the KMS loads"
        yield Diagnostic("file-writable-by-all", Severity.ERROR, "", message, command, place)
    if not file.instances and not any(problem.code == "not-toml" for problem in file.problems):
        yield Diagnostic(
            "no-hsm",
            Severity.ERROR,
            "",
            "the file has no HSM: neither hsm_model, hsm_slot and hsm_password, nor [[hsm_instances]]",
            "pick slots for it: ppinui slots, then ppinui kms export --slot ID",
            place,
        )


def _pin_rules(file: KmsFile) -> Iterator[Diagnostic]:
    clear = [(instance, slot) for instance, slot in _all_slots(file) if slot.pin is not None]
    if clear:
        words = "a PIN stands" if len(clear) == 1 else f"{len(clear)} PINs stand"
        yield Diagnostic(
            "pin-in-clear-text",
            Severity.NOTE,
            clear[0][0].path_of("hsm_password"),
            f"{words} in clear text here",
            "keep the file at mode 0600; or let the KMS fetch them (secret://…, with its option --backend); "
            "or, for one slot and a KMS without any kms.toml, use its variable KMS_HSM_PASSWORD",
            clear[0][1].pin_place,
        )
    for instance, slot in clear:
        if slot.pin is not None and is_well_known(slot.pin):
            yield Diagnostic(
                "pin-well-known",
                Severity.WARNING,
                instance.path_of("hsm_password"),
                f"the PIN of slot {slot.id} is a well-known one, which others try first",
                f"change it on the token (ppinui pin change {slot.id}), then here",
                slot.pin_place,
            )


def _across_instances(file: KmsFile) -> Iterator[Diagnostic]:
    paths = [instance.path for instance in file.instances if instance.slots]
    if "" in paths and len(paths) > 1:
        flat = next(instance for instance in file.instances if not instance.path)
        yield Diagnostic(
            "two-forms",
            Severity.WARNING,
            "",
            f"there are [[{INSTANCES}]] and flat settings too: by its documentation the KMS takes the "
            "instances, and some versions take both",
            f"move the flat ones into a table [[{INSTANCES}]] of their own",
            flat.place,
        )
    first: dict[tuple[object, int], Instance] = {}
    for instance, slot in _all_slots(file):
        if slot.id is None or instance.model is None:
            continue
        other = first.setdefault((instance.model, slot.id), instance)
        if other is not instance:
            yield Diagnostic(
                "slot-of-two-instances",
                Severity.WARNING,
                instance.path_of("hsm_slot"),
                f"slot {slot.id} of the same library is there for {other.path or 'the flat settings'} too",
                "remove one of them, and its password",
                slot.place,
            )


def _library_rules(
    file: KmsFile, read_slots: ReadSlots | None, module: Path | None, environ: Mapping[str, str], root: Path
) -> Iterator[Diagnostic]:
    asked: dict[Path, Mapping[int, str] | PpinuiError] = {}
    for instance in file.instances:
        if instance.model is None or not instance.slots:
            continue
        expected = library_of(instance.model, environ=environ, root=root)
        library = module or expected.path
        try:
            if module is None:
                require_library(expected, root=root)
            examine(library)
        except PpinuiError as error:
            yield Diagnostic(
                "library-unusable" if os.path.exists(library) else "library-missing",
                Severity.ERROR,
                instance.path_of("hsm_model"),
                f"{error.message} ({error.place})",
                error.remedy,
                instance.place,
            )
            continue
        if read_slots is None:
            continue
        if library not in asked:
            try:
                asked[library] = read_slots(library)
            except PpinuiError as error:
                asked[library] = error
        yield from _slot_rules(instance, library, asked[library])


def _slot_rules(
    instance: Instance, library: Path, there: Mapping[int, str] | PpinuiError
) -> Iterator[Diagnostic]:
    if isinstance(there, PpinuiError):
        yield Diagnostic(
            "library-silent",
            Severity.NOTE,
            instance.path_of("hsm_slot"),
            f"whether the slots are there could not be asked: {there.message} ({there.place})",
            there.remedy,
            instance.place,
        )
        return
    for slot in instance.slots:
        if slot.id is None or slot.id in there:
            continue
        listed = ", ".join(f"{number} '{label}'" for number, label in list(there.items())[:8])
        listed += ", …" if len(there) > 8 else ""
        yield Diagnostic(
            "slot-not-there",
            Severity.ERROR,
            instance.path_of("hsm_slot"),
            f"the library has no slot {slot.id}",
            f"it has {listed or 'none at all'}; ppinui slots --module {shlex.quote(str(library))} shows them",
            slot.place,
        )
