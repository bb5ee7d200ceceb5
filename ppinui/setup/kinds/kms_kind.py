"""Another PKCS#11 HSM with a KMS: no primus.cfg, but a kms.toml."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from ppinui.setup.steps.guidance_steps import before_step
from ppinui.setup.steps.keyring_step import KEYRING_STEP
from ppinui.setup.steps.kms_library_step import KMS_LIBRARY_STEP, expected_library, kms_file
from ppinui.setup.steps.kms_probe_step import KMS_TEST_STEP
from ppinui.setup.steps.kms_save_step import KMS_WRITING_STEP
from ppinui.setup.steps.kms_tokens_step import PINS_STEP, TOKENS_STEP
from ppinui.setup.walkthrough import Block, Here, SetupKind, Step, command, point


def _next(here: Here) -> Iterator[Block]:
    path = shlex.quote(str(kms_file(here)))
    yield point("Let the file belong to the account of the KMS, which alone should read it:")
    yield command(f"sudo chown KMS_ACCOUNT {path} && sudo chmod 0600 {path}")
    yield point("Start the KMS with it. While it has this file, it looks at no options and no variables:")
    yield command(f"cosmian_kms -c {path}")
    yield point("Monitoring: the exit code is 1 when a slot is not fine, and the JSON says which and why:")
    yield command(f"ppinui -c {path} --test --format json", f"ppinui -c {path} kms check")
    yield point("What is in the tokens:")
    yield command(f"ppinui slots --module {shlex.quote(str(expected_library(here).path))}")


KMS: Final = SetupKind(
    "kms",
    "Another PKCS#11 HSM with a KMS",
    "any HSM with a PKCS#11 library, under a KMS with a kms.toml",
    (
        before_step(
            """
            Have these at hand:
            - the HSM's PKCS#11 library, installed and configured as its vendor says
            - the labels of the tokens that the KMS shall use, and their user PINs
            - for tokens that were never initialised: a new SO PIN and a new user PIN for each
            """
        ),
        KMS_LIBRARY_STEP,
        KEYRING_STEP,
        TOKENS_STEP,
        PINS_STEP,
        KMS_WRITING_STEP,
        KMS_TEST_STEP,
        Step("next", "What next", lambda here: tuple(_next(here))),
    ),
    makes_primus_cfg=False,
)
