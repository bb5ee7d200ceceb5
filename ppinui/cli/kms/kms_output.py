"""What a kms.toml says of HSMs, as text for people and as data for programs; PINs never."""

from __future__ import annotations

from typing import Any

from ppinui.kms.kms_file import Instance, KmsFile, KmsSlot, Login
from ppinui.secrets.secret import MASK
from ppinui.text import printable

_WORDS = {
    Login.PIN: f"PIN {MASK}",
    Login.EMPTY: "an empty PIN",
    Login.NONE: "no login",
    Login.ELSEWHERE: "PIN from a secret backend",
    Login.PLACEHOLDER: "a placeholder in the place of the PIN",
    Login.MISSING: "no password: left out by the KMS",
}


def show_text(file: KmsFile) -> str:
    """The HSMs with their slots, one a line."""
    lines = [printable(file.origin)]
    for instance in file.instances:
        model = instance.model.value if instance.model else "no known model"
        admins = ", ".join(instance.admins) or "nobody"
        where = instance.path or "flat settings"
        lines += ["", printable(f"{instance.name}: {model} ({where}), admin: {admins}")]
        lines += [f"    {_slot(slot)}" for slot in instance.slots] or ["    no slots"]
    if not file.instances:
        lines += ["", "no HSMs"]
    return "\n".join(lines) + "\n"


def _slot(slot: KmsSlot) -> str:
    number = "slot ?" if slot.id is None else f"slot {slot.id} (0x{slot.id:x})"
    return f"{number}: {_WORDS[slot.login]}"


def show_data(file: KmsFile) -> dict[str, Any]:
    """The same for programs: ``login`` is ``pin``, ``empty``, ``none``, ``elsewhere``, ``placeholder`` or
    ``missing``."""
    return {"config": file.origin, "hsms": [_instance_data(instance) for instance in file.instances]}


def _instance_data(instance: Instance) -> dict[str, Any]:
    return {
        "name": instance.name,
        "path": instance.path or None,
        "line": instance.place.line,
        "model": instance.model.value if instance.model else None,
        "admins": list(instance.admins),
        "slots": [
            {"id": slot.id, "login": slot.login.value, "line": slot.place.line} for slot in instance.slots
        ],
    }
