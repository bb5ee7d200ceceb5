""".secrets.cfg: its users' and proxies' groups, which are opaque, and the text around them.

The documented shape is a group ``primus`` with a group ``users`` that holds ``user0``, ``user1``, …, each
with ``name = "PARTITION"`` and settings that nobody but the vendor's programs understands. How proxies are
written is not documented. So a group with a ``name`` is an entry, kept byte for byte, and everything else in
the file is its *frame*: the same text with a marker in the place of each entry. A file can be put together
again from entries of one frame without a changed byte. What is not recognised as an entry stays in the frame,
and so with every secret of that file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ppinui.config.primus_config import SecretOwners
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import ConfigSyntaxError, Document, Kind, Setting, encode, parse
from ppinui.libconfig.edit import remove
from ppinui.libconfig.insert import insert
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import OpaqueEntry, SecretKind, StoredSecret

EMPTY: Final = 'version = "1.0";\n\nprimus:\n{\n  users:\n  {\n  };\n};\n'
"""A file of the documented shape, without users."""
_MARKER: Final = "ppinui-entry"
_NAME: Final = re.compile(r"[A-Za-z*][-\w*]*", re.ASCII)
_OF_PROXIES: Final = re.compile(r"prox|service", re.IGNORECASE)
Key = tuple[SecretKind, str]


class SecretsFileError(PpinuiError):
    """A secrets file cannot be read, or entries cannot be in one file. Never shows what is in it."""


@dataclass(frozen=True)
class FileEntry:
    """An entry of a file: whose it is and the opaque group."""

    kind: SecretKind
    name: str
    opaque: OpaqueEntry


def read(
    text: str, origin: str, *, partitions: Collection[str], proxies: Collection[str]
) -> tuple[FileEntry, ...]:
    """The entries of a .secrets.cfg, in its order, all with the same frame.

    ``partitions`` and ``proxies`` are the names in primus.cfg: in a file of unknown shape they distinguish a
    service user from a partition. Raises :class:`SecretsFileError` for what is no libconfig, has two entries
    for the same user, or includes other files.
    """
    document = _parse(text, origin)
    if _MARKER in text:
        raise SecretsFileError(
            "the file is one of ppinui's own in the making", origin, "name the .secrets.cfg that ppin wrote"
        )
    if len(document.flat.segments) > 1:
        raise SecretsFileError(
            "the file includes other files", origin, "put everything into one file, then try again"
        )
    found: dict[Key, Setting] = {}
    for setting in _entries(document.root, proxies):
        name = _name_of(setting)
        kind = _kind(setting, name, partitions, proxies)
        if (kind, name) in found:
            raise SecretsFileError(
                f"there are two entries for '{name}'", str(setting.place), "remove the one that is wrong"
            )
        found[kind, name] = setting
    frame = Secret(encode(_with_markers(document, found)))
    return tuple(
        FileEntry(kind, name, OpaqueEntry(Secret(encode(text[entry.start : entry.end])), frame))
        for (kind, name), entry in found.items()
    )


def read_entries(path: Path, users: SecretOwners | None) -> tuple[FileEntry, ...]:
    """The entries of a .secrets.cfg; ``users``: those of its primus.cfg, if it can be read.

    Raises PpinuiError.
    """
    partitions, proxies = (users.partitions, users.proxies) if users is not None else ((), ())
    return read(_text_of(path), str(path), partitions=partitions, proxies=proxies)


def compose(secrets: Sequence[StoredSecret]) -> bytes:
    """The .secrets.cfg that holds these secrets' entries (those that have one).

    Entries of one frame come back as they stood in it, byte for byte; those of others are added to the frame
    that has most of them. Raises :class:`SecretsFileError` when the texts around them differ: then these may
    belong to the secrets, and which of them holds is not known.
    """
    entries = {
        (secret.kind, secret.name): _text(secret.entry.group)
        for secret in secrets
        if secret.entry is not None
    }
    frames = [_text(secret.entry.frame) for secret in secrets if secret.entry is not None]
    if not frames:
        return EMPTY.encode("ascii")
    base = _parse(max(frames, key=frames.count), "the frame of the secrets")
    for frame in dict.fromkeys(frames):
        base = _joined(base, _parse(frame, "the frame of the secrets"), entries)
    return encode(_filled(base, entries))


def same_entry(one: OpaqueEntry, other: OpaqueEntry) -> bool:
    """Whether two groups are the same but for the name of the group itself (``user0``, ``user1``)."""
    return _NAME.sub("", _text(one.group), count=1) == _NAME.sub("", _text(other.group), count=1)


def same_secret(one: OpaqueEntry, other: OpaqueEntry) -> bool:
    """Whether the groups are the same, and so is every value around them that is no user's own.

    Who else has an entry there does not matter, nor in which order: entries that ppin has made one after
    another come from different files.
    """
    frames = [_parse(_text(entry.frame), "the frame of a secret") for entry in (one, other)]
    return same_entry(one, other) and _surroundings(frames[0]) == _surroundings(frames[1])


def users_around(entry: OpaqueEntry) -> list[Key]:
    """Who has an entry in the file that this one came from, in its order."""
    return [key for key, _ in _markers(_parse(_text(entry.frame), "the frame of a secret"))]


def frame_only(text: str) -> OpaqueEntry:
    """An entry of a file in which none was recognised: all of it is frame."""
    return OpaqueEntry(Secret(b""), Secret(encode(text)))


def _parse(text: str, origin: str) -> Document:
    try:
        return parse(text, origin)
    except ConfigSyntaxError as error:
        # What was found there may be part of a secret: only the place is shown.
        raise SecretsFileError(
            "the secrets file is not valid", str(error.at), "restore it, or let ppin make a new one"
        ) from None


def _entries(group: Setting, proxies: Collection[str]) -> Iterator[Setting]:
    """The groups that are entries; nothing inside of one is looked at."""
    for child in group.children:
        if child.kind is not Kind.GROUP:
            continue
        if group.name is not None and _is_entry(child, group.name, proxies):
            yield child
        else:
            yield from _entries(child, proxies)


def _is_entry(group: Setting, container: str, proxies: Collection[str]) -> bool:
    name = group.get("name")
    if name is None or name.kind is not Kind.STRING:
        return False
    return container == "users" or bool(_OF_PROXIES.search(container)) or name.value in proxies


def _name_of(entry: Setting) -> str:
    name = entry.get("name")
    assert name is not None
    return str(name.value)


def _kind(entry: Setting, name: str, partitions: Collection[str], proxies: Collection[str]) -> SecretKind:
    container = entry.parent
    assert container is not None
    if container.name == "users" and (name in partitions or name not in proxies):
        return SecretKind.PERMANENT
    return SecretKind.PROXY


def _with_markers(document: Document, entries: dict[Key, Setting]) -> str:
    pieces = []
    done = 0
    for key, entry in entries.items():
        pieces += [document.text[done : entry.start], f'{entry.name} = "{_marker(key)}";']
        done = entry.end
    return "".join([*pieces, document.text[done:]])


def _marker(key: Key) -> str:
    kind, name = key
    return f"{_MARKER}:{kind.value}:{encode(name).hex()}"


def _markers(frame: Document) -> Iterator[tuple[Key, Setting]]:
    for setting in frame.walk():
        if setting.kind is Kind.STRING and str(setting.value).startswith(f"{_MARKER}:"):
            _, kind, name = str(setting.value).split(":")
            yield (SecretKind(kind), bytes.fromhex(name).decode("utf-8", "surrogateescape")), setting


def _joined(base: Document, frame: Document, entries: Collection[Key]) -> Document:
    """``base`` with a marker for each entry that has one in ``frame``."""
    if (here := _surroundings(base)) != (there := _surroundings(frame)):
        different = sorted({path for path, _ in here ^ there})
        raise SecretsFileError(
            "these secrets come from files that differ in more than their users",
            ", ".join(different),
            "fetch or import them again from one file, or use them one by one",
        )
    known = {key for key, _ in _markers(base)}
    for key, setting in _markers(frame):
        if key in entries and key not in known:
            base = _with_new_marker(base, key, setting.path)
    return base


def _surroundings(frame: Document) -> set[tuple[str, str]]:
    """Path and text of each value that is no entry."""
    marked = {setting.path for _, setting in _markers(frame)}
    return {
        (setting.path, setting.raw)
        for setting in frame.walk()
        if setting.kind is not Kind.GROUP and setting.path not in marked
    }


def _with_new_marker(base: Document, key: Key, path: str) -> Document:
    """The marker, in the group that ``path`` (of another file) names, under the next free number."""
    *groups, name = path.split(".")
    for depth in range(len(groups)):
        if base.get(".".join(groups[: depth + 1])) is None:
            base = insert(base, ".".join(groups[:depth]), groups[depth], {})
    container = base.get(".".join(groups))
    assert container is not None
    taken = {child.name for child in container.children}
    stem = name.rstrip("0123456789")
    free = next(f"{stem}{number}" for number in range(len(taken) + 1) if f"{stem}{number}" not in taken)
    return insert(base, container.path, free, _marker(key))


def _filled(base: Document, entries: dict[Key, str]) -> str:
    for key, setting in tuple(_markers(base)):
        if key not in entries:
            base = remove(base, setting.path)
    pieces = []
    done = 0
    for key, setting in _markers(base):
        group = _NAME.sub(lambda _, name=setting.name: str(name), entries[key], count=1)  # type: ignore[misc]
        pieces += [base.text[done : setting.start], group]
        done = setting.end
    return "".join([*pieces, base.text[done:]])


def _text(secret: Secret) -> str:
    return secret.reveal_bytes().decode("utf-8", "surrogateescape")


def _text_of(path: Path) -> str:
    """The text of a .secrets.cfg. Raises PpinuiError."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        raise PpinuiError(
            "there is no such secrets file", str(path), "correct the name, or let ppin make the file first"
        ) from None
    except (IsADirectoryError, NotADirectoryError):
        raise PpinuiError(
            "this is no secrets file, but a folder or a name below a file", str(path), "name the file itself"
        ) from None
    except OSError as error:
        raise PpinuiError(
            f"the secrets file cannot be read: {error.strerror}",
            str(path),
            "read it as a member of the group that owns it (newgrp primus), or as root",
        ) from None
