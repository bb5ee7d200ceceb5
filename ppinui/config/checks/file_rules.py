"""Rules on the file itself: who can read and write it, and who else will overwrite it."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ppinui.config.checks.subject import Profile, Subject, problem, rule
from ppinui.config.locate import GROUP
from ppinui.config.redaction import Looks, find_secrets, mask
from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.files.replacement import backup_name
from ppinui.libconfig.includes import decode
from ppinui.text import quoted

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


def file_rules(facts: FileFacts, profile: Profile | None, *, holds_password: bool) -> Iterator[Diagnostic]:
    """file-readable-by-all, file-writable-by-all, file-not-of-group-primus, folder-writable-by-all,
    provider-folder, package-version-beside, password-in-backup, fortigate-secrets-size.
    """
    at = Place(str(facts.path), 1, 1)
    quoted = shlex.quote(str(facts.path))
    password = ", which holds a password in clear text" if holds_password else ""
    if facts.mode & stat.S_IROTH:
        yield problem(
            "file-readable-by-all",
            Severity.ERROR if holds_password else Severity.WARNING,
            at,
            f"everybody can read the file{password}",
            f"chmod 0640 {quoted}",
        )
    if facts.mode & stat.S_IWOTH:
        yield problem(
            "file-writable-by-all",
            Severity.ERROR,
            at,
            "everybody can change the file, and so send the applications to another HSM",
            f"chmod 0640 {quoted}",
        )
    if facts.primus_group is not None and (
        facts.group != facts.primus_group or not facts.mode & stat.S_IRGRP
    ):
        yield problem(
            "file-not-of-group-primus",
            Severity.WARNING,
            at,
            f"the group {GROUP}, which the users of the library are in, cannot read the file as a group",
            f"chgrp {GROUP} {quoted} && chmod 0640 {quoted}",
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
