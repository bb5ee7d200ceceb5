"""The settings as options and variables of the KMS: a PIN is in none of them."""

from __future__ import annotations

import shlex

import pytest

from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_options import as_options, as_variables


def test_one_slot_leaves_its_pin_to_the_variable() -> None:
    words = shlex.split(as_options(Model.OTHER, ("a b", "c"), (5,)).replace("\\\n", " "))
    assert words == ["--hsm-model", "other", "--hsm-admin", "a b", "--hsm-admin", "c", "--hsm-slot", "5"]


def test_several_slots_have_a_variable_of_the_shell_each() -> None:
    text = as_options(Model.OTHER, ("admin",), (5, 7))
    assert '--hsm-slot 5 --hsm-password "$PIN_OF_SLOT_5"' in text
    assert '--hsm-slot 7 --hsm-password "$PIN_OF_SLOT_7"' in text


def test_the_environment_has_admins_and_slot() -> None:
    assert as_variables(("a", "b"), (5,)) == "KMS_HSM_ADMIN=a,b\nKMS_HSM_SLOT=5\n"


def test_the_environment_cannot_hold_two_slots() -> None:
    with pytest.raises(PpinuiError, match="one slot from its environment, not 2"):
        as_variables(("admin",), (5, 7))
