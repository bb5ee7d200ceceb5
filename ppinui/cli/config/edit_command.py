"""``ppinui config set``, ``add-hsm``, ``add-slot``, ``remove``: one edit, shown as a diff or saved."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Sequence
from typing import Final

from ppinui.cli.console import emit, say
from ppinui.cli.program_name import rewrite_commands
from ppinui.cli.save_output import say_processes, say_saved
from ppinui.cli.secret_prompts import ask_secret
from ppinui.config.additions import add_hsm, add_slot
from ppinui.config.checks.registry import problems_around_edit
from ppinui.config.config_save import identify, save
from ppinui.config.locate import locate
from ppinui.config.paths import resolve_path, set_or_insert
from ppinui.config.primus_config import read
from ppinui.config.redaction import is_any_lost, is_of_proxy, is_secret_path, masked_diff, plain_diff
from ppinui.config.settings import DEFAULT_PORT, spec_of
from ppinui.config.template import with_header
from ppinui.config.value_input import KIND_OF, InvalidValueError, parse_value
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.errors import ExitCode, PpinuiError
from ppinui.libconfig.document import Document, Kind, Scalar, load, parse
from ppinui.libconfig.edit import remove
from ppinui.text import printable

_STEPS_TO_COME: Final = frozenset(("no-primus", "no-hsm", "no-slot"))
"""Checks for what a file that is being made has not yet."""


def run(arguments: argparse.Namespace) -> int:
    """Edit the configuration; of a large one, looking for cyclic garbage would take a tenth of the time."""
    gc.disable()
    try:
        return _run(arguments)
    finally:
        gc.freeze()  # nor at the end of the process, which is near
        gc.enable()


def _run(arguments: argparse.Namespace) -> int:
    """Edit the configuration as the arguments say; with --dry-run print the change instead of saving it."""
    # The first HSM is the one edit that makes sense of a file that is not there.
    location = locate(arguments.config, must_exist=arguments.action != "add-hsm")
    read_from = identify(location.path)
    found = load(location.path) if location.exists else None
    old = found or parse("", str(location.path))
    new, added = _edited(old, arguments)
    errors = say_new_problems(old, new, arguments.config)
    if arguments.dry_run:
        emit(diff(old, new, reveal=arguments.reveal))
        if old.text == new.text:
            say("nothing would change")
    if errors and not arguments.force:
        raise _not_sound(errors)
    if arguments.dry_run:
        return ExitCode.FINE
    if old.text == new.text:
        say("nothing to change, nothing saved")
    else:
        report = save(location.path, found, new, read_from=read_from, edit=arguments.repeatable)
        say_saved(report, lost="the old password" if is_any_lost(old.text, new.text) else "")
        say_processes()
    if added is not None:
        emit(f"{added}\n")
    return ExitCode.FINE


def _edited(old: Document, arguments: argparse.Namespace) -> tuple[Document, str | None]:
    """The document after the edit, and the path of what was added (None: nothing)."""
    match arguments.action:
        case "set":
            return set_values(old, arguments.assignments), None
        case "add-hsm":
            model = read(old).hsm(arguments.like) if arguments.like else None
            return add_hsm(
                with_header(old, old.origin),
                host=arguments.host,
                port=arguments.port or (model.port if model else None) or DEFAULT_PORT,
                priority=arguments.priority,
                like=arguments.like,
            )
        case "add-slot":
            return add_slot(
                old,
                arguments.hsm,
                user_name=arguments.user_name,
                id=arguments.id,
                client_id=arguments.client_id,
                proxy_user=arguments.proxy_user,
            )
        case _:
            return remove(old, resolve_path(old, arguments.path)), None


def diff(old: Document, new: Document, *, reveal: bool = False) -> str:
    """The change as a unified diff, clear-text secrets masked unless ``reveal``; empty if nothing changes."""
    return (plain_diff if reveal else masked_diff)(old.text, new.text, old.origin)


def say_new_problems(old: Document, new: Document, given: str | None = None) -> list[Diagnostic]:
    """Say on stderr which errors and warnings of ``ppinui config check`` come with an edit.

    The result are the errors against which an edit is not saved: that the next step is still to be made (an
    HSM without slots yet) is not among them, nor is another value in the place of one that was wrong.
    """
    problems, found = problems_around_edit(old, new)
    before = {(problem.code, problem.subject, problem.message) for problem in problems}
    wrong = {(problem.code, problem.subject) for problem in problems}
    errors = []
    for problem in found:
        if (problem.code, problem.subject, problem.message) in before or problem.severity is Severity.NOTE:
            continue
        is_wrong = problem.severity is Severity.ERROR and problem.code not in _STEPS_TO_COME
        if is_wrong and (problem.code, problem.subject) not in wrong:
            errors.append(problem)
        remedy = printable(rewrite_commands(problem.remedy, given))
        say(f"{problem.severity.value}: {printable(problem.message)}\n    fix: {remedy}")
    return errors


def _not_sound(errors: Sequence[Diagnostic]) -> PpinuiError:
    return PpinuiError(
        f"the edit would bring {'an error' if len(errors) == 1 else f'{len(errors)} errors'} into the file",
        str(errors[0].place),
        "change the edit; nothing was saved (with --force it is, all the same)",
    )


def set_values(document: Document, assignments: Sequence[str]) -> Document:
    """Return the document after each ``PATH=VALUE``, in their order.

    The value is understood by the setting's documented type; without one, by the type that it has now. A
    setting that holds a password has no value here: it is asked for. Raises PpinuiError for a path
    that leads nowhere and a value that does not fit, SecretUnavailable when it cannot be asked for.
    """
    done = set()
    for assignment in assignments:
        given, sign, text = assignment.partition("=")
        path = resolve_path(document, given.strip(), must_exist=False)
        if path in done:
            raise _usage(f"'{path}' is set twice", "set each setting once")
        done.add(path)
        if is_secret_path(path):
            if sign:
                raise _usage(
                    f"'{path}' accepts no value here, where other users and the shell's history could see it",
                    f"leave out the value, it is asked for: ppinui config set {given}",
                )
            value: Scalar = _asked(document, path)
        elif sign:
            value = _typed(document, path, text)
        else:
            raise _usage(f"'{given}' has no value", f"write PATH=VALUE: ppinui config set {given}=VALUE")
        document = set_or_insert(document, path, value)
    return document


def _asked(document: Document, path: str) -> str:
    """The password for a setting, in clear text: the user wants it in the file. Raises SecretUnavailable."""
    group, _, name = path.rpartition(".")
    prompt = f"Provide setup password for '{group}': "
    if is_of_proxy(name):
        user = document.get(f"{group}.proxy_user")
        owner = str(user.value) if user is not None and user.kind is Kind.STRING else group
        prompt = f"Provide proxy password for '{owner}' : "
    secret = ask_secret(prompt, f"the value of '{path}'", twice=True)
    clear = secret.reveal_bytes().decode("utf-8", "surrogateescape")
    secret.wipe()
    return clear


def _typed(document: Document, path: str, text: str) -> Scalar:
    """The value of a setting, from a word of the command line."""
    spec, setting = spec_of(path), document.get(path)
    if spec is not None:
        kind = KIND_OF[spec.type]
    elif setting is not None:
        kind = setting.kind
    else:  # resolve_path lets only documented settings be absent
        raise AssertionError(path)
    if not kind.scalar:
        raise _usage(f"'{path}' is a {kind.value}", "name one of the settings in it")
    try:
        return parse_value(text, kind, spec)
    except InvalidValueError as error:
        if error.value is not None:
            # The checks find the same fault in the edited file, and --force overrules them.
            return error.value
        message = f"'{path}' is {error.expected}, not '{text}'"
        raise _usage(message, f"write {error.expected}") from None


def _usage(message: str, remedy: str) -> PpinuiError:
    return PpinuiError(message, "the command line, at 'ppinui config set'", remedy)
