"""The HSM settings of a KMS as its command-line options and as variables of its environment, without PINs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model


def as_options(model: Model, admins: Sequence[str], slots: Sequence[int]) -> str:
    """Options for a shell, one a line. Each PIN is a variable that the shell fills in.

    A PIN is never printed here: options are seen by every user of the machine, for as long as the KMS runs.
    With one slot there is no ``--hsm-password`` at all: the KMS takes its PIN from ``KMS_HSM_PASSWORD``. With
    several there is no other way on a command line.
    """
    words = [["--hsm-model", model.value]]
    words += [["--hsm-admin", admin] for admin in admins]
    lines = [shlex.join(pair) for pair in words]
    if len(slots) == 1:
        lines.append(f"--hsm-slot {slots[0]}")
    else:
        lines += [f'--hsm-slot {slot} --hsm-password "${variable_of(slot)}"' for slot in slots]
    return " \\\n".join(lines) + "\n"


def variable_of(slot: int) -> str:
    """The shell's variable that is to hold the PIN of a slot."""
    return f"PIN_OF_SLOT_{slot}"


def as_variables(admins: Sequence[str], slots: Sequence[int]) -> str:
    """Lines for an EnvironmentFile, without ``KMS_HSM_PASSWORD``, which belongs where secrets are kept.

    The KMS (5.26) reads one slot and one password of its environment, splits neither, and has no variable for
    the model. Raises PpinuiError for several slots.
    """
    if len(slots) != 1:
        raise PpinuiError(
            f"the KMS takes one slot from its environment, not {len(slots)}",
            "KMS_HSM_SLOT",
            "write them into its kms.toml: --as toml",
        )
    lines = [f"KMS_HSM_ADMIN={','.join(admins)}"] if admins else []
    return "\n".join([*lines, f"KMS_HSM_SLOT={slots[0]}"]) + "\n"
