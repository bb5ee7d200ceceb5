"""What a user sees who points `pkcs11-tool` at the stand-in's library."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.primus_sim.building import EC_ID, RSA_ID
from tests.primus_sim.stand import PINS, Stand
from tests.rig.patience import patient

MESSAGE = b"thirty-two bytes, as of a SHA256"


def pkcs11_tool(stand: Stand, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["pkcs11-tool", "--module", str(stand.module), *arguments],
        env={**os.environ, **stand.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
    )


def as_user(stand: Stand, slot: int) -> tuple[str, ...]:
    return ("--slot", str(slot), "--login", "--pin", PINS[stand.slot_ids[slot]])


def test_all_slots_are_listed_with_the_documented_token_information(primus_both: Stand) -> None:
    listed = pkcs11_tool(primus_both, "-L")
    assert listed.returncode == 0
    for slot, label, firmware in ((0, "ARCHIVE", "2.8"), (1, "PAYMENTS", "2.10"), (2, "SIGNING", "2.10")):
        part = listed.stdout.split(f"Slot {slot} (0x{slot:x}): ")[1].split("\nSlot ")[0]
        assert f"token label        : {label}\n" in part
        assert "token manufacturer : Securosys SA\n" in part
        assert "token model        : Primus HSM\n" in part
        assert f"hardware version   : {firmware}\n" in part
        assert "firmware version   : 2.2\n" in part


@pytest.mark.parametrize("slot", [0, 1, 2])
def test_objects_are_listed_after_the_login(primus_both: Stand, slot: int) -> None:
    listed = pkcs11_tool(primus_both, *as_user(primus_both, slot), "-O")
    assert listed.returncode == 0
    assert listed.stdout.count("Private Key Object") == 2
    assert listed.stdout.count("Public Key Object") == 2


@pytest.mark.parametrize("slot", [0, 1, 2])
@pytest.mark.parametrize(("mechanism", "key"), [("ECDSA", EC_ID), ("SHA256-RSA-PKCS", RSA_ID)])
def test_a_signature_verifies(
    primus_both: Stand, tmp_path: Path, slot: int, mechanism: str, key: str
) -> None:
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_bytes(MESSAGE)
    work = (*as_user(primus_both, slot), "-m", mechanism, "--id", key, "-i", str(message))
    assert pkcs11_tool(primus_both, *work, "--sign", "-o", str(signature)).returncode == 0
    verified = pkcs11_tool(primus_both, *work, "--verify", "--signature-file", str(signature))
    assert "Signature is valid" in verified.stdout
    message.write_bytes(MESSAGE[::-1])
    refused = pkcs11_tool(primus_both, *work, "--verify", "--signature-file", str(signature))
    assert "Signature is valid" not in refused.stdout


def test_a_signature_of_one_hsm_verifies_on_the_other_when_the_first_is_gone(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_bytes(MESSAGE)
    work = (*as_user(primus_cluster, 1), "-m", "ECDSA", "--id", EC_ID, "-i", str(message))
    assert pkcs11_tool(primus_cluster, *work, "--sign", "-o", str(signature)).returncode == 0
    primus_cluster.hsms["hsm1"].go_away()
    verified = pkcs11_tool(primus_cluster, *work, "--verify", "--signature-file", str(signature))
    assert "Signature is valid" in verified.stdout
    assert "C_Sign" in primus_cluster.hsms["hsm1"].calls
    assert "C_Verify" in primus_cluster.hsms["hsm2"].calls


def test_without_any_hsm_there_is_no_token(primus_cluster: Stand) -> None:
    for hsm in primus_cluster.hsms.values():
        hsm.go_away()
    failed = pkcs11_tool(primus_cluster, "-L")
    assert "CKR_TOKEN_NOT_PRESENT" in failed.stdout + failed.stderr


def test_a_key_pair_can_be_made_and_deleted(primus_standalone: Stand) -> None:
    user = as_user(primus_standalone, 0)
    made = pkcs11_tool(
        primus_standalone,
        *user,
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--id",
        "07",
        "--label",
        "new",
    )
    assert made.returncode == 0
    assert pkcs11_tool(primus_standalone, *user, "-O").stdout.count("Private Key Object") == 3
    for kind in ("privkey", "pubkey"):
        assert (
            pkcs11_tool(primus_standalone, *user, "--delete-object", "--type", kind, "--id", "07").returncode
            == 0
        )
    assert pkcs11_tool(primus_standalone, *user, "-O").stdout.count("Private Key Object") == 2
