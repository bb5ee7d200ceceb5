"""What a worker process is asked to do with one slot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SlotOrder:
    """What a worker is asked to test; configuration, secrets and PIN travel beside it as bytes."""

    module: str
    slot_id: int | None
    user: str
    own_secrets_file: bool
    """A .secrets.cfg for this slot travels with the order; without, the module looks for the user's."""
    initialise_anew: bool
    """The module reads the configuration that comes with the order, even if it is initialised already."""
    login: bool
    crypto: bool
    spend_final_try: bool
    timeout: float
    """Seconds for each stage."""
