"""The users of a primus.cfg as the secret module knows them."""

from __future__ import annotations

from ppinui.config.primus import PrimusConfig, Slot, slot_configuration
from ppinui.secrets.fetcher import Configuration
from ppinui.secrets.users import KnownSlot, KnownUsers


def known_users(config: PrimusConfig) -> KnownUsers:
    """The partitions and service users of a configuration; slots without a user name are left out."""

    def private(slot: Slot) -> Configuration:
        return lambda log_file: slot_configuration(config, slot, log_file=log_file)

    return KnownUsers(
        config.document.origin,
        tuple(
            KnownSlot(
                hsm.name,
                slot.id,
                slot.user_name,
                slot.proxy_user,
                hsm.priority,
                slot.has_clear_proxy_password,
                private(slot),
            )
            for hsm in config.hsms
            for slot in hsm.slots
            if slot.user_name is not None
        ),
    )
