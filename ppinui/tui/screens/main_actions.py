"""What the keys of the main screen start: saving, edits, undo and redo, other screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

if TYPE_CHECKING:
    from ppinui.editing.session import State
    from ppinui.tui.app_context import AppContext


class MainActions(Screen[None]):
    """The main screen without what it shows. Each flow and screen is imported when it is first used."""

    def __init__(self, context: AppContext, *, classes: str) -> None:
        super().__init__(classes=classes)
        self.context = context

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "settle":
            return bool(self.context.disk_state)
        return super().check_action(action, parameters)

    def action_save(self) -> None:
        from ppinui.tui.flows import save_flow

        self.context.start_flow(save_flow.save(self.context), "flow")

    def action_settle(self) -> None:
        from ppinui.tui.flows import save_flow

        self.context.start_flow(save_flow.settle(self.context), "flow")

    def action_do(self, name: str) -> None:
        """Start the flow with this name: it edits what is selected, or all of it."""
        from ppinui.tui.flows import edit_flow

        self.context.start_flow(edit_flow.FLOWS[name](self.context), "flow")

    def action_undo(self) -> None:
        self._show_state(self.context.session.undo(), "Undone", "There is nothing to undo.")

    def action_redo(self) -> None:
        self._show_state(self.context.session.redo(), "Done again", "There is nothing to do again.")

    def _show_state(self, state: State | None, done: str, nothing: str) -> None:
        if state is None:
            self.context.notify(nothing)
        else:
            self.context.view.show_document(state.path or None)
            self.context.notify(f"{done}: {state.words}")

    def action_secrets(self) -> None:
        from ppinui.tui.screens.secrets_screen import SecretsScreen

        path = self.context.view.selected.path
        slot = next((one for one in self.context.config.slots if one.path == path), None)
        user = (slot.user_name if slot is not None else "") or ""
        self.app.push_screen(SecretsScreen(self.context, user))

    def action_test(self) -> None:
        from ppinui.tui.screens.probe_screen import ProbeScreen

        self.app.push_screen(ProbeScreen(self.context))
