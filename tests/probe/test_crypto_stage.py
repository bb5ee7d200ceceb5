"""What is signed with where the token does not offer everything, on SoftHSM2 with less than it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ppinui.probe.result import Outcome, SlotResult
from tests.probe.scenes import HsmSpec, RunTest, SlotSpec, configuration, stage
from tests.rig.listeners import Listener
from tests.rig.softhsm import USER_PIN, SoftHsm


@pytest.fixture
def tested_with(
    make_tokens: Callable[..., SoftHsm], run_test: RunTest, hsm_listener: Listener
) -> Callable[..., SlotResult]:
    """`tested_with("CKM_ECDSA", …)`: the result of a token that offers these mechanisms alone.

    Afterwards the token has what it had before.
    """

    def go(*mechanisms: str) -> SlotResult:
        tokens = make_tokens("MINE")
        with tokens.configuration.open("a") as file:
            file.write(f"slots.mechanisms = {','.join(mechanisms)}\n")
        before = sorted(tokens.folder.rglob("*"))
        config = configuration(HsmSpec(hsm_listener, (SlotSpec("MINE", tokens.slot_ids[0]),)))
        report = run_test(config, tokens.module, environ=tokens.environ, pins={"*": USER_PIN}, crypto=True)
        assert sorted(tokens.folder.rglob("*")) == before
        return report.results[0]

    return go


@pytest.mark.parametrize(
    ("offered", "note"),
    [
        (("CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA", "CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_SHA256_RSA_PKCS"), None),
        (
            ("CKM_ECDSA", "CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS"),
            "signed with RSA (CKM_SHA256_RSA_PKCS), as the token has no ECDSA",
        ),
        (
            ("CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_RSA_PKCS"),
            "signed with RSA (CKM_RSA_PKCS), as the token has no ECDSA",
        ),
    ],
    ids=["all", "no curves", "bare RSA"],
)
def test_the_first_way_that_the_token_offers_is_taken_and_named(
    offered: tuple[str, ...], note: str | None, tested_with: Callable[..., SlotResult]
) -> None:
    result = tested_with(*offered)
    assert stage(result, "crypto").error is None
    assert stage(result, "crypto").note == note
    assert result.outcome is Outcome.OK


def test_a_token_that_offers_none_of_them_is_fine_and_not_signed_with(
    tested_with: Callable[..., SlotResult],
) -> None:
    result = tested_with("CKM_AES_KEY_GEN", "CKM_AES_CBC")
    crypto = stage(result, "crypto")
    assert crypto.outcome is Outcome.SKIPPED
    assert crypto.error is not None
    assert crypto.error.name == "NO_SIGNATURE_MECHANISM"
    assert result.outcome is Outcome.OK
