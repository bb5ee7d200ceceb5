"""Connection tests of a kms.toml: each slot with the library and the login that the KMS would use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import NAMES, library_of, require_library
from ppinui.kms.kms_file import Instance, KmsFile, KmsSlot, Login
from ppinui.probe.credentials import NO_LOGIN, Pin, SecretSource, SlotSecrets
from ppinui.probe.plan import Plan, SlotTest
from ppinui.secrets.secret import Secret


@dataclass(frozen=True)
class KmsPlan:
    """What to test with what: the slots, the library of each HSM, and the PINs."""

    plan: Plan
    modules: Mapping[str, Path | PpinuiError]
    supply: KmsSupply


class KmsSupply:
    """PINs from a kms.toml; those that the KMS fetches elsewhere are asked for, if somebody can be asked."""

    def __init__(self, slots: Mapping[str, KmsSlot], ask: Callable[[str], Secret] | None) -> None:
        """``slots``: by what the plan calls the user of each, without those of two minds."""
        self._slots = slots
        self._ask = ask

    def secrets_of(self, _test: SlotTest) -> SlotSecrets:
        return SlotSecrets()

    def pin_of(self, user: str) -> Pin:
        """As the file says, in a copy that the test may wipe."""
        slot = self._slots.get(user)
        if slot is None:
            return Pin(None, SecretSource.CONFIGURATION, user, condition="pin-contradicted")
        match slot.login:
            case Login.PIN:
                assert slot.pin is not None
                return Pin(Secret(slot.pin.reveal_bytes()), SecretSource.CONFIGURATION)
            case Login.EMPTY:
                return Pin(Secret(b""), SecretSource.CONFIGURATION)
            case Login.NONE:
                return NO_LOGIN
            case _ if self._ask is not None:
                return Pin(self._ask(user), SecretSource.ASKED)
            case _:
                return Pin(
                    None,
                    SecretSource.MISSING,
                    "the KMS fetches it from a secret backend",
                    condition="pin-elsewhere",
                )


def make_kms_plan(
    file: KmsFile,
    *,
    hsm: str | None = None,
    slot_id: int | None = None,
    module: Path | None = None,
    ask: Callable[[str], Secret] | None = None,
    environ: Mapping[str, str],
    root: Path = Path("/"),
) -> KmsPlan:
    """The plan for the slots of a file, or those of them that are asked for.

    ``hsm`` is an instance's number, name (``hsm0``) or model; ``module`` the library of all, instead of those
    that the KMS would load with ``environ``. Raises PpinuiError for a file with errors: which PIN belongs to
    which slot is not certain then, and none may be wasted; and where there is no slot to test.
    """
    file.require_sound("nothing is tested")
    taken = [
        (instance, slot)
        for instance in file.instances
        for slot in instance.slots
        if (hsm is None or hsm in _names(instance)) and (slot_id is None or slot.id == slot_id)
    ]
    if not taken:
        raise _nothing(file, hsm, slot_id)
    modules: dict[str, Path | PpinuiError] = {}
    for instance in {one.number: one for one, _ in taken}.values():
        assert instance.model is not None
        try:
            modules[instance.name] = module or require_library(
                library_of(instance.model, environ=environ, root=root), root=root
            )
        except PpinuiError as missing:
            modules[instance.name] = missing
    _join_links(modules)
    tests: list[SlotTest] = []
    slots: dict[str, KmsSlot] = {}
    for instance, slot in taken:
        library = modules[instance.name]
        user = f"slot {slot.id} of {library.place if isinstance(library, PpinuiError) else library}"
        known = slots.setdefault(user, slot)
        if (known.login, known.pin) != (slot.login, slot.pin):
            # Two passwords for one slot: the first is offered, and no other.
            user = f"{instance.name}.{slot.name}"
        path = f"{instance.path_of('hsm_slot')}:{slot.id}"
        tests.append(SlotTest(len(tests), instance.name, slot.name, slot.id, user, path))
    return KmsPlan(Plan(file.origin, tuple(tests)), modules, KmsSupply(slots, ask))


def _join_links(modules: dict[str, Path | PpinuiError]) -> None:
    """Have one name alone for each library: its slots go through one process, and a PIN counts for all of it.

    /lib/libkmshsm.so is a link to the library that another HSM of the file may name directly.
    """
    first: dict[str, Path] = {}
    for name, module in modules.items():
        if isinstance(module, Path):
            modules[name] = first.setdefault(os.path.realpath(module), module)


def _names(instance: Instance) -> tuple[str, ...]:
    model = instance.model.value if instance.model else ""
    return (str(instance.number), instance.name, model)


def _nothing(file: KmsFile, hsm: str | None, slot_id: int | None) -> PpinuiError:
    if not any(instance.slots for instance in file.instances):
        return PpinuiError(
            "there is no slot to test",
            file.origin,
            "pick slots for it: ppinui slots, then ppinui kms export --slot ID",
        )
    options = {"--hsm": hsm, "--slotid": slot_id}
    words = " ".join(f"{option} {value}" for option, value in options.items() if value is not None)
    known = ", ".join(
        f"{instance.name} ({instance.model.value if instance.model else '?'}) with slot "
        + ", ".join(str(slot.id) for slot in instance.slots[:8])
        for instance in file.instances[:8]
    )
    models = ", ".join(NAMES)
    return PpinuiError(
        f"no slot is chosen by {words}",
        file.origin,
        f"choose among {known}; --hsm takes the number of an HSM or its model ({models})",
    )
