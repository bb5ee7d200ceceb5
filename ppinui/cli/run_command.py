"""``ppinui run``: this process becomes a command that has its secrets from the keyring, in memory alone."""

from __future__ import annotations

import argparse
import contextlib
import grp
import os
import pwd
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from ppinui.audit import trace
from ppinui.cli.command_context import say_whose_keyring
from ppinui.cli.secret.secret_session import SecretSession
from ppinui.config.locate import CONFIG_VARIABLE, SECRETS_VARIABLE
from ppinui.errors import PpinuiError
from ppinui.files.memory_file import Owner, SealedFile
from ppinui.files.private_folder import PrivateFolder, memory_place
from ppinui.services.run_environment import Equipment, equip

_NO_ID: Final = 2**32 - 1
"""What chown(2) takes for "leave it as it is"; users and groups have smaller numbers."""
_IGNORED_BY_PYTHON: Final = (signal.SIGPIPE, signal.SIGXFSZ)


def run(arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> NoReturn:
    """Replace this process by the command. Raises PpinuiError where nothing was started.

    The command inherits what it would inherit from a shell: environment, open files, working folder, limits.
    Two things are different: it writes no core files, for the secrets would be in them, and the descriptor
    that the vault's passphrase came by is closed.
    """
    program = find_program(arguments.argv[0], environ)
    owner = None if arguments.owner is None else find_owner(arguments.owner)
    if owner is not None:
        SealedFile("trial", b"", owner=owner).close()  # fails before a secret is asked for
    with contextlib.closing(SecretSession(arguments, environ)) as session:
        for user in arguments.users:
            session.users.copies(user)
        say_whose_keyring(session.context)
        equipment = equip(session.config, session.store, arguments.users, in_file=session.in_file)
    _close_descriptor(arguments.vault_passphrase_fd)
    trace("hand over secrets", program, environ=environ)
    if arguments.tmpfs:
        _replace_with_folder(program, arguments.argv, environ, equipment, owner)
    _replace_with_memory_files(program, arguments.argv, environ, equipment, owner)


def find_program(name: str, environ: Mapping[str, str]) -> Path:
    """The file that a shell would execute for this name. Raises PpinuiError."""
    found = shutil.which(name, path=environ.get("PATH"))
    if found is not None:
        return Path(found)
    if "/" in name:
        problem = "this is not a program that you may execute" if os.path.lexists(name) else "there is none"
        raise PpinuiError(
            f"the command cannot be started: {problem}", name, "check its name, and its mode (chmod +x)"
        )
    raise PpinuiError(
        f"the command '{name}' was not found",
        f"PATH={environ.get('PATH', '')}",
        "check its name, or name its full path",
    )


def find_owner(words: str) -> Owner:
    """``USER:GROUP`` or ``USER`` (then with its own group); names or numbers. Raises PpinuiError."""
    user, separator, group = words.partition(":")
    try:
        if separator:
            # A number needs no account: that of a container may have none.
            uid = _number(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid
            return Owner(uid, _number(group) if group.isdecimal() else grp.getgrnam(group).gr_gid)
        account = pwd.getpwuid(_number(user)) if user.isdecimal() else pwd.getpwnam(user)
        return Owner(account.pw_uid, account.pw_gid)
    except KeyError:
        raise PpinuiError(
            f"there is no such user or group: '{words}'",
            "--owner",
            "name an account and a group of this machine, as USER:GROUP",
        ) from None


def _number(digits: str) -> int:
    number = int(digits)
    if number >= _NO_ID:
        raise KeyError(digits)
    return number


def replace_process(program: Path, words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process with a program; ``words``: its name and arguments. Raises PpinuiError."""
    # Python ignores these from its start on, and a program inherits what is ignored.
    before = [(number, signal.signal(number, signal.SIG_DFL)) for number in _IGNORED_BY_PYTHON]
    try:
        os.execve(program, list(words), environ)  # noqa: S606 - a shell is what is not wanted
    except (OSError, ValueError) as error:
        for number, handler in before:
            signal.signal(number, handler)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PpinuiError(
            f"the command cannot be started: {reason}", str(program), "see whether it starts by itself"
        ) from None


def _replace_with_memory_files(
    program: Path, words: Sequence[str], environ: Mapping[str, str], equipment: Equipment, owner: Owner | None
) -> NoReturn:
    with contextlib.ExitStack() as end:
        files = {}
        for variable, name, content in (
            (CONFIG_VARIABLE, "primus.cfg", equipment.configuration),
            (SECRETS_VARIABLE, "secrets.cfg", equipment.secrets_file),
        ):
            files[variable] = SealedFile(name, content, owner=owner)
            end.callback(files[variable].close)
        for file in files.values():
            file.pass_on()
        replace_process(
            program, words, {**environ, **{variable: file.path for variable, file in files.items()}}
        )


def _replace_with_folder(
    program: Path, words: Sequence[str], environ: Mapping[str, str], equipment: Equipment, owner: Owner | None
) -> NoReturn:
    place = memory_place(environ, for_everybody=owner is not None)
    # Only an error ends the block, and removes the folder; after that it belongs to the watcher.
    with PrivateFolder(place, detached=True) as folder:
        paths = {
            CONFIG_VARIABLE: folder.write("primus.cfg", equipment.configuration, 0o400),
            SECRETS_VARIABLE: folder.write(".secrets.cfg", equipment.secrets_file, 0o400),
        }
        if owner is not None:
            folder.give_to(owner)
        replace_process(
            program, words, {**environ, **{variable: str(path) for variable, path in paths.items()}}
        )


def _close_descriptor(descriptor: int | None) -> None:
    """Close the descriptor of the vault's passphrase; standard input becomes an empty one."""
    if descriptor is None:
        return
    with contextlib.suppress(OSError):  # it was not open, and not needed
        if descriptor > 2:
            os.close(descriptor)
        else:
            nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            os.dup2(nothing, descriptor)
            os.close(nothing)
