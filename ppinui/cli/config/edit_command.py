"""``ppinui config set``, ``add-hsm``, ``add-slot``, ``remove``: one edit, shown as a diff or saved."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
from collections.abc import Sequence
from typing import Final

from ppinui.cli.console import emit, printable, say
from ppinui.cli.program_name import rewrite_commands
from ppinui.cli.secret_prompts import ask_secret
from ppinui.config.checks.registry import check_document
from ppinui.config.config_save import SaveReport, identify, save
from ppinui.config.library_users import processes_using
from ppinui.config.locate import locate
from ppinui.config.primus import (
    DEFAULT_PORT,
    add_hsm,
    add_slot,
    put,
    read,
    resolve_path,
    spec_of,
)
from ppinui.config.redaction import is_any_lost, masked_diff, plain_diff
from ppinui.config.secret_detection import is_of_proxy, is_secret_path
from ppinui.config.template import begun
from ppinui.config.value_input import KIND_OF, InvalidValueError, parse_value
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.errors import ExitCode, PpinuiError
from ppinui.libconfig.document import Document, Kind, Scalar, load, parse
from ppinui.libconfig.edit import remove
from ppinui.provider.library import find_module

_STEPS_TO_COME: Final = frozenset(("no-primus", "no-hsm", "no-slot"))
"""Checks for what a file that is being made has not yet."""


def run(arguments: argparse.Namespace) -> int:
    """Edit the configuration as the arguments say; with --dry-run print the change instead of saving it."""
    begins = arguments.action == "add-hsm"  # the one edit that makes sense of a file that is not there
    location = locate(arguments.config, must_exist=not begins)
    path = location.path
    read_from = identify(path)
    found = load(path) if location.exists else None
    old = found or parse("", str(path))
    added: str | None = None
    match arguments.action:
        case "set":
            new = set_values(old, arguments.assignments)
        case "add-hsm":
            port = arguments.port or _port_of(old, arguments.like)
            new, added = add_hsm(
                begun(found, str(path)),
                host=arguments.host,
                port=port,
                priority=arguments.priority,
                like=arguments.like,
            )
        case "add-slot":
            new, added = add_slot(
                old,
                arguments.hsm,
                user_name=arguments.user_name,
                id=arguments.id,
                client_id=arguments.client_id,
                proxy_user=arguments.proxy_user,
            )
        case _:
            new = remove(old, resolve_path(old, arguments.path))
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
        report = save(path, found, new, read_from=read_from, edit=_words(arguments))
        _say_what_was_saved(report)
        if report.backup is not None and is_any_lost(old.text, new.text):
            say(
                f"the old password stands in clear text in {printable(str(report.backup))}\n"
                f"    do: once all works, shred -u {printable(shlex.quote(str(report.backup)))}"
            )
    if added is not None:
        emit(f"{added}\n")
    return ExitCode.FINE


def diff(old: Document, new: Document, *, reveal: bool = False) -> str:
    """The change as a unified diff, clear-text secrets masked unless ``reveal``; empty if nothing changes."""
    return (plain_diff if reveal else masked_diff)(old.text, new.text, old.origin)


def say_new_problems(old: Document, new: Document, given: str | None = None) -> list[Diagnostic]:
    """Say on stderr which errors and warnings of ``ppinui config check`` come with an edit.

    The result are the errors against which an edit is not saved: that the next step is still to be made (an
    HSM without slots yet) is not among them, nor is another value in the place of one that was wrong.
    """
    problems = check_document(old)
    before = {(problem.code, problem.subject, problem.message) for problem in problems}
    wrong = {(problem.code, problem.subject) for problem in problems}
    errors = []
    for problem in check_document(new):
        if (problem.code, problem.subject, problem.message) in before or problem.severity is Severity.NOTE:
            continue
        is_wrong = problem.severity is Severity.ERROR and problem.code not in _STEPS_TO_COME
        if is_wrong and (problem.code, problem.subject) not in wrong:
            errors.append(problem)
        remedy = printable(rewrite_commands(problem.remedy, given))
        say(f"{problem.severity.value}: {printable(problem.message)}\n    do: {remedy}")
    return errors


def _not_sound(errors: Sequence[Diagnostic]) -> PpinuiError:
    return PpinuiError(
        f"the edit would bring {'an error' if len(errors) == 1 else f'{len(errors)} errors'} into the file",
        str(errors[0].place),
        "change the edit; nothing was saved (with --force it is, all the same)",
    )


def set_values(document: Document, assignments: Sequence[str]) -> Document:
    """The document with each ``PATH=VALUE`` carried out, in their order.

    The value is understood by the setting's documented type; without one, by the type that it has now. A
    setting that holds a password stands without a value: it is asked for. Raises PpinuiError for a path
    that leads nowhere and a value that does not fit, SecretUnavailable when there is nobody to ask.
    """
    done = set()
    for assignment in assignments:
        given, sign, text = assignment.partition("=")
        path = resolve_path(document, given.strip(), must_exist=False)
        if path in done:
            raise PpinuiError(
                f"'{path}' is there twice",
                "the command line, at 'ppinui config set'",
                "give each setting one value",
            )
        done.add(path)
        if is_secret_path(path):
            if sign:
                raise PpinuiError(
                    f"'{path}' takes no value here, where other users and the shell's history could see it",
                    "the command line, at 'ppinui config set'",
                    f"leave the value away, it is asked for: ppinui config set {given}",
                )
            document = _put_secret(document, path)
        elif not sign:
            raise PpinuiError(
                f"'{given}' has no value",
                "the command line, at 'ppinui config set'",
                f"write PATH=VALUE: ppinui config set {given}=VALUE",
            )
        else:
            document = put(document, path, _typed(document, path, text))
    return document


def _put_secret(document: Document, path: str) -> Document:
    group, _, name = path.rpartition(".")
    owner = group
    prompt = f"Provide setup password for '{owner}': "
    if is_of_proxy(name):
        user = document.get(f"{group}.proxy_user")
        owner = str(user.value) if user is not None and user.kind is Kind.STRING else group
        prompt = f"Provide proxy password for '{owner}' : "
    secret = ask_secret(prompt, f"the value of '{path}'", twice=True)
    # From here on it is part of a text: the user wants it in the file in the clear.
    clear = secret.reveal_bytes().decode("utf-8", "surrogateescape")
    secret.wipe()
    return put(document, path, clear)


def _typed(document: Document, path: str, text: str) -> Scalar:
    """The value that a word of the command line stands for, for this setting."""
    spec, setting = spec_of(path), document.get(path)
    if spec is not None:
        kind = KIND_OF[spec.type]
    elif setting is not None:
        kind = setting.kind
    else:  # resolve_path lets only documented settings be absent
        raise AssertionError(path)
    if not kind.scalar:
        raise _unfit(path, f"is a {kind.value}", "name one of the settings in it")
    try:
        return parse_value(text, kind, spec)
    except InvalidValueError as error:
        if error.value is not None:
            # The checks find the same fault in the edited file, and --force overrules them.
            return error.value
        raise _unfit(path, f"is {error.expected}, not '{text}'", f"give {error.expected}") from None


def _unfit(path: str, what: str, remedy: str) -> PpinuiError:
    return PpinuiError(f"'{path}' {what}", "the command line, at 'ppinui config set'", remedy)


def _port_of(document: Document, like: str | None) -> str:
    """The port of the HSM that is to be copied, else the usual one."""
    model = read(document).hsm(like) if like else None
    return (model.port if model else None) or DEFAULT_PORT


def _words(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The edit as the words behind ``ppinui -c FILE``, for somebody with the rights to run it again."""
    words = ["config", arguments.action]
    match arguments.action:
        case "set":
            words += arguments.assignments
        case "remove":
            words.append(arguments.path)
        case "add-slot":
            words.append(arguments.hsm)
    if arguments.force:
        words.append("--force")
    for option in ("host", "port", "priority", "like", "user_name", "id", "client_id", "proxy_user"):
        value = getattr(arguments, option, None)
        if value is not None:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return tuple(words)


def _say_what_was_saved(report: SaveReport) -> None:
    say(f"saved {printable(str(report.path))}")
    if report.backup is not None:
        say(f"the file as it was before: {printable(str(report.backup))}")
    for note in report.notes:
        say(printable(note))
    _name_processes()


def _name_processes() -> None:
    """Say who goes on with the old configuration: it is read once, when the library is initialised."""
    library = None
    with contextlib.suppress(PpinuiError):  # none is found here: applications may have their own
        library = find_module().path
    users = processes_using(library)
    if users.processes:
        names = ", ".join(f"{printable(process.name)} (pid {process.pid})" for process in users.processes)
        say(f"these go on with the old configuration until they are restarted: {names}")
    if users.unseen and os.geteuid() != 0:
        say(f"of {users.unseen} processes of others this account cannot see what they use; root can")
