"""Asking for the secrets that a command needs: on the terminal without echo, or from standard input."""

from __future__ import annotations

import sys

from ppinui.errors import SecretUnavailable
from ppinui.secrets.prompt import LineAsker, TerminalAsker
from ppinui.secrets.secret import Secret
from ppinui.text import printable


def ask_pin(user: str) -> Secret:
    """The PKCS#11 PIN of a partition, asked for in the words of ppin. Raises SecretUnavailable."""
    return ask_secret(f"Provide PKCS11 password for '{user}': ", f"the PIN of '{user}'")


def ask_secret(prompt: str, what: str, *, twice: bool = False, descriptor: int | None = None) -> Secret:
    """Ask for a secret; ``what`` it is, for messages.

    Where standard input is a terminal, the prompt is shown and the answer read without echo; ``twice`` asks
    for it again. Where it is not, the next line of standard input is taken, without a prompt, or of this
    ``descriptor``. Raises SecretUnavailable when there is nothing, or when the two answers differ.
    """
    if descriptor is not None:
        place = f"descriptor {descriptor}"
        return _required(LineAsker(descriptor, place).ask(prompt), what, place, "write one line for each PIN")
    if sys.stdin is None or not sys.stdin.isatty():
        remedy = "write it as a line of standard input, or run on a terminal"
        return _required(LineAsker(0, "standard input").ask(prompt), what, "standard input", remedy)
    terminal = TerminalAsker()
    secret = _required(terminal.ask(printable(prompt)), what, "the terminal", "start again, and type it")
    if twice and _required(terminal.ask("Once more: "), what, "the terminal", "start again") != secret:
        raise SecretUnavailable(
            f"the two entries for {what} differ", "the terminal", "start again; nothing was changed"
        )
    return secret


def _required(answer: Secret, what: str, place: str, remedy: str) -> Secret:
    if not answer:
        raise SecretUnavailable(f"{what} is needed, and nothing was entered", place, remedy)
    return answer
