"""Starting the app on a configuration, and what the process says when it ends."""

from __future__ import annotations

import gc

from ppinui.tui.app import PpinuiApp
from ppinui.tui.options import AppOptions
from ppinui.workers.hardening import harden

__all__ = ["AppOptions", "run_app"]


def run_app(options: AppOptions) -> int:
    """Open the app; returns its exit code. Raises PpinuiError before it opens."""
    harden()  # PINs and passwords are typed here
    # Reading a large file makes many objects and no garbage: looking for it would only keep people waiting.
    gc.disable()
    app = PpinuiApp(options)
    app.run()
    return app.return_code or 0
