"""The secrets of a set-up's actions: from descriptors, or typed on the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ppinui.cli.console import say
from ppinui.cli.setup import setup_output
from ppinui.errors import SecretUnavailable
from ppinui.secrets.prompt import TerminalAsker
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.passphrase import read_passphrase
from ppinui.setup.walkthrough import Action, Given, SecretNeed
from ppinui.text import printable

KEYS: Final = "? explains, < goes back a step, Ctrl+D or quit leaves; you can go on later where you left."
"""The words that leave a step, at every prompt: a secret's too, where they are no secret."""


class ExitRequestedError(Exception):
    """The user leaves."""


class BackRequestedError(Exception):
    """The user goes back a step."""


def raise_for_exit_word(typed: bytes) -> None:
    """Raises ExitRequestedError or BackRequestedError if that is what was typed."""
    if typed in (b"quit", b"exit"):
        raise ExitRequestedError
    if typed == b"<":
        raise BackRequestedError


class ActionSecrets:
    """The secrets that actions need. A descriptor is read as a whole, when it is needed first."""

    def __init__(self, arguments: argparse.Namespace, *, person: bool) -> None:
        """``person``: what comes from no descriptor is asked for on the terminal."""
        self._arguments = arguments
        self._person = person
        self._read: dict[str, Secret] = {}
        self._given: set[tuple[str, str]] = set()

    @contextmanager
    def given(self, action: Action) -> Iterator[Given]:
        """The secrets of an action, wiped afterwards. Raises SecretUnavailable."""
        given: dict[str, Secret] = {}
        try:
            for need in action.secrets:
                given[need.id] = self._ask(need)
            yield given
        finally:
            for secret in given.values():
                secret.wipe()

    def close(self) -> None:
        """Overwrite what was read."""
        for secret in self._read.values():
            secret.wipe()

    def _ask(self, need: SecretNeed) -> Secret:
        descriptor = getattr(self._arguments, need.option.removeprefix("--").replace("-", "_"))
        key = need.option, need.owner
        if descriptor is not None and not (self._person and key in self._given):
            self._given.add(key)
            return self._from(descriptor, need)
        if self._person:  # also where the one from the descriptor was not taken: none is offered twice
            return _typed(need)
        raise SecretUnavailable(
            "a secret is needed, and there is no terminal to ask for it",
            need.prompt.strip(" :"),
            f"pass it by a descriptor: {need.option} 3 3<FILE",
        )

    def _from(self, descriptor: int, need: SecretNeed) -> Secret:
        """Return the secret from the descriptor's line ``OWNER=SECRET``; a single line needs no owner where
        there is no other one.

        By their order alone, the secret of one user could be offered for another one, who has none yet: each
        wrong one counts.
        """
        if need.option not in self._read:
            self._read[need.option] = read_passphrase(descriptor)
        lines = self._read[need.option].reveal_bytes().splitlines()
        named = f"{need.owner}=".encode("utf-8", "surrogateescape")
        for line in lines:
            if need.owner and line.startswith(named):
                return Secret(line.removeprefix(named))
        if len(lines) == 1 and need.alone and lines[0]:
            return Secret(lines[0])
        place = f"{need.option} {descriptor} ({need.prompt.strip(' :')})"
        if not lines:
            raise SecretUnavailable("there is nothing to read", place, "write the secret on a line")
        raise SecretUnavailable(
            f"no line says whose it is, or none is of '{need.owner}'",
            place,
            f"write each line as NAME=SECRET, here {need.owner}=…",
        )


def _typed(need: SecretNeed) -> Secret:
    """Typed without echo.

    Raises ExitRequestedError and BackRequestedError: the keys that leave a step are offered to no HSM.
    """
    while True:
        answer = _answer(need.prompt, need.hint)
        if not answer:
            say("nothing was entered")
        elif need.twice and _answer("The same again: ", need.hint) != answer:
            say("the two differ")
        else:
            return answer


def _answer(prompt: str, hint: str) -> Secret:
    """What is typed once; ``?`` explains."""
    while True:
        answer = TerminalAsker().ask_or_end(printable(prompt))
        if answer is None:
            raise ExitRequestedError
        raise_for_exit_word(answer.reveal_bytes())
        if answer != Secret("?"):
            return answer
        say(setup_output.wrapped(" ".join((hint, KEYS)).strip(), "  "))
