"""JSON on stdout: for programs, and still fit to be read."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

# JSON itself escapes what lies below; these steer a terminal as well.
_STEERING = re.compile("[\x7f-\x9f]")


def as_json(data: dict[str, Any]) -> str:
    """The object as indented JSON with a newline at its end.

    Bytes that are not UTF-8, which JSON cannot hold, become ``\\xNN`` each. Characters beyond ASCII stand for
    themselves where stdout is UTF-8.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    unicode = encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(_decoded(data), ensure_ascii=not unicode, indent=2) + "\n"
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _decoded(data: Any) -> Any:
    match data:
        case str():
            return data.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case dict():
            return {key: _decoded(value) for key, value in data.items()}
        case list() | tuple():
            return [_decoded(value) for value in data]
        case _:
            return data
