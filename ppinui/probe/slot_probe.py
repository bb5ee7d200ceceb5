"""The stages of a slot's test that need the PKCS#11 module; they run in a worker process only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pkcs11

from ppinui.pkcs11.loaded_module import LoadedModule, NotLoadableError, handle_of
from ppinui.pkcs11.raw_calls import CryptokiError
from ppinui.pkcs11.return_codes import ACTION_PROHIBITED
from ppinui.pkcs11.signing_ops import choose_way, sign_and_verify
from ppinui.pkcs11.structures import ModuleInfo, TokenInfo, text_of
from ppinui.pkcs11.token_flags import PIN_FLAGS, TokenFlag, UserType
from ppinui.probe.conditions import StageError
from ppinui.provider.library import ModuleUnusable, examine
from ppinui.provider.vendor_codes import SESSION_OBJECTS_DISABLED

RANDOM_BYTES = 32


class SlotProbe:
    """A PKCS#11 module in this process, and the one slot of it that is tested."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._module: LoadedModule | None = None
        self._forget()

    def _forget(self) -> None:
        self._ids: list[int] = []
        self._labels: dict[int, str] | None = None
        self._slot: pkcs11.Slot | None = None
        self._session: pkcs11.Session | None = None

    @property
    def module(self) -> LoadedModule:
        assert self._module is not None
        return self._module

    @property
    def slot(self) -> pkcs11.Slot:
        assert self._slot is not None
        return self._slot

    @property
    def loaded(self) -> bool:
        """The module is loaded and initialised."""
        return self._module is not None and self._module.initialised

    def load(self, *, anew: bool) -> ModuleInfo:
        """Load and initialise the module; with ``anew`` it reads its configuration again.

        Raises CryptokiError, and StageError ``module-not-loadable`` when the dynamic linker rejects it.
        """
        if self._module is None:
            try:
                # a file that was cut short would end the process, and the linker's words mislead
                examine(Path(self._path))
                self._module = LoadedModule(self._path)
            except ModuleUnusable as error:
                raise StageError("module-not-loadable", error.message) from error
            except NotLoadableError as error:
                raise StageError("module-not-loadable", str(error)) from error
        elif anew and self._module.initialised:
            self._module.finalise()
        if self._module.initialised:
            return self._module.info
        self._forget()
        return self._module.initialise()

    def find_slot(self, slot_id: int | None, label: str | None) -> str | None:
        """Choose the slot with this id, or else the one whose token has exactly this label, if one is given.

        Returns a note when the slot was found by its label. Raises CryptokiError, or StageError
        ``slot-not-found``, ``label-not-unique``, or without a label ``no-such-slot``.
        """
        if not self._ids:
            self._ids = self.module.raw.slot_ids()
        if slot_id is not None and slot_id in self._ids:
            self._slot = self.module.slot(slot_id)
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
        self._slot = self.module.slot(matches[0])
        return f"no slot has the id {slot_id}: found by its token label in slot {matches[0]}"

    def _read_labels(self) -> dict[int, str]:
        labels: dict[int, str] = {}
        for slot_id in self._ids:
            with suppress(CryptokiError):  # the error of another slot does not concern this one
                labels[slot_id] = text_of(self.module.raw.token_info(slot_id).label)
        return labels

    def read_token(self) -> TokenInfo:
        """Read the token's information afresh. Raises CryptokiError."""
        return self.module.raw.token_info(self.slot.slot_id)

    def open_session(self) -> None:
        """Open a session without login and close it again, as some tokens have just one to give."""
        self.module.close_session(self.module.open_session(self.slot))

    def login(self, pin: bytearray, *, spend_final_try: bool, spend_one_try: bool) -> None:
        """Log in as the user, where the token's flags allow it, and keep the session for what comes next.

        An empty PIN is none: C_Login gets a null pointer.

        Raises CryptokiError (then the module has to be finalised: the library leaves the session open), or
        StageError ``pin-locked``, ``pin-not-set``, ``pin-final-try``, ``pin-count-low`` or ``pin-not-text``
        (it has to be UTF-8) without having offered the PIN.
        """
        flags, user = self.read_token().flags, PIN_FLAGS[UserType.USER]
        if flags & user.locked:
            raise StageError("pin-locked")
        if pin and not flags & TokenFlag.USER_PIN_SET:
            raise StageError("pin-not-set")
        if flags & user.final_try and not spend_final_try:
            raise StageError("pin-final-try", skipped=True)
        if flags & user.count_low and not (spend_one_try or spend_final_try):
            raise StageError("pin-count-low", skipped=True)
        if not _is_text(pin):
            raise StageError("pin-not-text")
        self._session = self.module.open_session(self.slot)
        self.module.raw.login(handle_of(self._session), UserType.USER, pin or None)

    def use_crypto(self) -> str | None:
        """Fetch random bytes, and let a key that lives in this session sign; returns a note.

        The note is None where ECDSA was used. Raises CryptokiError, or StageError ``random-constant`` or
        ``signature-wrong``, or skipped ``session-objects-disabled`` where policy does not allow session
        objects, and ``no-signature-mechanism`` where no way to sign is offered.
        """
        assert self._session is not None
        with self.module.calling("C_GenerateRandom"):
            random = self._session.generate_random(RANDOM_BYTES * 8)
        if len(set(random)) == 1:
            raise StageError("random-constant")
        with self.module.calling("C_GetMechanismList"):
            way = choose_way(self.slot.get_mechanisms())
        if way is None:
            raise StageError("no-signature-mechanism", skipped=True)
        try:
            is_good = sign_and_verify(self.module, self._session, way)
        except CryptokiError as error:
            if error.function == "C_GenerateKeyPair" and error.code in {
                ACTION_PROHIBITED,
                SESSION_OBJECTS_DISABLED,
            }:
                raise StageError("session-objects-disabled", skipped=True) from error
            raise
        if not is_good:
            raise StageError("signature-wrong")
        return way.note

    def leave_slot(self) -> None:
        """Log out and close what is open on this slot. Raises CryptokiError."""
        session, self._session = self._session, None
        if session is not None:
            self.module.raw.logout(handle_of(session))
            self.module.close_session(session)


def _is_text(pin: bytearray) -> bool:
    """Whether it is UTF-8; the error that says why not would have the PIN in it."""
    with suppress(UnicodeDecodeError):
        pin.decode()
        return True
    return False
