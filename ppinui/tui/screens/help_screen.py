"""Help: what is under the cursor, and every key that does something there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from ppinui.tui.widgets.key_bar import key_name
from ppinui.tui.widgets.settings_form import FieldRow
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece

_ABOUT: dict[str, str] = {
    "tree": "The configuration: the file, its globals and log, each HSM, each slot. The words on the right "
    "are where a slot's secret is, the worst problem, and how the last test ended. Enter edits.",
    "problems": "What is wrong with the configuration as it is on the screen. Enter goes to the place.",
    "filter": "Shows the HSMs and slots in which this occurs. Enter keeps it, Esc ends it.",
    "probe-table": "Each slot of the test: the stage that it is in, or how it ended. Enter goes to the slot.",
    "setup-steps": "The steps of this set-up, and what was found in each. Enter goes to one.",
    "tokens-table": "Every slot of the PKCS#11 library: its id, the label and model of its token, and what "
    "is the matter with it. A slot that answers with an error is there with that error. Enter shows what is "
    "on its token.",
    "objects-table": "The keys, certificates and data on the token. Those that are private are seen after a "
    "login (l), for which the PIN comes from the keyring, or is asked for and offered once.",
    "objects-search": "Shows the objects in which this occurs: label, id, type, uses, subject, issuer. Enter "
    "keeps it, Esc ends it.",
    "secrets-table": "Every partition and service user of the configuration, and where its secret is kept.",
}
_SIGNS: Sequence[Piece] = (
    ("Words in the tree", "strong"),
    ("  ring file clear  the secret is in the keyring, in .secrets.cfg, in primus.cfg in clear text", ""),
    ("  none rej! bad!   there is none, it was rejected, nobody can read it", ""),
    ("  lock n/a mute    the keyring is locked, there is no keyring, it does not answer", ""),
    ("  ask fail ?       the keyring is not asked unasked (F4), it failed, it is being asked", ""),
    ("  err! warn note   the worst problem of this line and those below it", ""),
    ("  fine ✗login …    the last test was fine, failed at login, is running", ""),
    ("", ""),
)


@runtime_checkable
class Explains(Protocol):
    """A widget that knows itself what there is to know of it."""

    def explain(self) -> str:
        """What F1 says."""


class HelpScreen(ModalScreen[None]):
    """What there is to know here."""

    CSS_PATH = "help_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,q", "app.pop_screen", "Back", id="help.back"),
    ]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        self._lines = list(help_lines(screen))

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static("Help", id="help-title")
            yield TextView(self._lines, id="help-text", mark=" ", wrap=True)
            yield Static("Esc goes back, arrows move", id="help-keys")

    def on_mount(self) -> None:
        self.app.clear_notifications()


def help_lines(screen: Screen[object]) -> list[Piece]:
    """About the field or list with the focus, then the keys."""
    lines: list[Piece] = []
    focused = screen.focused
    about = _about(focused)
    if about:
        lines += [(about, ""), ("", "")]
    if focused is not None and focused.id == "tree":
        lines += _SIGNS
    lines.append(("Keys", "strong"))
    keys: dict[str, tuple[list[str], str]] = {}
    for _, binding, enabled, tooltip in screen.active_bindings.values():
        if enabled and binding.description and binding.id:
            words = tooltip or binding.tooltip or binding.description
            names = keys.setdefault(binding.action, ([], words))[0]
            names.append(key_name(screen.app, binding))
    for names, words in sorted(keys.values(), key=lambda one: _order(one[0][0])):
        lines.append((f"  {' '.join(names):16} {words}", ""))
    return lines


def _order(key: str) -> tuple[bool, int, str]:
    number = key.removeprefix("F")
    return not number.isdigit(), int(number) if number.isdigit() else len(key), key


def _about(widget: Widget | None) -> str:
    if widget is None:
        return ""
    row = widget.parent
    if isinstance(row, FieldRow):
        return f"{row.field.explanation}. {row.flaw}".rstrip()
    around: DOMNode | None = widget
    while around is not None:
        if isinstance(around, Explains):
            return around.explain()
        around = around.parent
    return _ABOUT.get(widget.id or "", "")
