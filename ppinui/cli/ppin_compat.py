"""ppin's own command line (``-a -e USER``, ``-ae USER PASSWORD``), in the words of ppinui."""

from __future__ import annotations

from collections.abc import Sequence

from ppinui.errors import PpinuiError

ACTIONS = {"l": "list", "a": "add", "u": "update", "r": "remove", "p": "add-proxy", "x": "remove-proxy"}
"""ppin's letters, and the actions of ``ppinui secret``."""

_WITH_VALUE = "ecs"
"""Letters that something follows: a user, primus.cfg, .secrets.cfg."""
LONG_WITH_VALUE = frozenset(
    "--keyring --keyring-timeout --keyspace --vault-passphrase-fd --password-fd --ppin --module".split()
)
"""Options of ``ppinui secret`` that the next word belongs to."""

_TAKES = {"a": 2, "u": 2, "p": 1}
"""How many passwords may follow."""


class PpinStyle:
    """A command line in ppin's style, parsed.

    ``arguments``: the same for ppinui's own grammar; ``passwords``: what stood behind them, in the clear,
    kept apart so that no message about the command line can repeat it.
    """

    def __init__(self, arguments: list[str], passwords: tuple[str, ...]) -> None:
        self.arguments = arguments
        self.passwords = passwords


def read_ppin_style(arguments: Sequence[str]) -> PpinStyle | None:
    """Parse a command line in ppin's style; None for another one, and for one that asks for help.

    Raises PpinuiError for one that is incomplete. No error holds a word that could be a password.
    """
    letters: list[str] = []
    user: str | None = None
    others: list[str] = []
    passwords: list[str] = []
    words = iter(arguments)
    for word in words:
        if word.startswith("--"):
            others.append(word)
            if word in LONG_WITH_VALUE:
                others.append(next(words, ""))
        elif word.startswith("-") and len(word) > 1:
            cluster = word[1:]
            while cluster:
                letter, cluster = cluster[0], cluster[1:]
                if letter in ACTIONS:
                    letters.append(letter)
                elif letter in _WITH_VALUE:
                    value = cluster or next(words, None)
                    cluster = ""
                    if value is None:
                        raise _wrong(f"-{letter} needs something behind it")
                    if letter == "e":
                        user = value
                    else:
                        others += [f"-{letter}", value]
                else:
                    return None
        elif not letters and user is None:
            return None  # a command of ppinui's own
        else:
            passwords.append(word)
    if not letters and user is None:
        return None
    return _understood(letters, user, others, tuple(passwords))


def _understood(
    letters: list[str], user: str | None, others: list[str], passwords: tuple[str, ...]
) -> PpinStyle:
    if len(set(letters)) != 1:
        given = " ".join(f"-{letter}" for letter in letters) or "-e alone"
        raise _wrong(f"one of -l, -a, -u, -r, -p and -x is needed, not {given}")
    letter = letters[0]
    if letter == "l":
        if user is not None or passwords:
            raise _wrong("-l lists all users: leave out the name")
        return PpinStyle(["secret", "list", *others], ())
    if user is None:
        raise _wrong(f"-{letter} needs -e and a user")
    allowed = _TAKES.get(letter, 0)
    if len(passwords) not in {0, allowed}:
        raise _wrong(
            f"-{letter} takes {allowed or 'no'} password{'s' if allowed != 1 else ''} behind the user, "
            f"{len(passwords)} were given"
        )
    return PpinStyle(["secret", ACTIONS[letter], *others, f"--name={user}"], passwords)


def _wrong(message: str) -> PpinuiError:
    return PpinuiError(
        message, "the command line", "write it as ppin has it: -a -e USER; 'ppinui --help' shows more"
    )
