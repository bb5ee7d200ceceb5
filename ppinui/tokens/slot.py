"""What a module says of itself, its slots and their tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ppinui.pkcs11.structures import ModuleInfo
from ppinui.pkcs11.token_flags import TokenFlag, words_of
from ppinui.tokens.token_errors import Failure


@dataclass(frozen=True)
class Token:
    """C_GetTokenInfo."""

    label: str
    manufacturer: str
    model: str
    serial: str
    hardware_version: str
    firmware_version: str
    flags: int
    """See :class:`ppinui.pkcs11.token_flags.TokenFlag`."""
    min_pin: int
    max_pin: int
    """How many bytes a PIN may have."""
    public_memory: int | None = None
    free_public_memory: int | None = None
    private_memory: int | None = None
    free_private_memory: int | None = None
    """Bytes for objects that are seen without a login, and for others; None where the token does not say."""

    @property
    def is_initialised(self) -> bool:
        """Whether it has a label and PINs; what is on it would be lost by doing that again."""
        return bool(self.flags & TokenFlag.INITIALISED)

    @property
    def words(self) -> tuple[str, ...]:
        """The flags in words."""
        return words_of(self.flags)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What identifies this token, in whichever slot it is seen."""
        return (self.manufacturer, self.model, self.serial, self.label)

    def with_flags(self, flags: int) -> Token:
        """The same token, a moment later."""
        return replace(self, flags=flags)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"flags": list(self.words)}


@dataclass(frozen=True)
class TokenSlot:
    """A slot, with its token or with why there is nothing to be said of it."""

    id: int
    description: str = ""
    manufacturer: str = ""
    token: Token | None = None
    """None for an empty slot, and where ``failure`` came before it."""
    failure: Failure | None = None

    @property
    def hex(self) -> str:
        return f"0x{self.id:x}"

    @property
    def name(self) -> str:
        """How messages call it: ``slot 5 'PAYMENTS'``."""
        label = self.token.label if self.token is not None else ""
        return f"slot {self.id} '{label}'" if label else f"slot {self.id}"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "hex": self.hex,
            "description": self.description,
            "manufacturer": self.manufacturer,
            "token": None if self.token is None else self.token.as_json(),
            "error": None if self.failure is None else self.failure.as_json(),
        }


@dataclass(frozen=True)
class SlotList:
    """Every slot of a module, in its order."""

    module: str
    library: ModuleInfo
    slots: tuple[TokenSlot, ...]

    @property
    def failures(self) -> int:
        """How many slots answered with an error."""
        return sum(slot.failure is not None for slot in self.slots)

    def as_json(self) -> dict[str, Any]:
        slots = [slot.as_json() for slot in self.slots]
        return {"module": self.module, "library": asdict(self.library), "slots": slots}
