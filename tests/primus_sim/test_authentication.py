"""Proxy password, permanent secret, setup password, PIN: where they come from, what a wrong one leads to."""

from __future__ import annotations

import pytest

from tests.primus_sim.driver import (
    CKR_OK,
    CKR_PIN_INCORRECT,
    CKR_PIN_LOCKED,
    CKR_TOKEN_NOT_PRESENT,
    COUNT_LOW,
    FINAL_TRY,
    LOCKED,
    NO_FLAGS,
    Drive,
)
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import DAY, Kind
from tests.primus_sim.switches import Answers, Blinded, OnRejection, PinFlags, ProxyEntries


def logged(stand: Stand) -> str:
    return stand.log.read_text()


@pytest.mark.parametrize("blinded", list(Blinded))
@pytest.mark.parametrize("proxy_entries", list(ProxyEntries))
def test_every_shape_of_the_secrets_file_is_read(
    primus_both: Stand, drive: Drive, blinded: Blinded, proxy_entries: ProxyEntries
) -> None:
    primus_both.switch_ppin(blinded=blinded, proxy_entries=proxy_entries)
    primus_both.write_secrets()
    driver = drive(primus_both)
    driver.fine("init")
    assert driver.fine("slots present") == "0 1 2"


def test_no_secret_stands_in_the_secrets_file_in_clear(primus_both: Stand) -> None:
    text = primus_both.secrets.read_text().lower()
    for secret in (PROXY_PASSWORD, *(one.permanent_secret for one in primus_both.partitions.values())):
        assert secret.lower() not in text
        assert secret.encode().hex() not in text
    assert primus_both.secrets.stat().st_mode & 0o777 == 0o640


def test_the_proxy_password_of_primus_cfg_goes_first(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.write_secrets(wrong=[PROXY_USER])
    primus_cluster.change_slots(proxy_password=PROXY_PASSWORD)
    driver = drive(primus_cluster)
    driver.fine("init")
    driver.fine("slot 1")
    assert primus_cluster.wrong_attempts == []


def test_a_setup_password_in_primus_cfg_does_for_a_permanent_secret(
    primus_standalone: Stand, drive: Drive
) -> None:
    stand = primus_standalone
    stand.change_hsm("hsm0", setup_password=stand.partitions["ARCHIVE"].setup_password)
    stand.secrets.unlink()
    driver = drive(stand)
    driver.fine("init")
    driver.fine("open 0")
    assert [attempt.kind for attempt in stand.attempts] == [Kind.SETUP]
    driver.fine("finalize")
    stand.clock.advance(4 * DAY)
    driver.fine("init")
    assert driver.rv("slot 0") == CKR_TOKEN_NOT_PRESENT
    assert "HSM_Login() - rv: 0x80000037" in logged(stand)


def test_the_permanent_secret_goes_before_the_setup_password(primus_standalone: Stand, drive: Drive) -> None:
    primus_standalone.change_hsm("hsm0", setup_password="a wrong one")
    driver = drive(primus_standalone)
    driver.fine("init")
    driver.fine("open 0")
    assert [attempt.kind for attempt in primus_standalone.attempts] == [Kind.PERMANENT]


@pytest.mark.parametrize("answers", list(Answers))
@pytest.mark.parametrize(
    ("trouble", "step", "code"),
    [
        ("HSM gone", "HSM_Connect", 0x80005015),
        ("HSM silent", "HSM_Hello", 0x8000003B),
        ("HSM resets", "HSM_Hello", 0x5),
        ("HSM talks nonsense", "HSM_Hello", 0x80000001),
        ("secrets file missing", "HSM_Login", 0x80005004),
        ("secrets file damaged", "HSM_Login", 0x80005006),
        ("entry damaged", "HSM_Login", 0x80005009),
        ("secret missing", "HSM_Login", 0x8000000C),
        ("secret wrong", "HSM_Login", 0x80005017),
        ("partition disabled", "HSM_Login", 0x80000069),
        ("partition unknown", "HSM_Login", 0x8000000D),
        ("too many connections", "HSM_Login", 0x80000018),
        ("locked", "HSM_Login", 0xA4),
    ],
)
def test_the_reason_is_in_the_log_while_the_function_only_says_that_there_is_no_token(
    primus_standalone: Stand, drive: Drive, answers: Answers, trouble: str, step: str, code: int
) -> None:
    stand = primus_standalone
    stand.switch_library(answers=answers)
    stand.write_config(connect_on_init=False, wait_delay=60)
    _make(trouble, stand)
    driver = drive(stand)
    driver.fine("init")
    direct = answers is Answers.VENDOR and code >= 0x80000000
    assert driver.rv("slot 0") == (code if direct else CKR_TOKEN_NOT_PRESENT)
    lines = [line.split(" - ", 3)[3] for line in logged(stand).splitlines()]
    assert f"{step}() - rv: 0x{code:x}" in lines
    port = stand.hsms["hsm0"].port
    assert lines[-2:] == [
        f"HSM_Connect() - Failed to login on HSM 127.0.0.1:{port} (slot: 0)",
        f"C_GetSlotInfo() - rv: 0x{code if direct else 0xE0:x}",
    ]


def _make(trouble: str, stand: Stand) -> None:
    hsm, partition = stand.hsms["hsm0"], stand.partitions["ARCHIVE"]
    match trouble:
        case "HSM gone":
            hsm.go_away()
        case "HSM silent":
            hsm.faults.silent = True
        case "HSM resets":
            hsm.faults.reset_at = "HELLO"
        case "HSM talks nonsense":
            hsm.faults.wrong_answers = True
        case "secrets file missing":
            stand.secrets.unlink()
        case "secrets file damaged":
            stand.secrets.write_text("primus: {")
        case "entry damaged":
            stand.secrets.write_text(stand.secrets.read_text().replace('check = "', 'check = "00'))
        case "secret missing":
            stand.write_secrets(without=["ARCHIVE"])
        case "secret wrong":
            stand.write_secrets(wrong=["ARCHIVE"])
        case "partition disabled":
            partition.enabled = False
        case "partition unknown":
            hsm.absent.add("ARCHIVE")
        case "too many connections":
            partition.max_connections = 0
        case "locked":
            stand.lock_after(1, blocks_connections=True)
            partition.locked_until[""] = stand.clock.now() + DAY


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\n",
        b"OK\n",
        b"OK firmware\n",
        b"OK firmware=%\n",
        b"OK firmware=%4\n",
        b"OK firmware=%zz\n",
        b"OK firmware=%00\n",
        b"OK firmware=" + b"9" * 200 + b"\n",
        b"OK firmware=RP-99999999999.99999999999\n",
        b"OK firmware=none\nOK\n",
        b"OK firm\x00ware=1\n",
        b"ERR\n",
        b"ERR code=\n",
        b"ERR code=0\n",
        b"ERR code=0xFFFFFFFFFFFFFFFFFFFF\n",
        b"ERR code=0x8000004Etc\n",
        b"x" * 20_000,
    ],
    ids=repr,
)
def test_whatever_an_hsm_says_is_survived(primus_standalone: Stand, drive: Drive, nonsense: bytes) -> None:
    primus_standalone.write_config(connect_on_init=False, log={"trace_level": "7", "trace_mask": "0x07"})
    faults = primus_standalone.hsms["hsm0"].faults
    faults.wrong_answers, faults.nonsense = True, nonsense
    driver = drive(primus_standalone)
    driver.fine("init")
    assert driver.rv("slot 0") == CKR_TOKEN_NOT_PRESENT
    faults.wrong_answers = False
    driver.fine("open 0")


def test_a_wrong_proxy_password_and_a_missing_one_are_told_apart(primus_cluster: Stand, drive: Drive) -> None:
    primus_cluster.write_config(connect_on_init=False)
    driver = drive(primus_cluster)
    for change, code, attempts in (("wrong", "0x80005017", 2), ("without", "0x8000000c", 2)):
        primus_cluster.write_secrets(**{change: [PROXY_USER]})
        driver.fine("init")
        assert driver.rv("slot 1") == CKR_TOKEN_NOT_PRESENT
        driver.fine("finalize")
        assert f"Proxy_Login() - rv: {code}" in logged(primus_cluster)
        assert len(primus_cluster.wrong_attempts) == attempts


@pytest.mark.parametrize(
    ("on_rejection", "hsms"), [(OnRejection.NEXT, ["GRIMSEL", "OBERALP"]), (OnRejection.STOP, ["GRIMSEL"])]
)
def test_a_refused_secret_is_offered_to_the_next_hsm_or_not(
    primus_cluster: Stand, drive: Drive, on_rejection: OnRejection, hsms: list[str]
) -> None:
    primus_cluster.switch_library(on_rejection=on_rejection)
    primus_cluster.write_config(connect_on_init=False)
    primus_cluster.write_secrets(wrong=["SIGNING"])
    driver = drive(primus_cluster)
    driver.fine("init")
    assert driver.rv("slot 2") == CKR_TOKEN_NOT_PRESENT
    assert [attempt.hsm for attempt in primus_cluster.wrong_attempts] == hsms


@pytest.mark.parametrize("answers", list(Answers))
def test_a_wrong_pin_is_counted_by_the_hsm(primus_standalone: Stand, drive: Drive, answers: Answers) -> None:
    primus_standalone.switch_library(answers=answers)
    driver = drive(primus_standalone)
    driver.fine("init")
    session = driver.fine("open 0")
    refused = CKR_PIN_INCORRECT if answers is Answers.PKCS11 else 0x8000000B
    assert driver.rv(f"login {session} wrong") == refused
    assert "HSM_Request() - rv: 0x8000000b" in logged(primus_standalone)
    assert [(one.kind, one.secret) for one in primus_standalone.wrong_attempts] == [(Kind.PIN, "wrong")]
    driver.fine(f"login {session} {PINS['ARCHIVE']}")


@pytest.mark.parametrize("pin_flags", list(PinFlags))
def test_pin_flags_are_shown_or_hidden(primus_cluster: Stand, drive: Drive, pin_flags: PinFlags) -> None:
    primus_cluster.switch_library(pin_flags=pin_flags)
    primus_cluster.lock_after(3)
    driver = drive(primus_cluster)
    driver.fine("init")
    session = driver.fine("open 1")
    for wrong, flags in enumerate((NO_FLAGS, COUNT_LOW, FINAL_TRY, LOCKED)):
        if wrong:
            assert driver.rv(f"login {session} wrong") == CKR_PIN_INCORRECT
        assert driver.fine("token 1").endswith(flags if pin_flags is PinFlags.SHOWN else NO_FLAGS)
    assert driver.rv(f"login {session} {PINS['PAYMENTS']}") == CKR_PIN_LOCKED
    # It is the partition that is locked, so its other HSM says the same.
    primus_cluster.hsms["hsm1"].go_away()
    assert driver.rv(f"login {session} {PINS['PAYMENTS']}") == CKR_PIN_LOCKED
    primus_cluster.clock.advance(301)
    assert driver.rv(f"login {session} {PINS['PAYMENTS']}") == CKR_OK
