"""The stages of a slot's test that need the PKCS#11 module; they run in a worker process only."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from pkcs11 import _pkcs11
from pkcs11.constants import TokenFlag
from pkcs11.exceptions import PKCS11Error

from ppinui.pkcs11.function_table import FunctionList
from ppinui.probe.conditions import StageError
from ppinui.probe.crypto_stage import sign_and_verify
from ppinui.provider.library import ModuleUnusable, examine, is_primus

RANDOM_BYTES = 32


class AnswerError(Exception):
    """A function of the module answered with this CK_RV, where python-pkcs11 was not in between."""

    def __init__(self, code: int) -> None:
        super().__init__(hex(code))
        self.code = code


@dataclass(frozen=True)
class ModuleInfo:
    """What C_GetInfo says."""

    manufacturer: str
    description: str
    version: str


@dataclass(frozen=True)
class TokenFound:
    """What C_GetTokenInfo says, as far as the test needs it."""

    label: str
    firmware: str
    """The hardware version, ``major.minor``: a Primus shows its firmware there."""
    flags: TokenFlag


class ModuleInHand:
    """A PKCS#11 module in this process, and the one slot of it that is being tested."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._module: _pkcs11.lib | None = None
        self._is_primus = False
        self._slots: dict[int, pkcs11.Slot] = {}
        self._failing: dict[int, int] = {}
        self._labels: dict[int, str] | None = None
        self._slot: pkcs11.Slot | None = None
        self._session: pkcs11.Session | None = None

    @property
    def loaded(self) -> bool:
        """The module is loaded and initialised."""
        return self._module is not None and self._module.initialized

    def load(self, *, anew: bool) -> ModuleInfo:
        """Load and initialise the module; with ``anew`` it reads its configuration again.

        Raises PKCS11Error, and StageError ``module-not-loadable`` when the dynamic linker refuses it.
        """
        if self._module is None:
            try:
                # a file that was cut short would end the process, and the linker's words mislead
                examine(Path(self._path))
                self._module = pkcs11.lib(self._path)
            except ModuleUnusable as error:
                raise StageError("module-not-loadable", error.message) from error
            except PKCS11Error as error:
                # python-pkcs11 has no class for what dlopen says; its words are the only sign.
                if "exception while loading" in str(error):
                    raise StageError("module-not-loadable", str(error).partition(": ")[2]) from error
                raise
            self._forget()
        elif anew or not self._module.initialized:
            if self._module.initialized:
                self._module.finalize()
            self._module.initialize()
            self._forget()
        self._is_primus = is_primus(self._module.manufacturer_id)
        major, minor = self._module.library_version
        return ModuleInfo(self._module.manufacturer_id, self._module.library_description, f"{major}.{minor}")

    def _forget(self) -> None:
        self._slots = {}
        self._failing = {}
        self._labels = None
        self._slot = None
        self._session = None

    def find_slot(self, slot_id: int | None, label: str | None) -> str | None:
        """Choose the slot with this id, or else the one whose token has exactly this label, if one is given.

        Returns a note when the slot was found by its label. Raises PKCS11Error, AnswerError, or StageError
        ``slot-not-found``, ``label-not-unique``, or without a label ``no-such-slot``.
        """
        if not self._slots:
            self._slots = self._list_slots()
        if slot_id is not None and slot_id in self._failing:
            raise AnswerError(self._failing[slot_id])
        if slot_id is not None and slot_id in self._slots:
            self._slot = self._slots[slot_id]
            return None
        if self._labels is None:
            self._labels = self._read_labels()
        there = ", ".join(f"{found} '{name}'" for found, name in list(self._labels.items())[:8])
        listed = f"the module has the slots {there}" if there else "the module has no slot"
        if label is None:
            raise StageError("no-such-slot", listed)
        matches = [found for found, found_label in self._labels.items() if found_label == label]
        if len(matches) != 1:
            raise StageError("label-not-unique" if matches else "slot-not-found", listed)
        self._slot = self._slots[matches[0]]
        return f"no slot has the id {slot_id}: found by its token label in slot {matches[0]}"

    def _list_slots(self) -> dict[int, pkcs11.Slot]:
        """All slots by id. python-pkcs11 gives none when C_GetSlotInfo fails for one of them, ours or not."""
        assert self._module is not None
        try:
            found = self._module.get_slots()
        except PKCS11Error:
            if self._is_primus:
                # Its one slot was asked for, and asking connects with secrets: nothing is tried again.
                raise
            with FunctionList(self._path).failing_slots_look_empty() as failing:
                found = self._module.get_slots()
            self._failing = failing
        return {slot.slot_id: slot for slot in found}

    def _read_labels(self) -> dict[int, str]:
        labels: dict[int, str] = {}
        for slot_id, slot in self._slots.items():
            # a neighbour that is not well is not this slot's business
            with contextlib.suppress(PKCS11Error):
                labels[slot_id] = slot.get_token().label
        return labels

    def read_token(self) -> TokenFound:
        """Read the token's information afresh (python-pkcs11 keeps a snapshot). Raises PKCS11Error."""
        assert self._slot is not None
        token = self._slot.get_token()
        major, minor = token.hardware_version
        return TokenFound(token.label, f"{major}.{minor}", token.flags)

    def open_session(self) -> None:
        """Open a session without login and close it again, as some tokens have just one to give."""
        assert self._slot is not None
        self._slot.get_token().open().close()

    def login(self, pin: bytearray, *, spend_final_try: bool, spend_one_try: bool) -> None:
        """Log in as the user, where the token's flags allow it, and keep the session for what comes next.

        An empty PIN is none: C_Login gets a null pointer.

        Raises PKCS11Error (then the module has to be finalised: the library leaves the session open), or
        StageError ``pin-locked``, ``pin-not-set``, ``pin-final-try``, ``pin-count-low`` or ``pin-not-text``
        (it has to be UTF-8) without having offered the PIN.
        """
        assert self._slot is not None
        token = self._slot.get_token()
        if token.flags & TokenFlag.USER_PIN_LOCKED:
            raise StageError("pin-locked")
        if pin and not token.flags & TokenFlag.USER_PIN_INITIALIZED:
            raise StageError("pin-not-set")
        if token.flags & TokenFlag.USER_PIN_FINAL_TRY and not spend_final_try:
            raise StageError("pin-final-try", skipped=True)
        if token.flags & TokenFlag.USER_PIN_COUNT_LOW and not (spend_one_try or spend_final_try):
            raise StageError("pin-count-low", skipped=True)
        try:
            text = pin.decode()
        except UnicodeDecodeError:
            text = None
        if text is None:  # not in the handler: the error there has the PIN in it
            raise StageError("pin-not-text")
        with FunctionList(self._path).empty_pin_is_null() if not pin else contextlib.nullcontext():
            self._session = token.open(user_pin=text)

    def use_crypto(self) -> str | None:
        """Fetch random bytes, and let a key that lives in this session sign; returns a note.

        Raises StageError ``random-constant``, and all that :func:`sign_and_verify` does.
        """
        assert self._slot is not None
        assert self._session is not None
        random = self._session.generate_random(RANDOM_BYTES * 8)
        if len(set(random)) == 1:
            raise StageError("random-constant")
        return sign_and_verify(self._session, self._slot.get_mechanisms())

    def leave_slot(self) -> None:
        """Log out and close what is open on this slot. Raises PKCS11Error."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
