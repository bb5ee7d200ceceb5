"""primus.cfg as the vendor documents it: the table of settings, the typed view, short paths, additions."""

from ppinui.config.additions import add_hsm, add_slot
from ppinui.config.paths import put, resolve_path
from ppinui.config.primus_config import Hsm, PrimusConfig, SecretOwners, Slot, Value, read
from ppinui.config.settings import (
    DEFAULT_PORT,
    FILE_SETTINGS,
    GLOBAL_SETTINGS,
    HSM_SETTINGS,
    LOG_SETTINGS,
    SECRET_NAMES,
    SLOT_SETTINGS,
    Level,
    SettingSpec,
    SettingType,
    spec_of,
)
from ppinui.config.single_slot import slot_configuration

__all__ = [
    "DEFAULT_PORT",
    "FILE_SETTINGS",
    "GLOBAL_SETTINGS",
    "HSM_SETTINGS",
    "LOG_SETTINGS",
    "SECRET_NAMES",
    "SLOT_SETTINGS",
    "Hsm",
    "Level",
    "PrimusConfig",
    "SecretOwners",
    "SettingSpec",
    "SettingType",
    "Slot",
    "Value",
    "add_hsm",
    "add_slot",
    "put",
    "read",
    "resolve_path",
    "slot_configuration",
    "spec_of",
]
