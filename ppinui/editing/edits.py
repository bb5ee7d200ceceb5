"""Edits as data: each can be done to a document, named in a few words, and written down without secrets."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final

from ppinui.config.additions import add_hsm, add_slot
from ppinui.config.paths import set_or_insert, short_path
from ppinui.config.redaction import SETUP_PASSWORD, find_secrets, is_secret_path, mask
from ppinui.config.value_input import as_typed
from ppinui.errors import PpinuiError
from ppinui.libconfig import edit, insert
from ppinui.libconfig.document import Document, EditRefused, Scalar, parse
from ppinui.libconfig.nodes import path_below
from ppinui.text import MASK


@dataclass(frozen=True)
class Edit(ABC):
    """One edit. ``apply`` raises PpinuiError where it cannot be done to a document."""

    kind: ClassVar[str]

    @abstractmethod
    def apply(self, document: Document) -> Document:
        """The document with the edit done."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What it does, for people; never with a secret in it."""

    @property
    @abstractmethod
    def path(self) -> str:
        """The setting or group that it is about; "" for the whole file."""

    @property
    def holds_secret(self) -> bool:
        """Whether a part of it must not be written down: what has the shape of a setup password, at least."""
        texts = [value for one in fields(self) if isinstance(value := getattr(self, one.name), str)]
        return any(SETUP_PASSWORD.search(text) for text in texts)

    def as_json(self) -> dict[str, Any]:
        """What the journal keeps; of an edit with a secret no more than what it was about."""
        if self.holds_secret:
            label = SETUP_PASSWORD.sub(MASK, self.words)
            return {"kind": self.kind, "secret": True, "where": self.path, "label": label}
        return {"kind": self.kind, **{one.name: getattr(self, one.name) for one in fields(self)}}


@dataclass(frozen=True)
class _EditAt(Edit):
    """An edit of what stands at a path."""

    where: str

    @property
    def path(self) -> str:
        return self.where


@dataclass(frozen=True)
class _NewName(_EditAt):
    """An edit after which something has this name, beside the one at the path or in its place."""

    name: str

    @property
    def path(self) -> str:
        return path_below(self.where.rpartition(".")[0], self.name)


@dataclass(frozen=True)
class Addition(Edit):
    """An edit that adds a group. ``made`` is the path that it got, "" while that is not known."""

    made: str = field(default="", kw_only=True)

    @property
    def path(self) -> str:
        return self.made

    @property
    @abstractmethod
    def parent(self) -> str:
        """The path of the group that gets it."""

    def _expected(self, document: Document, made: tuple[Document, str]) -> Document:
        """The new document, if the group got the same path as before."""
        new, path = made
        if self.made and path != self.made:
            raise PpinuiError(
                f"{short_path(self.made)} is not free any more",
                document.origin,
                "add it again: it gets the next free name",
            )
        return new


@dataclass(frozen=True)
class SetValue(_EditAt):
    """Give a setting a value; one that is not there yet is inserted."""

    kind: ClassVar[str] = "set"
    value: Scalar = field(repr=False)

    def apply(self, document: Document) -> Document:
        return set_or_insert(document, self.where, self.value)

    @property
    def words(self) -> str:
        value = MASK if self.holds_secret else _scalar_words(self.value)
        return f"{short_path(self.where)} = {value}"

    @property
    def holds_secret(self) -> bool:
        return is_secret_path(self.where) or super().holds_secret


@dataclass(frozen=True)
class Remove(_EditAt):
    """Take out a setting or a group."""

    kind: ClassVar[str] = "remove"

    def apply(self, document: Document) -> Document:
        return edit.remove(document, self.where)

    @property
    def words(self) -> str:
        return f"remove {short_path(self.where)}"


@dataclass(frozen=True)
class Rename(_NewName):
    """Give a group another name."""

    kind: ClassVar[str] = "rename"

    def apply(self, document: Document) -> Document:
        return edit.rename(document, self.where, self.name)

    @property
    def words(self) -> str:
        return f"rename {short_path(self.where)} to {self.name}"


@dataclass(frozen=True)
class Duplicate(_NewName):
    """Put a copy of a group beside it, with some settings changed."""

    kind: ClassVar[str] = "duplicate"
    changes: Mapping[str, Scalar] = field(default_factory=dict)

    def apply(self, document: Document) -> Document:
        return insert.copy(document, self.where, self.name, self.changes)

    @property
    def words(self) -> str:
        return f"duplicate {short_path(self.where)} as {self.name}"


@dataclass(frozen=True)
class AddHsm(Addition):
    """Add an HSM."""

    kind: ClassVar[str] = "add-hsm"
    host: str
    port: str
    priority: int | None = None
    like: str | None = None

    def apply(self, document: Document) -> Document:
        return self._expected(
            document,
            add_hsm(document, host=self.host, port=self.port, priority=self.priority, like=self.like),
        )

    @property
    def parent(self) -> str:
        return "primus.hsms"

    @property
    def words(self) -> str:
        return f"add {short_path(self.made) or 'an HSM'} at {self.host}:{self.port}"


@dataclass(frozen=True)
class AddSlot(Addition):
    """Add a slot to an HSM."""

    kind: ClassVar[str] = "add-slot"
    hsm: str
    user_name: str
    id: int
    client_id: str | None = None
    proxy_user: str | None = None

    def apply(self, document: Document) -> Document:
        made = add_slot(
            document,
            self.hsm,
            user_name=self.user_name,
            id=self.id,
            client_id=self.client_id,
            proxy_user=self.proxy_user,
        )
        return self._expected(document, made)

    @property
    def parent(self) -> str:
        hsm = self.hsm if self.hsm.startswith("primus.") else f"primus.hsms.{self.hsm}"
        return f"{hsm}.slots"

    @property
    def words(self) -> str:
        return f"add {short_path(self.made) or 'a slot'} with partition {self.user_name}, id {self.id}"


@dataclass(frozen=True)
class Patch(Edit):
    """Put other text in the place of a piece of the file: how undoing something that was saved is written.

    ``digest`` is that of the text without its secrets (:func:`digest_of`) before it.
    """

    kind: ClassVar[str] = "patch"
    start: int
    end: int
    digest: str
    label: str
    text: str = field(repr=False, default="")
    secret: bool = field(default=False)

    def apply(self, document: Document) -> Document:
        if digest_of(document.text) != self.digest:
            raise EditRefused(
                f"{self.label} was made to another state of the file", document.origin, "make it again"
            )
        text = document.text[: self.start] + self.text + document.text[self.end :]
        return parse(text, document.origin, allow_duplicates=True)

    @property
    def words(self) -> str:
        return self.label

    @property
    def path(self) -> str:
        return ""

    @property
    def holds_secret(self) -> bool:
        return self.secret or super().holds_secret


_KINDS: Final[dict[str, type[Edit]]] = {
    one.kind: one for one in (SetValue, Remove, Rename, Duplicate, AddHsm, AddSlot, Patch)
}


@dataclass(frozen=True)
class Forgotten(_EditAt):
    """An edit of a journal whose secret was not written down: it has to be made again."""

    kind: ClassVar[str] = "forgotten"
    label: str

    def apply(self, document: Document) -> Document:
        raise EditRefused(
            f"{self.label}: the password is not kept outside of the file", document.origin, "enter it again"
        )

    @property
    def words(self) -> str:
        return self.label


def edit_from_json(kept: Mapping[str, Any]) -> Edit:
    """The edit that ``as_json`` wrote down; ValueError for anything else."""
    values = dict(kept)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no kind of edit: {kind!r}")
    if values.get("secret") is True:
        where = str(values.get("where", ""))
        label = str(values.get("label", f"{short_path(where)} = {MASK}"))
        return Forgotten(where, label)
    try:
        return _KINDS[kind](**values)
    except TypeError as error:
        raise ValueError(str(error)) from None


def patch_between(old: str, new: str, label: str) -> Patch:
    """The patch that makes ``new`` of ``old``: the piece between what is equal at both ends."""
    limit = min(len(old), len(new))
    start = _common(old, new, limit)
    tail = _common(old[::-1], new[::-1], limit - start)
    end = len(old) - tail
    text = new[start : len(new) - tail]
    # A secret that reaches into the piece must not be written down, not in part either.
    secret = any(
        first < start + len(text) and last > start for one in find_secrets(new) for first, last in one.spans
    )
    return Patch(start, end, digest_of(old), label, text, secret)


def digest_of(text: str) -> str:
    """What tells states of a file apart, and gives nothing of its secrets away."""
    return hashlib.sha256(mask(text).encode("utf-8", "surrogateescape")).hexdigest()


def _common(one: str, other: str, limit: int) -> int:
    """How many characters are equal at the beginning, found by halving."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _scalar_words(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else as_typed(value)


def value_at(document: Document, path: str) -> Scalar | None:
    """The value of the scalar at a path; None where there is none."""
    setting = document.get(path)
    return setting.value if setting is not None and setting.kind.scalar else None
