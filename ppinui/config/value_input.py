"""Typed text as the value of a setting: the one reader for the command line and the form.

It accepts what libconfig 1.5 reads and the provider takes (primus-cfg): ``true`` and ``false`` in any case,
integers in decimal or hexadecimal (``0x10``; no ``0b11``, no ``1_0``) within the documented limits, finite
decimal numbers, hosts, ports and partition names as the functions ``check_…`` have them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from ppinui.config.settings import DEFAULT_PORT, SettingSpec, SettingType
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.nodes import Kind, Scalar
from ppinui.libconfig.scalars import INT64_MAX, INT64_MIN
from ppinui.text import quoted

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST_AND_PORT: Final = re.compile(r"([^:]+):(\d+)")
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_MAXIMUM_NAME: Final = 253  # characters of a host name, RFC 1035

_NAME_OR_ADDRESS: Final = "write the name or the IP address alone, one HSM in each group hsmN"


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is written as; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


@lru_cache(maxsize=5_000)
def endpoint(host: str, port: str) -> tuple[str, str]:
    """A host and port in a form in which equal ones are equal: case and a last dot make no other name."""
    address = address_of(host)
    same_host = str(address) if address else host.strip().lower().removesuffix(".")
    return same_host, port.strip().lstrip("0")


def check_host(host: str) -> Diagnostic | None:
    """What keeps a ``host`` from being a name or an IP address (primus.cfg: of the HSM or of its proxy)."""
    bare = host.strip()
    if not bare:
        remedy = "write the name or the IP address of the HSM or of its proxy"
        return Diagnostic("empty-host", Severity.ERROR, "host", "host is empty", remedy)
    if bare != host:
        message = f"host {quoted(host)} begins or ends with white space"
        return Diagnostic("host-with-blanks", Severity.ERROR, "host", message, f'write host = "{bare}"')
    if scheme := _SCHEME.match(host):
        rest = re.split(r"[/:?#]", host[scheme.end() :])[0]
        remedy = f'write host = "{rest}"; the port stands in port' if rest else _NAME_OR_ADDRESS
        message = f"host {quoted(host)} is a URL, not a name or an address"
        return Diagnostic("host-with-scheme", Severity.ERROR, "host", message, remedy)
    if host[0] == "[" or host[-1] == "]":
        inner = host.strip("[]")
        remedy = f'write host = "{inner}" without brackets' if address_of(inner) else _NAME_OR_ADDRESS
        message = f"host {quoted(host)} has the brackets that IPv6 addresses wear in URLs"
        return Diagnostic("host-with-brackets", Severity.ERROR, "host", message, remedy)
    if match := _HOST_AND_PORT.fullmatch(host):
        remedy = f'write host = "{match[1]}" and port = "{match[2]}"'
        message = f"host {quoted(host)} has a port in it"
        return Diagnostic("host-with-port", Severity.ERROR, "host", message, remedy)
    if address_of(host) is not None:
        return None
    if ":" in host or re.fullmatch(r"[\d.]+", host):
        message = f"host {quoted(host)} is no valid IP address"
        return Diagnostic("host-not-an-address", Severity.ERROR, "host", message, "look the address up again")
    if not _is_host_name(host):
        message = f"host {quoted(host)} is neither a host name nor an IP address"
        return Diagnostic("host-invalid", Severity.ERROR, "host", message, _NAME_OR_ADDRESS)
    return None


def _is_host_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MAXIMUM_NAME and all(_LABEL.fullmatch(label) for label in labels)


def check_port(port: str) -> Diagnostic | None:
    """What keeps a ``port`` from being the digits of a TCP port, 1–65535."""
    usual = f'write the digits alone, as a rule port = "{DEFAULT_PORT}"'
    if not port.strip():
        return Diagnostic("empty-port", Severity.ERROR, "port", "port is empty", usual)
    if not (port.isascii() and port.isdigit()):
        message = f"port {quoted(port)} is not a number"
        return Diagnostic("port-not-a-number", Severity.ERROR, "port", message, usual)
    if len(port) > 9 or not 1 <= int(port) <= 65535:
        message = f"port {port} is not within 1–65535"
        return Diagnostic("port-out-of-range", Severity.ERROR, "port", message, usual)
    return None


def check_user_name(user_name: str) -> Diagnostic | None:
    """What keeps a ``user_name`` from being a partition's name as it stands."""
    bare = user_name.strip()
    if not bare:
        remedy = "write the name of the partition"
        return Diagnostic("empty-user-name", Severity.ERROR, "user_name", "user_name is empty", remedy)
    if bare != user_name:
        message = f"user_name {quoted(user_name)} begins or ends with white space, which belongs to the name"
        # A name with blanks may exist; an empty one cannot.
        remedy = f'write user_name = "{bare}", unless the partition is really called so'
        return Diagnostic("user-name-with-blanks", Severity.WARNING, "user_name", message, remedy)
    return None


def check_text(name: str, text: str) -> Diagnostic | None:
    """What keeps the text of the setting ``name`` from being seen in full: a tab or a line break in it."""
    if found := _CONTROL.search(text.strip()):
        message = f"{name} has a control character in it ({quoted(found[0])})"
        remedy = "write the value again, without tabs and line breaks"
        return Diagnostic("control-character", Severity.ERROR, name, message, remedy)
    return None


KIND_OF: Final = {
    SettingType.STRING: Kind.STRING,
    SettingType.INT: Kind.INT,
    SettingType.BOOL: Kind.BOOL,
    SettingType.GROUP: Kind.GROUP,
}
"""The kind that a documented setting should have."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,100}|0[xX][0-9a-fA-F]{1,100}")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_VALIDATORS: Final[dict[str, Callable[[str], Diagnostic | None]]] = {
    "host": check_host,
    "port": check_port,
    "user_name": check_user_name,
}
_PATHS: Final = frozenset(("file",))
"""Strings that may have any character in them."""


class InvalidValueError(ValueError):
    """The text is no value for this setting.

    ``expected`` says what is one ("a number, 0–127"), ``flaw`` what is wrong in particular. ``value`` is
    what the file could hold all the same, against the rules of ``ppinui config check``; None where it cannot.
    """

    def __init__(self, expected: str, *, flaw: Diagnostic | None = None, value: Scalar | None = None) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected
        self.flaw = flaw
        self.value = value


def parse_value(text: str, kind: Kind, spec: SettingSpec | None) -> Scalar:
    """The value that a typed text stands for; blanks around numbers, ``true`` and ``false`` do not count.

    ``kind`` is that of a scalar; ``spec`` is None for a setting that is not documented. Raises
    InvalidValueError.
    """
    match kind:
        case Kind.STRING:
            return _parse_string(text, spec)
        case Kind.BOOL:
            return _parse_boolean(text)
        case Kind.FLOAT:
            return _parse_float(text)
        case Kind.INT | Kind.INT64:
            return _parse_integer(text, spec)
        case _:
            raise TypeError(f"a {kind.value} has no scalar value")


def as_typed(value: Scalar) -> str:
    """The text that ``parse_value`` reads as this value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse_string(text: str, spec: SettingSpec | None) -> str:
    if "\0" in text:
        raise InvalidValueError("a text without NUL characters")
    if spec is None or spec.name in _PATHS:
        return text
    validate = _VALIDATORS.get(spec.name)
    flaw = (validate(text) if validate else None) or check_text(spec.name, text)
    if flaw is None:
        return text
    if spec.minimum is not None:  # a port
        raise InvalidValueError(f"a number, {spec.limits}", flaw=flaw)
    raise InvalidValueError("a text", flaw=flaw, value=text)


def _parse_boolean(text: str) -> bool:
    match text.strip().lower():
        case "true":
            return True
        case "false":
            return False
    raise InvalidValueError("true or false")


def _parse_integer(text: str, spec: SettingSpec | None) -> int:
    word = text.strip()
    if not _INTEGER.fullmatch(word):
        raise InvalidValueError("a whole number")
    number = int(word, 16 if word[:2] in ("0x", "0X") else 10)
    if spec is not None and spec.minimum is not None:
        if number < spec.minimum or (spec.maximum is not None and number > spec.maximum):
            raise InvalidValueError(f"a number, {spec.limits}")
    elif not INT64_MIN <= number <= INT64_MAX:
        raise InvalidValueError("a whole number of at most 64 bits")
    return number


def _parse_float(text: str) -> float:
    word = text.strip()
    if not _FLOAT.fullmatch(word) or not math.isfinite(number := float(word)):
        raise InvalidValueError("a number")
    return number
