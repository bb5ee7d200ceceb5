"""The command palette: every action of the screen, every HSM and every slot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType

from ppinui.tui.app_context import context_of
from ppinui.tui.messages import SetupRequested
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.key_bar import key_name

_MOST: Final = 50
"""So many slots are offered for one query; more of it narrows them down."""


class ActionsProvider(Provider):
    """What keys do here, and what has no key."""

    def _actions(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        seen: set[str] = set()
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if enabled and binding.description and binding.show and binding.action not in seen:
                seen.add(binding.action)
                words = f"{binding.description} ({key_name(self.app, binding)})"
                run = partial(self.app.run_action, binding.action, node)
                yield words, tooltip or binding.tooltip, run
        yield from self._set_ups()
        # Textual's own provider would have it too, at the top or at the bottom: there is no order among them.
        yield "Theme", "Light or dark, and its colours", self.app.search_themes

    def _set_ups(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        from ppinui.setup.kinds import KINDS
        from ppinui.tui.screens.setup_screen import SetupScreen

        context = context_of(self.app)
        if context.options.keyring is None or any(isinstance(s, SetupScreen) for s in self.app.screen_stack):
            return  # nothing is kept here, or one is on
        for kind in KINDS:
            request = partial(context.request, SetupRequested(kind.name))
            yield f"Set up: {kind.title}", kind.summary, request

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for words, tooltip, run in self._actions():
            yield DiscoveryHit(Content(words), run, words, tooltip)

    async def search(self, query: str) -> Hits:
        """Those that fit."""
        matcher = self.matcher(query)
        for words, tooltip, run in self._actions():
            score = max(matcher.match(words), matcher.match(tooltip))
            if score > 0:
                yield Hit(score, Content(words), run, words, tooltip)


class PlacesProvider(Provider):
    """Going to an HSM or a slot."""

    async def search(self, query: str) -> Hits:
        """Those in which every word of the query occurs."""
        context = context_of(self.app)
        if context.opened is None:
            return
        wanted = query.casefold().split()
        found = 0
        for hsm in context.config.hsms:
            places = [(hsm.path, f"{hsm.name} {hsm.host or ''}:{hsm.port or ''}")]
            places += [
                (slot.path, f"{hsm.name}.{slot.name} id {slot.id} {slot.user_name or ''}")
                for slot in hsm.slots
            ]
            for path, text in places:
                words = plain(f"Go to {text}")
                if all(word in words.casefold() for word in wanted):
                    found += 1
                    yield Hit(0.5, Content(words), partial(context.view.go_to, path), words)
                    if found == _MOST:
                        return
