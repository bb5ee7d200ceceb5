"""The type that every secret lives in: it does not show itself, and it does not travel by accident."""

from __future__ import annotations

from typing import NoReturn

from ppinui.text import MASK


class Secret:
    """A password, PIN or opaque secret in memory.

    It shows itself as ``••••`` in ``repr``, ``str``, format strings and tracebacks, refuses to be pickled,
    copied or hashed, and returns its clear text only from :meth:`reveal_bytes`. The bytes lie in a
    ``bytearray``, so that :meth:`wipe` can overwrite them; copies that Python or a C library made of them are
    beyond its reach.
    """

    __slots__ = ("_clear",)

    def __init__(self, clear: str | bytes | bytearray) -> None:
        """Take the clear text; a ``str`` is kept as UTF-8, lone surrogates as the bytes they encode."""
        self._clear = bytearray(clear.encode("utf-8", "surrogateescape") if isinstance(clear, str) else clear)

    def reveal_bytes(self) -> bytes:
        """The clear text. The one way out: every use of it can be searched for by this name."""
        return bytes(self._clear)

    def wipe(self) -> None:
        """Overwrite the clear text with zeros and forget it; the secret is empty from here on."""
        for index in range(len(self._clear)):
            self._clear[index] = 0
        self._clear.clear()

    def __bool__(self) -> bool:
        return bool(self._clear)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # slow to import, and rarely needed

        return hmac.compare_digest(self._clear, other._clear)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied: hand it over with ppinui.files.memory_file")

    __reduce__ = _refuse
    __reduce_ex__ = _refuse
    __getstate__ = _refuse
    __copy__ = _refuse
    __deepcopy__ = _refuse
