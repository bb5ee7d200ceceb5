"""Rules on who can read and change what: the log, the file itself, and passwords in clear text."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from ppinui.config.checks.subject import Profile, Subject, called, problem, rule
from ppinui.config.locate import GROUP
from ppinui.config.paths import short_path
from ppinui.config.redaction import (
    SHAPE,
    ClearSecret,
    Looks,
    find_secrets,
    is_of_proxy,
    is_of_setup,
    is_secret_name,
    mask,
)
from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.files.replacement import backup_name
from ppinui.libconfig.document import Document
from ppinui.libconfig.includes import Source, decode
from ppinui.text import quoted

_WINDOWS: Final = re.compile(r"[A-Za-z]:|%|\\\\")
_HIGHEST_LEVEL: Final = 4  # warning; the vendor's word for production
_INPUTS: Final = 1  # the bit of trace_mask that logs what goes into each PKCS#11 function


@rule
def log_file(subject: Subject) -> Iterator[Diagnostic]:
    """log-file-writable-by-all: any user can put a link there before the log is made (production profile).

    log-file-relative: each application would have a log of its own, where it was started.
    """
    log = subject.config.log
    file = log["file"]
    written = subject.document.get("primus.log.file")
    if not written and not (subject.complete and subject.document.get("primus")):
        return
    if not isinstance(file, str) or log["write_log_file"] is False:
        return
    path = PureWindowsPath(file) if _WINDOWS.match(file) else PurePosixPath(file)
    at = subject.where("primus.log.file", "primus.log", "primus")
    default = "" if written else " (the default)"
    if subject.writable_by_all(path.parent):
        yield problem(
            "log-file-writable-by-all",
            Severity.ERROR if subject.profile is Profile.PRODUCTION else Severity.NOTE,
            at,
            f"the log file is {file}{default}, in a folder that everybody can write",
            'set primus.log.file to a folder of the group primus, such as "/var/log/primus/primus.log"',
        )
    elif isinstance(path, PurePosixPath) and not path.is_absolute():
        yield problem(
            "log-file-relative",
            Severity.NOTE,
            at,
            f"the log file {quoted(file)} is relative to the folder that each application is started in",
            "write the whole path",
        )


@rule
def trace_mask(subject: Subject) -> Iterator[Diagnostic]:
    """trace-mask-not-zero: meant for hunting a fault; bit 1 logs inputs of functions (production profile)."""
    bits = subject.config.log["trace_mask"]
    if isinstance(bits, int) and bits != 0:
        inputs = (
            "the inputs of functions, PINs among them, may get" if bits & _INPUTS else "internal data get"
        )
        yield problem(
            "trace-mask-not-zero",
            Severity.ERROR if subject.profile is Profile.PRODUCTION else Severity.WARNING,
            subject.where("primus.log.trace_mask"),
            f"trace_mask is {bits}: {inputs} into the log",
            "write trace_mask = 0x00; when the fault is found",
        )


@rule
def production(subject: Subject) -> Iterator[Diagnostic]:
    """production-trace-level: production has no debug output in its log."""
    level = subject.config.log["trace_level"]
    if subject.profile is Profile.PRODUCTION and isinstance(level, int) and level > _HIGHEST_LEVEL:
        yield problem(
            "production-trace-level",
            Severity.ERROR,
            subject.where("primus.log.trace_level"),
            f"trace_level is {level}: production has at most {_HIGHEST_LEVEL}",
            f"set it: ppinui config set log.trace_level={_HIGHEST_LEVEL}",
        )


_PROVIDER_FOLDER: Final = Path("usr/local/primus/etc")
_LEFT_BY_PACKAGES: Final = (".dpkg-new", ".dpkg-dist", ".rpmnew")
_FORTIGATE_LIMIT: Final = 3000  # bytes in base64
_TOOLS: Final = r"ansible|puppet|chef|salt|saltstack|cfengine|terraform|rudder|cloud-init|kustomize|helm"
_MANAGED: Final = re.compile(
    rf"""\b(?:{_TOOLS})\b.{{0,40}}\b(?:managed|generated|controlled)
    | \b(?:managed|generated|controlled|deployed)\s+(?:by|with|from|via|through|using)\b
    | \bauto(?:matically)?[\s-]*generated
    | \b(?:do\s+not|don[’']t|never)\s+(?:edit|modify|change|touch)
    | \b(?:changes|edits|modifications)\b.{{0,60}}\b(?:overwritten|lost|reverted)""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST_QUOTE: Final = 80  # characters


@dataclass(frozen=True)
class FileFacts:
    """What the file system says of a primus.cfg; modes are ``st_mode``, groups are numbers."""

    path: Path
    mode: int
    group: int
    folder_mode: int
    in_provider_folder: bool
    beside: tuple[str, ...]
    """Files that package updates left beside it."""
    secrets_size: int | None
    """Bytes of the .secrets.cfg beside it; None where there is none."""
    primus_group: int | None
    """The number of the group primus; None where the machine has none."""
    backups: tuple[str, ...]
    """Backups beside it (FILE.bak, as a save leaves them) that hold a password in clear text."""


def group_number(name: str) -> int | None:
    """The number of a group of this machine; None where there is none (or no such thing as groups)."""
    try:
        import grp

        return grp.getgrnam(name).gr_gid
    except (ImportError, KeyError):
        return None


def facts_of(path: Path, *, root: Path, find_group: Callable[[str], int | None]) -> FileFacts:
    """Look at a file. Links are followed: what counts is the file that the library reads. Raises OSError."""
    real = path.resolve(strict=True)
    status = real.stat()
    # As absolute paths, or one file would be there twice under two names.
    names = {path.parent.resolve() / path.name, real}
    return FileFacts(
        path,
        status.st_mode,
        status.st_gid,
        real.parent.stat().st_mode,
        (root / _PROVIDER_FOLDER).resolve() == real.parent,
        tuple(
            sorted(
                str(leftover)
                for name in names
                for ending in _LEFT_BY_PACKAGES
                if (leftover := name.with_name(name.name + ending)).exists()
            )
        ),
        _size(path.parent / ".secrets.cfg"),
        find_group(GROUP),
        tuple(sorted(str(backup) for name in names if _holds_password(backup := _backup_of(name)))),
    )


def _backup_of(file: Path) -> Path:
    return file.with_name(backup_name(file.name))


def _holds_password(path: Path) -> bool:
    """Whether there is such a file with a password in it; one that cannot be read counts as none."""
    try:
        text = decode(path.read_bytes()) if path.is_file() else ""
    except OSError:
        return False
    return any(secret.looks is Looks.REAL for secret in find_secrets(text))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def writable_by_all(folder: str) -> bool | None:
    """Whether everybody can write in a folder; None where there is no such folder."""
    try:
        return bool(os.stat(folder).st_mode & stat.S_IWOTH)
    except OSError:
        return None


def problems_of_file(
    facts: FileFacts, profile: Profile | None, *, holds_password: bool
) -> Iterator[Diagnostic]:
    """file-readable-by-all, file-writable-by-all, file-not-of-group-primus, folder-writable-by-all,
    provider-folder, package-version-beside, password-in-backup, fortigate-secrets-size.
    """
    at = Place(str(facts.path), 1, 1)
    name = shlex.quote(str(facts.path))
    password = ", which holds a password in clear text" if holds_password else ""
    if facts.mode & stat.S_IROTH:
        yield problem(
            "file-readable-by-all",
            Severity.ERROR if holds_password else Severity.WARNING,
            at,
            f"everybody can read the file{password}",
            f"chmod 0640 {name}",
        )
    if facts.mode & stat.S_IWOTH:
        yield problem(
            "file-writable-by-all",
            Severity.ERROR,
            at,
            "everybody can change the file, and so send the applications to another HSM",
            f"chmod 0640 {name}",
        )
    if facts.primus_group is not None and (
        facts.group != facts.primus_group or not facts.mode & stat.S_IRGRP
    ):
        yield problem(
            "file-not-of-group-primus",
            Severity.WARNING,
            at,
            f"the group {GROUP}, which the users of the library are in, cannot read the file as a group",
            f"chgrp {GROUP} {name} && chmod 0640 {name}",
        )
    if facts.folder_mode & stat.S_IWOTH and not facts.folder_mode & stat.S_ISVTX:
        yield problem(
            "folder-writable-by-all",
            Severity.ERROR,
            at,
            "everybody can write in the file's folder, and so put another file in its place",
            f"chmod o-w {shlex.quote(str(facts.path.parent))}",
        )
    if facts.in_provider_folder:
        yield problem(
            "provider-folder",
            Severity.WARNING,
            at,
            "the file lies in the provider's own folder: updates of the provider overwrite it",
            "copy it to /etc/primus/primus.cfg, which is found first",
        )
    for leftover in facts.beside:
        yield problem(
            "package-version-beside",
            Severity.WARNING,
            at,
            f"an update left its own version beside the file: {leftover}",
            "compare the two, take over what is new, and remove the one from the package",
        )
    for backup in facts.backups:
        yield problem(
            "password-in-backup",
            Severity.WARNING,
            at,
            f"the backup beside the file holds a password in clear text: {backup}",
            f"once the file is as you want it: shred -u {shlex.quote(backup)}",
        )
    if profile is Profile.FORTIGATE and facts.secrets_size is not None:
        size = -(-facts.secrets_size // 3) * 4
        if size > _FORTIGATE_LIMIT:
            yield problem(
                "fortigate-secrets-size",
                Severity.ERROR,
                at,
                f".secrets.cfg makes {size} bytes of base64: a FortiGate takes {_FORTIGATE_LIMIT}",
                "make a .secrets.cfg with the partitions of the FortiGate alone",
            )


@rule
def managed_header(subject: Subject) -> Iterator[Diagnostic]:
    """managed-by-tool: a comment above the first setting says that another tool writes the file."""
    document = subject.document
    first = document.root.children
    end = first[0].start if first and not first[0].read_only else len(document.text)
    for comment in document.comments(end):
        for line in re.finditer(r"[^\n]+", comment.text):
            if _MANAGED.search(line[0]):
                said = mask(line[0]).strip(" \t\r#/*")[:_LONGEST_QUOTE]
                yield problem(
                    "managed-by-tool",
                    Severity.WARNING,
                    document.place_of(comment.start + line.start()),
                    f"the file's header says {quoted(said)}",
                    "change the source that the tool makes it from, or its next run undoes the edit",
                )
                return


_PIN: Final = (
    "clear-pin",
    "the setup password",
    "fetch the partition's permanent secret with it (ppin -a -e PARTITION), then remove it here",
)
_PROXY: Final = (
    "clear-proxy-password",
    "the password of the service proxy",
    "put it into .secrets.cfg (ppin -p -e PROXY_USER), then remove it here",
)
_OTHER: Final = ("clear-password", "a password", "remove it: the library reads no setting of this name")


def clear_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """clear-pin, clear-proxy-password, clear-password, also with -in-comment; included files count too."""
    document = subject.document
    if len(document.flat.segments) == 1:
        yield from secrets_of_text(document.source, lambda start: _path_at(document, start))
        return
    settings = [setting for setting in document.walk() if is_secret_name(setting.name or "")]
    paths = {setting.start: setting.path for setting in settings if not setting.read_only}
    yield from secrets_of_text(document.source, paths.get)
    for setting in settings:
        if setting.read_only:
            code, meaning, remedy = _texts(setting.name or "")
            what = f"{called(setting)} holds {meaning} in clear text, in an included file"
            yield problem(code, Severity.WARNING, setting, what, remedy)


def _path_at(document: Document, start: int) -> str | None:
    """The path of the setting whose name begins at an offset, if it is one for a password."""
    setting = document.setting_at(start)
    is_it = setting.flat_start == start and is_secret_name(setting.name or "")
    return setting.path if is_it else None


def secrets_of_text(source: Source, path_at: Callable[[int], str | None]) -> Iterator[Diagnostic]:
    """The same for a text alone, which need not parse; ``path_at``: the path of a setting by its offset."""
    for secret in find_secrets(source.text):
        path = path_at(secret.start)
        called_so = short_path(path) if path else secret.name
        if secret.name == SHAPE:
            called_so = "a comment" if secret.in_comment else "a value"
        elif secret.in_comment:
            called_so = f"a commented-out {called_so}"
        severity, message = _judged(secret, called_so)
        if severity is not None:
            code, _, remedy = _texts(secret.name)
            code += "-in-comment" if secret.in_comment else ""
            found = problem(code, severity, source.place(secret.start), message, remedy)
            yield replace(found, subject=path or "")


def _judged(secret: ClearSecret, name: str) -> tuple[Severity | None, str]:
    match secret.looks:
        case Looks.REAL if secret.name == SHAPE:
            return Severity.WARNING, f"{name} holds what looks like a setup password in clear text"
        case Looks.REAL:
            return Severity.WARNING, f"{name} holds {_texts(secret.name)[1]} in clear text"
        case Looks.PLACEHOLDER if secret.name != SHAPE:
            return (
                Severity.NOTE,
                f"{name} holds a placeholder; a password in clear text there is discouraged",
            )
        case _:
            return None, ""


def _texts(name: str) -> tuple[str, str, str]:
    """For a secret of this name: the code of a finding, what the secret is, and the remedy."""
    return _PROXY if is_of_proxy(name) else _PIN if is_of_setup(name) else _OTHER
