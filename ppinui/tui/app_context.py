"""What screens and flows get in place of the app: besides the controllers' context, the controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from ppinui.config.primus_config import read
from ppinui.text import plural
from ppinui.tui.controller_context import ControllerContext

if TYPE_CHECKING:
    from textual.app import App

    from ppinui.tui.controllers.disk_watch import DiskWatch
    from ppinui.tui.controllers.probe_controller import ProbeController
    from ppinui.tui.controllers.secrets_controller import SecretsController
    from ppinui.tui.controllers.token_controller import TokenController
    from ppinui.tui.options import AppOptions


class AppContext(ControllerContext):
    """The app for its screens and flows. Each controller is made when it is first used."""

    def __init__(self, app: App[None], options: AppOptions) -> None:
        super().__init__(app, options)
        self._disk_watch: DiskWatch | None = None
        self._secrets: SecretsController | None = None
        self._probes: ProbeController | None = None
        self._tokens: TokenController | None = None

    @property
    def disk_watch(self) -> DiskWatch:
        """Whether the file is still as it was read."""
        if self._disk_watch is None:
            from ppinui.tui.controllers.disk_watch import DiskWatch

            self._disk_watch = DiskWatch(self)
        return self._disk_watch

    @property
    def secrets(self) -> SecretsController:
        if self._secrets is None:
            from ppinui.tui.controllers.secrets_controller import SecretsController

            self._secrets = SecretsController(self, self.options.keyring)
        return self._secrets

    @property
    def probes(self) -> ProbeController:
        if self._probes is None:
            from ppinui.tui.controllers.probe_controller import ProbeController

            self._probes = ProbeController(self, self.secrets)
        return self._probes

    @property
    def tokens(self) -> TokenController:
        """Tokens of a PKCS#11 module."""
        if self._tokens is None:
            from ppinui.tui.controllers.token_controller import TokenController

            self._tokens = TokenController(self)
        return self._tokens

    @property
    def disk_state(self) -> str:
        """How the file on the disk differs from what was read, in words; "" where it is not known to."""
        watch = self._disk_watch
        return watch.state.value if watch is not None and watch.is_other else ""

    @property
    def file_state(self) -> str:
        """Whether all is saved, and what else is to be known of the file, in words."""
        session = self.session
        state = f"UNSAVED: {plural(len(session.edits), 'edit')}" if session.unsaved else "saved"
        if self.disk_state:
            state += f", {self.disk_state.upper()}"
        if session.journal_flaw:
            state += f" (edits are not kept against a crash: {session.journal_flaw})"
        return state

    @property
    def token_change(self) -> str:
        """What is being changed on a token, in words; "" for nothing."""
        return self._tokens.doing if self._tokens is not None and self._tokens.is_changing else ""

    def read_document(self) -> None:
        """Read the edited document anew, after a change of it."""
        self._config = read(self.session.document, self._config)
        if self._probes is not None:
            self._probes.document_changed()
        if self._secrets is not None:
            self._secrets.document_changed()

    def focus_returned(self) -> None:
        """Look for what others may have done to the file and the keyring while the terminal was left."""
        if self._disk_watch is not None:
            self.look_at_disk()
        if self._secrets is not None:
            self._secrets.refresh()

    def look_at_disk(self) -> None:
        """Look at the file, away from the screen."""
        self.run_worker(self.disk_watch.look(), group="watch")

    def leave(self, code: int = 0, *, message: str | None = None) -> None:
        """End the app, and a test that runs; ``message`` is for the terminal."""
        if self._probes is not None:
            self._probes.cancel()
        self._app.exit(return_code=code, message=message)

    def close(self) -> None:
        """The app ends: it does not wait for the keyring any more."""
        if self._secrets is not None:
            self._secrets.keyring.abandon()


class _HasContext(Protocol):
    context: AppContext


def context_of(app: App[Any]) -> AppContext:
    return cast("_HasContext", app).context
