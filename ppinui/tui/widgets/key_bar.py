"""The keys of where the focus is, in as many lines as they need (up to three)."""

from __future__ import annotations

from typing import Final

from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.events import Mount
from textual.keys import KEY_NAME_REPLACEMENTS, key_to_character
from textual.screen import Screen
from textual.widgets import Static

_NAMES: Final = {name: unicode_name for unicode_name, name in KEY_NAME_REPLACEMENTS.items()}


class KeyBar(Static):
    """Every key that does something here, with its word; the footer of Textual scrolls what does not fit."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: auto; max-height: 3; background: $panel; color: $foreground; }
    """

    def on_mount(self, _: Mount) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._show)
        self._show(self.screen)

    def on_resize(self) -> None:
        self._show(self.screen)

    def _show(self, screen: Screen[object]) -> None:
        if not self.is_attached:
            return
        shown: dict[str, Binding] = {}
        for _, binding, enabled, _ in screen.active_bindings.values():
            if binding.show and enabled and binding.description and not self._is_typed(binding, screen):
                known = shown.get(binding.action)
                if known is None or _order(binding) < _order(known):
                    shown[binding.action] = binding
        lines: list[list[Content]] = [[]]
        room = width = max(20, self.size.width or self.app.size.width)
        for binding in sorted(shown.values(), key=_order):
            key = Content.styled(key_name(self.app, binding), "$text-accent bold")
            part = Content.assemble(key, f" {binding.description}")
            if len(part.plain) > room:
                lines.append([])
                room = width
            room -= len(part.plain) + 2
            lines[-1].append(part)
        self.update(Content("\n").join([Content("  ").join(line) for line in lines]))

    def _is_typed(self, binding: Binding, screen: Screen[object]) -> bool:
        """Whether this key is a character for the field that has the focus; Textual overlooks the slash."""
        character = key_to_character(_NAMES.get(binding.key, binding.key))
        focused = screen.focused
        return focused is not None and focused.check_consume_key(binding.key, character)


def key_name(app: App[object], binding: Binding) -> str:
    """A key as it is written on it; a letter as it has to be typed."""
    name = app.get_key_display(binding)
    return name.upper() if _is_function_key(binding.key) else name


def _order(binding: Binding) -> tuple[bool, int]:
    """Function keys first, by their number: of several keys for one thing they work everywhere."""
    if _is_function_key(binding.key):
        return False, int(binding.key[1:])
    return True, len(binding.key)


def _is_function_key(key: str) -> bool:
    return key.startswith("f") and key[1:].isdigit()
