"""Scalars as libconfig 1.5 reads them from their source text, and as they are written into it."""

from __future__ import annotations

import math
import re

from ppinui.libconfig.includes import decode, encode
from ppinui.libconfig.nodes import EditRefused, Kind, Scalar
from ppinui.libconfig.scanner import BOOLEAN, NAME, STRING, TRIVIA

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_MANY_DIGITS = 1000
_FEW_DIGITS = 10  # that many may not fit into 32 bits

_PIECE = re.compile(rf"{TRIVIA}({STRING})")
# What the scanner takes at a time: an escape it knows, a lone backslash, or a run of anything else.
_CHUNK = re.compile(r'\\(?:([nrtf\\"])|[xX]([0-9A-Fa-f]{2}))|(\\)|([^\\]+)')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "\\": "\\", '"': '"'}
_WRITTEN = {value: f"\\{key}" for key, value in _ESCAPES.items()}
_TO_ESCAPE = re.compile(r'[\x00-\x1f\x7f"\\]')
_NAME = re.compile(NAME)
_BOOLEAN = re.compile(BOOLEAN)


def read_scalar(kind: Kind, raw: str) -> Scalar:
    """The value that the C library 1.5 hands to a program for this source text."""
    if kind is Kind.STRING:
        return _read_string(raw)
    if kind is Kind.INT:
        if len(raw) < _FEW_DIGITS and raw.isdecimal():
            return int(raw)
        return wrap(exact_integer(raw, unsigned=is_hex(raw)), 32)
    if kind is Kind.INT64:
        return wrap(exact_integer(raw, unsigned=is_hex(raw)), 64)
    if kind is Kind.BOOL:
        return raw[0] in "tT"
    if kind is Kind.FLOAT:
        return _read_float(raw)
    raise TypeError(f"a {kind.value} has no scalar value")


def string_pieces(raw: str) -> list[str]:
    """The bodies of the adjacent strings that make up one value, without their quotes."""
    pieces = []
    pos = 0
    while piece := _PIECE.match(raw, pos):
        pieces.append(piece[1][1:-1])
        pos = piece.end()
    return pieces


def exact_integer(raw: str, *, unsigned: bool | None = None, bits: int | None = 64) -> int:
    """The number as written, cut to the range of the C function that reads it (``bits`` None: not cut)."""
    digits = raw.rstrip("L")
    if is_hex(digits):
        number = int(digits, 16)
    else:
        # Far beyond all limits one digit more or less does not matter; Python refuses to read thousands.
        number = int(digits) if len(digits) < _MANY_DIGITS else _read_long_integer(digits)
    if bits is None:
        return number
    ceiling: int = 1 << (bits if unsigned else bits - 1)
    return min(max(number, 0 if unsigned else -ceiling), ceiling - 1)


def wrap(number: int, bits: int) -> int:
    """What is left of a number in a signed integer of so many bits."""
    number &= 2**bits - 1
    return number - 2**bits if number >> (bits - 1) else number


def write_scalar(value: Scalar, kind: Kind | None = None, raw: str = "") -> str:
    """Source text for a value, in the notation of the value that it replaces (``kind``, ``raw``).

    Raises EditRefused for what libconfig cannot hold: NUL, integers beyond 64 bits, infinity.
    """
    if isinstance(value, bool):
        return _write_bool(value, raw if kind is Kind.BOOL else "")
    if isinstance(value, int):
        return _write_int(value, raw if kind in (Kind.INT, Kind.INT64) else "")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise EditRefused(
                f"libconfig has no number {value!r}",
                "the new value",
                "use a finite number, or text in quotes",
            )
        return repr(value)
    return _write_string(value)


def kind_of(value: Scalar, raw: str) -> Kind:
    """The type that libconfig gives to a value written as ``raw``."""
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, int):
        return Kind.INT64 if raw.endswith("L") else Kind.INT
    return Kind.FLOAT if isinstance(value, float) else Kind.STRING


def check_name(name: str) -> None:
    """EditRefused unless libconfig takes this as the name of a setting."""
    if not _NAME.fullmatch(name):
        raise EditRefused(
            "libconfig does not allow this name for a setting",
            repr(name),
            "a name begins with a letter (or *); letters, digits, - _ and * follow; no spaces, no umlauts",
        )
    if _BOOLEAN.fullmatch(name):
        raise EditRefused(
            "true and false are values in libconfig, not names", repr(name), "choose another name"
        )


def _read_long_integer(digits: str) -> int:
    significant = digits.lstrip("+-0")
    number = int(significant[:_MANY_DIGITS] or "0")
    return -number if digits.startswith("-") else number


def is_hex(raw: str) -> bool:
    """Whether an integer is written in hexadecimal."""
    return raw[:2] in {"0x", "0X"}


def _read_string(raw: str) -> str:
    if "\\" not in raw and "\0" not in raw and raw.count('"') == 2:
        return raw[1:-1]
    text = "".join(_read_piece(piece) for piece in string_pieces(raw))
    # Escaped bytes came as surrogates: together they may be characters.
    return decode(encode(text))


def _read_piece(body: str) -> str:
    if "\\" not in body:
        return body.partition("\0")[0]
    parts: list[str] = []
    for known, digits, backslash, run in _CHUNK.findall(body):
        if known:
            parts.append(_ESCAPES[known])
        elif digits:
            byte = int(digits, 16)
            # A C string cannot hold NUL: 1.5 appends nothing.
            parts.append("" if byte == 0 else chr(byte) if byte < 0x80 else chr(0xDC00 + byte))
        elif backslash:
            parts.append(backslash)
        else:
            parts.append(run.partition("\0")[0])
    return "".join(parts)


def _read_float(raw: str) -> float:
    try:
        return float(raw)
    except ValueError:
        # "." and ".e5" are floats to the scanner and nothing to atof().
        return 0.0


def _write_bool(value: bool, model: str) -> str:
    word = "true" if value else "false"
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word


def _write_int(value: int, model: str) -> str:
    if not INT64_MIN <= value <= INT64_MAX:
        raise EditRefused(
            "the number does not fit into 64 bits", "the new value", "use a smaller number, or text in quotes"
        )
    suffix = model[len(model.rstrip("L")) :]
    if not suffix and not INT_MIN <= value <= INT_MAX:
        suffix = "L"  # 1.5 would cut it to 32 bits
    if is_hex(model) and value >= 0:
        digits = model[2 : len(model) - len(suffix)] if model.endswith(suffix) else model[2:]
        width = len(digits.rstrip("L"))
        written = f"{value:0{width}x}"
        if any(digit in "ABCDEF" for digit in digits) or (model[1] == "X" and not digits.islower()):
            written = written.upper()
        return f"{model[:2]}{written}{suffix}"
    sign = "+" if model.startswith("+") and value >= 0 else ""
    return f"{sign}{value}{suffix}"


def _write_string(value: str) -> str:
    if "\0" in value:
        raise EditRefused(
            "libconfig cannot hold a text with a NUL character", "the new value", "remove the NUL character"
        )
    try:
        encode(value)
    except UnicodeEncodeError:
        raise EditRefused(
            "the text has half a surrogate pair, which no file can hold",
            "the new value",
            "enter the text again",
        ) from None
    # Only escapes that libconfig 1.5, newer versions and libconf all read alike.
    return '"' + _TO_ESCAPE.sub(lambda char: _WRITTEN.get(char[0], f"\\x{ord(char[0]):02x}"), value) + '"'
