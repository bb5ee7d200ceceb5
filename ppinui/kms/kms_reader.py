"""Reading a kms.toml tolerantly: what is wrong becomes a problem with its place, and the rest is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import NAMES, Model
from ppinui.kms.kms_file import (
    DEFAULT_ADMIN,
    INSTANCES,
    NO_LOGIN,
    SETTINGS,
    Instance,
    KmsFile,
    KmsSlot,
    Login,
)
from ppinui.kms.toml_places import MARK, Path, Span, find_values, line_and_column
from ppinui.libconfig.includes import decode, read_regular
from ppinui.secrets.secret import Secret
from ppinui.text import quoted

_NUMBER: Final = re.compile(r"\s*(0[xX][0-9a-fA-F]+|[0-9]+)\s*")
_PLACEHOLDER: Final = re.compile(r"<[\w ]*(?:password|passwd|pin)[\w ]*>", re.IGNORECASE)
_BACKEND: Final = "secret://"
_PASSWORDS: Final = 'hsm_password = ["…"]'
_HIGHEST_ID: Final = 2**64 - 1


def load(path: FilePath) -> KmsFile:
    """The HSMs of a file. Raises PpinuiError when it cannot be read; all else is a problem of the result."""
    try:
        raw = read_regular(path)
    except OSError as error:
        raise PpinuiError(
            f"kms.toml cannot be read: {error.strerror or type(error).__name__}",
            str(path),
            "run it as root, or as the account of the KMS"
            if isinstance(error, PermissionError)
            else "name a file that can be read",
        ) from None
    return parse(decode(raw), str(path))


def parse(text: str, origin: str) -> KmsFile:
    """The HSMs of a text, and what is wrong with it.

    Two readers have to agree that it is TOML: tomlkit takes line ends in an inline table, and others not.
    """
    body = text.removeprefix(MARK)
    try:
        text.encode()
        data = tomlkit.parse(body).unwrap()
        tomllib.loads(body)
    except UnicodeEncodeError as error:
        return _unreadable(text, origin, error.start, "this byte is no UTF-8, as a TOML file has to be")
    except ParseError as error:  # its words hold characters of the file, which may be those of a PIN
        offset = _begin(text, error.line) + error.col
        return _unreadable(text, origin, offset, "this is no TOML, from here on at the latest")
    except tomllib.TOMLDecodeError as error:
        return _unreadable(
            text, origin, _offset(text, str(error)), "this is no TOML 1.0, though some read it"
        )
    except TOMLKitError:
        return _unreadable(text, origin, 0, "this is no TOML: a key or a table is there twice")
    return _Reader(text, origin).read(data)


def _offset(text: str, complaint: str) -> int:
    """Where tomllib stood when it complained. It says that in words, and in none of the end of a file."""
    place = re.search(r"\(at line (\d+), column (\d+)\)$", complaint)
    if place is None:
        return len(text)
    return _begin(text, int(place[1])) + int(place[2]) - 1


def _begin(text: str, line: int) -> int:
    """The offset at which a line begins; the first is 1."""
    return sum(len(before) + 1 for before in text.split("\n")[: line - 1])


def _unreadable(text: str, origin: str, offset: int, message: str) -> KmsFile:
    place = Place(origin, *line_and_column(text, min(offset, len(text))))
    remedy = "correct the line; a KMS may not start with it"
    return KmsFile(origin, text, (), (Diagnostic("not-toml", Severity.ERROR, "", message, remedy, place),))


class _Reader:
    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self._origin = origin
        self._values = find_values(text)
        self._problems: list[Diagnostic] = []

    def read(self, data: Mapping[str, Any]) -> KmsFile:
        tables = data.get(INSTANCES, [])
        if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
            self._error(
                "instances-not-tables",
                (INSTANCES,),
                f"{INSTANCES} is not an array of tables",
                f"write each HSM as a table of its own: [[{INSTANCES}]]",
            )
            tables = []
        instances = [
            self._instance(number, (INSTANCES, number), table) for number, table in enumerate(tables)
        ]
        if any(name in data for name in SETTINGS):
            instances.append(self._instance(len(instances), (), data))
        self._misplaced()
        self._problems.sort(key=lambda problem: (problem.place.line, problem.place.column))
        return KmsFile(self._origin, self._text, tuple(instances), tuple(self._problems))

    # -- one HSM -----------------------------------------------------------------------------------------

    def _instance(self, number: int, path: Path, table: Mapping[str, Any]) -> Instance:
        model, admins = self._model(path, table), self._admins(path, table)
        place = self._place(path or self._first(table))
        return Instance(number, _dotted(path), model, admins, tuple(self._slots(path, table)), place)

    def _first(self, table: Mapping[str, Any]) -> Path:
        return next(((name,) for name in table if name in SETTINGS), ())

    def _model(self, path: Path, table: Mapping[str, Any]) -> Model | None:
        if "hsm_model" not in table:
            self._error(
                "no-model",
                path or self._first(table),
                f"{_words(path)} has no hsm_model, so the KMS does not know which library to load",
                f'write hsm_model = "other", or one of {", ".join(NAMES)}',
            )
            return None
        value = table["hsm_model"]
        if value in NAMES:
            return Model(value)
        near = get_close_matches(str(value).lower(), NAMES, n=1)
        self._error(
            "unknown-model",
            (*path, "hsm_model"),
            f"hsm_model {quoted(value)} is none of {', '.join(NAMES)}",
            f'write hsm_model = "{near[0]}"'
            if near
            else 'write one of them; "other" takes any PKCS#11 library, at /lib/libkmshsm.so',
        )
        return None

    def _admins(self, path: Path, table: Mapping[str, Any]) -> tuple[str, ...]:
        value = table.get("hsm_admin", [DEFAULT_ADMIN])
        where = (*path, "hsm_admin")
        if isinstance(value, str):
            self._add(
                Severity.NOTE,
                "admin-not-list",
                where,
                "hsm_admin is one text, as in older files; a newer KMS takes a list alone",
                'where the KMS is a newer one, write it as hsm_admin = ["…"]',
            )
            value = [value]
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            self._error(
                "admin-not-text", where, "hsm_admin is no list of user names", 'write hsm_admin = ["admin"]'
            )
            return ()
        if "*" in value:
            self._add(
                Severity.WARNING,
                "admin-everyone",
                where,
                "every user of the KMS may create and destroy keys in this HSM",
                "name the users who shall",
            )
        return tuple(value)

    # -- its slots ---------------------------------------------------------------------------------------

    def _slots(self, path: Path, table: Mapping[str, Any]) -> Iterator[KmsSlot]:
        slots_at, passwords_at = (*path, "hsm_slot"), (*path, "hsm_password")
        if table.get("hsm_slot", []) == []:
            self._add(
                Severity.ERROR if table.get("hsm_password") else Severity.WARNING,
                "no-slots",
                slots_at if "hsm_slot" in table else path or self._first(table),
                f"{_words(path)} has no slots in hsm_slot, so the KMS does not use the HSM",
                "write the ids of its slots: hsm_slot = [ID, …]",
            )
            self._array(passwords_at, table.get("hsm_password", []), "password-not-array", _PASSWORDS)
            return
        ids = self._array(slots_at, table["hsm_slot"], "slot-not-array", "hsm_slot = [ID]")
        if "hsm_password" not in table:
            self._error(
                "no-passwords",
                slots_at,
                "there is no hsm_password, and the KMS leaves out slots without one",
                f'write hsm_password with an entry for each slot, such as ["{NO_LOGIN}"]',
            )
            passwords: list[Any] = []
        else:
            passwords = self._array(passwords_at, table["hsm_password"], "password-not-array", _PASSWORDS)
            if len(ids) != len(passwords):
                self._error(
                    "lengths-differ",
                    passwords_at,
                    f"hsm_slot has {_entries(ids)} and hsm_password {_entries(passwords)}: "
                    "which PIN is whose, nobody can say, and the KMS leaves out what has no partner",
                    "write one password for each slot, in the same order",
                )
        seen: set[int] = set()
        for number, value in enumerate(ids):
            at = (*slots_at, number) if (*slots_at, number) in self._values else slots_at
            pin_at = (*passwords_at, number)
            login, pin = self._login(pin_at, passwords[number]) if number < len(passwords) else _NO_PASSWORD
            pin_place = self._place(pin_at if pin_at in self._values else passwords_at)
            slot_id = self._id(at, value)
            if slot_id is not None and slot_id in seen:
                self._error(
                    "slot-twice",
                    at,
                    f"slot {slot_id} is there twice; the KMS takes the last password alone",
                    "remove one of them, and its password",
                )
            if slot_id is not None:
                seen.add(slot_id)
            yield KmsSlot(slot_id, login, pin, self._place(at), pin_place)

    def _array(self, path: Path, value: Any, check: str, form: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._error(
            check, path, f"{path[-1]} is not an array, as it always has to be", f"put it in brackets: {form}"
        )
        return [value]

    def _id(self, path: Path, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _HIGHEST_ID:
            span = self._values[path]
            written = self._text[span.start : span.end]
            if written[:2].lower() in {"0x", "0o", "0b"}:
                self._add(
                    Severity.WARNING,
                    "slot-not-decimal",
                    path,
                    f"slot {written} is not written in decimal",
                    f"write {value}",
                )
            return value
        number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
        self._error(
            "slot-not-a-number",
            path,
            # what else stands there may be a PIN in the wrong array
            f"slot {quoted(number[1])} is a text, not a number" if number else "a slot is not a number",
            f"write {int(number[1], 16 if 'x' in number[1].lower() else 10)}, without quotes"
            if number
            else "write the slot's id in decimal, without quotes or signs",
        )
        return None

    def _login(self, path: Path, value: Any) -> tuple[Login, Secret | None]:
        if not isinstance(value, str):
            self._error("password-not-text", path, "a password is not a text", 'put it in quotes: "…"')
            return Login.MISSING, None
        if value == NO_LOGIN:
            return Login.NONE, None
        if value == "":
            return Login.EMPTY, None
        if value.startswith(_BACKEND):
            return Login.ELSEWHERE, None
        if _PLACEHOLDER.fullmatch(value):
            self._error(
                "password-placeholder",
                path,
                f"{value} is what a template has in the place of a PIN: offered, it costs a try",
                f'write the PIN, or "{NO_LOGIN}" for a slot without login',
            )
            return Login.PLACEHOLDER, None
        return Login.PIN, Secret(value)

    # -- where things stand ------------------------------------------------------------------------------

    def _misplaced(self) -> None:
        """Settings of an HSM that the KMS does not see: misspelt ones, and those in other tables."""
        for path in self._values:
            *table, name = path
            if not isinstance(name, str) or not name.startswith("hsm_"):
                continue
            inside = not table or (len(table) == 2 and table[0] == INSTANCES)
            if inside and name not in (*SETTINGS, INSTANCES):
                near = get_close_matches(name, SETTINGS, n=1)
                self._add(
                    Severity.WARNING,
                    "unknown-setting",
                    path,
                    f"{name} is no setting of an HSM, and the KMS ignores it",
                    f"write {near[0]}" if near else f"there are {', '.join(SETTINGS)}",
                )
            elif not inside and name in SETTINGS:
                words = ".".join(str(part) for part in table)
                self._add(
                    Severity.WARNING,
                    "setting-in-other-table",
                    path,
                    f"{name} belongs to the table [{words}] here, where the KMS does not look for it",
                    f"move it above the first [table], or into a table [[{INSTANCES}]]",
                )

    def _place(self, path: Path) -> Place:
        span = self._values.get(path, Span(0, 0, 0))
        return Place(self._origin, *line_and_column(self._text, span.key))

    def _error(self, code: str, path: Path, message: str, remedy: str) -> None:
        self._add(Severity.ERROR, code, path, message, remedy)

    def _add(self, severity: Severity, code: str, path: Path, message: str, remedy: str) -> None:
        self._problems.append(Diagnostic(code, severity, _dotted(path), message, remedy, self._place(path)))


_NO_PASSWORD: Final = (Login.MISSING, None)


def _words(path: Path) -> str:
    return f"[[{INSTANCES}]] number {path[1]}" if path else "the file"


def _entries(array: list[Any]) -> str:
    return f"{len(array)} {'entry' if len(array) == 1 else 'entries'}"


def _dotted(path: Path) -> str:
    """``hsm_instances[0].hsm_slot[1]``."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return parts.removeprefix(".")
