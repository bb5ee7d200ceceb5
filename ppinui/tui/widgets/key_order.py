"""Runs what the keys of a field do in the order in which they were pressed."""

from __future__ import annotations

from textual.events import Key
from textual.widget import Widget


async def run_own_action(field: Widget, event: Key) -> bool:
    """Do what a field itself has bound to a key, as soon as the key gets there; whether there was something.

    Textual would send such a key up to the app first. The characters behind it overtake it meanwhile, when a
    slow line brings several keys at once: ``a``, backspace, ``b`` would end as an empty field.
    """
    for binding in field._bindings.key_to_bindings.get(event.key, ()):
        if await field.app.run_action(binding.action, field):  # else it has nothing to do here, as scrolling
            event.stop()
            event.prevent_default()
            return True
    return False
