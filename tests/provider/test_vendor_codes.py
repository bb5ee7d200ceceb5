"""The table of a Primus provider's codes: published names, valid columns, and what is decided of secrets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ppinui
from ppinui.pkcs11 import return_codes
from ppinui.pkcs11.return_codes import PinVerdict, pkcs11_codes
from ppinui.probe.rejection import possibly_rejected_by, rejected_by
from ppinui.probe.result import Outcome, Stage, StageResult
from ppinui.probe.stage_errors import explain_answer
from ppinui.provider.vendor_codes import ConnectionVerdict, PrimusEntry, describe, vendor_codes
from ppinui.secrets.stored_secret import SecretKind
from ppinui.setup.kinds import KINDS

VENDOR_CODES = {
    0x80000001: "Unexpected data type",
    0x80000002: "Buffer too small",
    0x80000003: "Duplicate entry",
    0x80000004: "No more keys",
    0x80000005: "Public key not found",
    0x80000006: "Private key not found",
    0x80000008: "Invalid block cipher",
    0x80000009: "Invalid mechanism",
    0x8000000A: "Object not found",
    0x8000000B: "Login failed, wrong PKCS#11 PIN",
    0x8000000C: "User not logged in",
    0x8000000D: "User not found",
    0x8000000E: "Wrong password for the key",
    0x80000012: "Key not found",
    0x80000018: "Max Connections exceeded",
    0x8000002A: "Key import not allowed",
    0x80000037: "Password expired",
    0x8000003B: "Connect Timeout",
    0x8000004E: "HSM_Hello failed (unpublished code)",
    0x80000058: "EC Curve Unknown",
    0x8000005F: "Session objects disabled by HSM configuration",
    0x80000069: "Access to partition disabled by HSM configuration",
    0x80000084: "DL Group unknown",
    0x80000085: "PQC mode unknown",
    0x80005001: "No HSM/User configured",
    0x80005002: "HSM/User configuration already exists",
    0x80005003: "Primus configuration file not found",
    0x80005004: "Primus secrets file not found",
    0x80005005: "Invalid Primus configuration file",
    0x80005006: "Invalid Primus secrets file",
    0x80005007: "No write access to Primus secrets file",
    0x80005008: "Failed to add permanent secret to secrets file",
    0x80005009: "Invalid secrets file configuration element",
    0x80005010: "Failed to update Primus secrets file",
    0x80005011: "Failed to remove permanent secret from Primus secrets file",
    0x80005012: "User not found in Primus configuration file",
    0x80005013: "Unsupported secret types",
    0x80005014: "NULL list pointer",
    0x80005015: "Connection to HSM failed (network level, IP not reachable)",
    0x80005017: "Login to HSM failed with provided credentials (Setup Password)",
    0x80005018: "Setup password expired",
    0x80005019: "Access to partition disabled by HSM configuration",
}

UNKNOWN = (0x00000004, 0x0FFFFFFF, 0x80000007, 0x8FFFFFFF, 0xC0000001, 0xD0000000, 0x40000000, 0x1_0000_0000)
ALL_CODES = sorted({*pkcs11_codes(), *vendor_codes(), *UNKNOWN})


def test_every_code_of_the_vendor_is_described_under_its_published_meaning() -> None:
    assert {code: entry.name for code, entry in vendor_codes().items() if code >= 0x80000000} == VENDOR_CODES


def test_pkcs11_s_own_codes_keep_their_names_and_what_they_say_of_a_pin() -> None:
    for code, entry in vendor_codes().items():
        if code < 0x80000000:
            assert (entry.name, entry.pin) == (pkcs11_codes()[code].name, pkcs11_codes()[code].pin)


@pytest.mark.parametrize("code", ALL_CODES, ids=hex)
def test_an_entry_reads_as_two_sentences_that_others_can_go_on_with(code: int) -> None:
    entry = describe(code)
    assert entry.code == code
    for text in (entry.meaning, entry.remedy):
        assert 15 < len(text) < 260
        assert not text.endswith((".", " "))
        assert "\n" not in text
        assert "`" not in text
    assert entry.meaning[0].isupper()
    assert entry.remedy[0].islower()


def test_no_remedy_names_a_command_that_ppinui_does_not_have() -> None:
    known = re.compile(r"ppinui (config (path|show|get|check|set|add-hsm|add-slot|remove)\b|--test\b)")
    for entry in vendor_codes().values():
        for mention in re.finditer(r"ppinui ", entry.remedy):
            assert known.match(entry.remedy, mention.start()), entry.remedy


@pytest.mark.parametrize("code", UNKNOWN, ids=hex)
def test_an_unknown_code_says_honestly_that_no_list_has_it(code: int) -> None:
    entry = describe(code)
    assert entry.hex in entry.name
    assert re.search(r"no version|does not have it|no list|no range", entry.meaning)
    assert "ask" in entry.remedy


def test_an_unknown_code_is_laid_at_the_door_of_the_one_whose_range_it_is_in() -> None:
    assert "PKCS#11" in describe(0x00000004).name
    assert "vendor" in describe(0x8000ABCD).name
    assert "HSM system" in describe(0xC0000010).name


def test_a_disabled_access_names_the_settings_of_the_security_officer() -> None:
    remedy = describe(0x80000069).remedy
    assert "hsm_sec_set_config crypto_access=true" in remedy
    assert "pkcs11=true" in remedy


def test_a_wrong_pin_warns_of_the_lock_before_it_asks_for_another_try() -> None:
    for code in (0xA0, 0x8000000B):
        assert "before the next try" in describe(code).remedy


def test_every_step_that_mends_a_cause_exists() -> None:
    steps = {step.id for kind in KINDS for step in kind.steps}
    assert {entry.fix_in for entry in vendor_codes().values()} - {None} <= steps


# -- what is decided of secrets ----------------------------------------------------------------------------

BOTH = {SecretKind.PROXY, SecretKind.PERMANENT}
NEITHER: set[SecretKind] = set()

CONNECTING = {
    "nothing rejected": """
        00000002 00000003 00000030 00000031 00000032 000000B1 00000191 8000000C 80000018 8000003B 8000004E
        80000069 80005001 80005003 80005004 80005005 80005006 80005009 80005012 80005015 80005019
        """,
    "proxy password or permanent secret rejected": """
        000000A0 000000A1 000000A2 000000A3 000000A4 80005017
        80000007 8FFFFFFF C0000001 D0000000 100000000
        """,
    "permanent secret rejected": "8000000B 80000037 80005018",
    "rejected if the log says so": "000000E0",
}
"""Every other code: it may be that one was rejected, so no other HSM is tried in this run."""

LOGIN = {
    "PIN not sent": "00000002 00000003 000000B1 00000102 80000018 80005015",
    "PIN rejected": """
        000000A0 000000A1 000000A2 000000A3 000000A4 8000000B 80000037 80005017 80005018
        80000007 8FFFFFFF C0000001 D0000000 100000000
        """,
}
"""Every other code: it may be that the PIN was counted as a wrong one."""

FETCHING = {
    "wrong password": "000000A0 8000000B 80005017",
    "expired setup password": "80000037 80005018",
    "no HSM reached": "8000003B 80005015",
    "back to hsms": "8000003B 80005015",
    "back to partitions": "8000000D",
}


def decision(table: dict[str, str], code: int) -> str:
    found = [what for what, codes in table.items() if f"{code:08X}" in codes.split()]
    return found[0] if found else "not known"


def ended(stage: Stage, code: int, *, login_refused: bool = False) -> tuple[set[SecretKind], set[SecretKind]]:
    """What is offered to no other HSM in the same run, and what is marked as rejected."""
    error = explain_answer(code, None, None)
    result = StageResult(stage, Outcome.FAILED, 1.0, error, login_refused=login_refused)
    return set(possibly_rejected_by(result)), set(rejected_by(result))


@pytest.mark.parametrize("stage", [Stage.LOAD, Stage.SLOT, Stage.TOKEN, Stage.SESSION])
@pytest.mark.parametrize("code", ALL_CODES, ids=hex)
def test_what_a_code_says_of_the_secrets_that_the_provider_connects_with(code: int, stage: Stage) -> None:
    plain, refused = {
        "nothing rejected": ((NEITHER, NEITHER), (NEITHER, NEITHER)),
        "proxy password or permanent secret rejected": ((BOTH, BOTH), (BOTH, BOTH)),
        "permanent secret rejected": (({SecretKind.PERMANENT},) * 2, ({SecretKind.PERMANENT},) * 2),
        "rejected if the log says so": ((NEITHER, NEITHER), (BOTH, BOTH)),
        "not known": ((BOTH, NEITHER), (BOTH, BOTH)),
    }[decision(CONNECTING, code)]
    assert ended(stage, code) == plain
    assert ended(stage, code, login_refused=True) == refused


@pytest.mark.parametrize("code", ALL_CODES, ids=hex)
def test_what_a_code_says_of_the_pin_of_a_login(code: int) -> None:
    pin = {SecretKind.PIN}
    plain, refused = {
        "PIN not sent": ((NEITHER, NEITHER), (NEITHER, NEITHER)),
        "PIN rejected": ((pin, pin), (pin, pin)),
        "not known": ((pin, NEITHER), (pin, pin)),
    }[decision(LOGIN, code)]
    assert ended(Stage.LOGIN, code) == plain
    assert ended(Stage.LOGIN, code, login_refused=True) == refused


@pytest.mark.parametrize("stage", [Stage.RESOLVE, Stage.CONNECT, Stage.CRYPTO])
@pytest.mark.parametrize("code", [0xA0, 0x80005017, 0x80000007])
def test_networks_and_keys_say_nothing_of_secrets(code: int, stage: Stage) -> None:
    assert ended(stage, code, login_refused=True) == (NEITHER, NEITHER)


@pytest.mark.parametrize("code", ALL_CODES, ids=hex)
def test_what_a_code_of_ppin_says_of_a_password_and_which_step_mends_it(code: int) -> None:
    entry = describe(code)
    assert decisions_of(entry) == {what for what, codes in FETCHING.items() if f"{code:08X}" in codes.split()}


def decisions_of(entry: PrimusEntry) -> set[str]:
    found = {
        "wrong password": entry.pin is PinVerdict.WRONG,
        "expired setup password": entry.expires_setup_password,
        "no HSM reached": entry.secret is ConnectionVerdict.NOT_REACHED,
        f"back to {entry.fix_in}": entry.fix_in is not None,
    }
    return {what for what, is_so in found.items() if is_so}


# -- the only place ----------------------------------------------------------------------------------------

PRODUCT = Path(ppinui.__file__).parent
TABLES = {"pkcs11/return_codes.py", "provider/vendor_codes.py"}
ROOMS_OF_ANSWERS = {"editing", "kms", "probe", "provider", "services", "setup"}
"""Elsewhere a small number may be an attribute, a flag or a tag of ASN.1."""
CONTROL_CHARACTERS = {("provider/ppin.py", 0x20)}


def test_no_other_module_has_a_code_as_a_number_of_its_own() -> None:
    found = set()
    for path in PRODUCT.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(PRODUCT).as_posix()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and type(node.value) is int and node.value in ALL_CODES:
                written = ast.get_source_segment(text, node) or ""
                is_answer = node.value >= 0x80000000 or name.partition("/")[0] in ROOMS_OF_ANSWERS
                if is_answer and written.lower().startswith("0x"):
                    found.add((name, node.value))
    assert {(name, code) for name, code in found if name not in TABLES} - CONTROL_CHARACTERS == set()


def test_the_names_of_codes_are_those_of_their_rows() -> None:
    for name, value in vars(return_codes).items():
        if name.isupper() and type(value) is int and name != "VENDOR_DEFINED":
            assert pkcs11_codes()[value].name == f"CKR_{name}"
