"""What a worker process is asked to do with one slot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SlotRequest:
    """What a worker is asked to test; configuration, secrets and PIN travel beside it as bytes."""

    module: str
    slot_id: int | None
    label: str | None
    """What the token's label has to be, which also finds the slot where none has this id; None: any."""
    own_configuration: bool
    """A primus.cfg for this slot travels with the order; without, the module is configured in its own way."""
    own_secrets_file: bool
    """A .secrets.cfg for this slot travels with the order; without, the module looks for the user's."""
    initialise_anew: bool
    """The module reads the configuration that comes with the order, even if it is initialised already."""
    login: bool
    crypto: bool
    spend_final_try: bool
    spend_one_try: bool
    """Offer a PIN even where the token says that a wrong one was offered since the last right one."""
    timeout: float
    """Seconds for each stage."""
