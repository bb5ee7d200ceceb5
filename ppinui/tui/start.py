"""Starting the app on a configuration, and what the process says when it ends."""

from __future__ import annotations

import gc

from ppinui.tui.app import PpinuiApp
from ppinui.tui.options import Setup
from ppinui.workers.hardening import harden

__all__ = ["Setup", "run_app"]


def run_app(setup: Setup) -> int:
    """Open the app and give the exit code that it ends with. Raises PpinuiError before it opens."""
    harden()  # PINs and passwords are typed here
    # Reading a large file makes many objects and no garbage: looking for it would only keep people waiting.
    gc.disable()
    app = PpinuiApp(setup)
    app.run()
    return app.return_code or 0
