"""The provider library as an application meets it, watched by sanitizers."""

from __future__ import annotations

import pytest

from tests.primus_sim.driver import (
    CKR_ACTION_PROHIBITED,
    CKR_CRYPTOKI_ALREADY_INITIALIZED,
    CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_GENERAL_ERROR,
    CKR_OK,
    CKR_PIN_LEN_RANGE,
    CKR_SESSION_HANDLE_INVALID,
    CKR_TOKEN_NOT_PRESENT,
    CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN,
    Drive,
)
from tests.primus_sim.stand import PINS, Stand
from tests.primus_sim.switches import Answers, SlotList


def test_every_slot_does_everything_twice_over(primus_both: Stand, drive: Drive) -> None:
    driver = drive(primus_both)
    for _ in range(2):
        driver.fine("init")
        assert driver.fine("slots present") == driver.fine("slots all") == "0 1 2"
        for slot, user in primus_both.slot_ids.items():
            assert int(driver.fine(f"mechanisms {slot}")) > 20
            session = driver.fine(f"open {slot}")
            driver.fine(f"login {session} {PINS[user]}")
            assert driver.fine(f"session {session}") == f"slot {slot} state 3"
            assert driver.fine(f"objects {session}") == "4"
            for kind in ("ec", "rsa"):
                driver.fine(f"key {session} {kind}-key")
                driver.fine(f"sign {session} {kind}")
                driver.fine(f"verify {session} {kind}-key {kind}")
            driver.fine(f"pair {session} session")
            driver.fine(f"pair {session} token")
            assert driver.fine(f"data {session}") == "second"
            driver.fine(f"digest {session}")
            driver.fine(f"random {session}")
            driver.fine(f"logout {session}")
            assert driver.fine(f"objects {session}") == "2"
        driver.fine("finalize")


def test_what_the_library_and_its_tokens_say_of_themselves(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    driver.fine("init")
    assert driver.fine("library").split() == ["Securosys", "SA", "2.2"]
    fields = [field.strip() for field in driver.fine("token 1").split("|")]
    assert fields[:5] == ["PAYMENTS", "Securosys SA", "Primus HSM", "hardware 2.10", "firmware 2.2"]


def test_a_token_can_bear_another_label_than_its_partitions_name(
    primus_standalone: Stand, drive: Drive
) -> None:
    primus_standalone.partitions["ARCHIVE"].label = "SOMETHING-ELSE"
    driver = drive(primus_standalone)
    driver.fine("init")
    assert driver.fine("token 0").startswith("SOMETHING-ELSE ")
    driver.fine("open 0")


def test_one_partition_can_have_several_slot_ids(primus_standalone: Stand, drive: Drive) -> None:
    (hsm,) = primus_standalone.cfg.hsms
    primus_standalone.change_hsm("hsm0", slots=(hsm.slots[0], type(hsm.slots[0])(77, "ARCHIVE")))
    driver = drive(primus_standalone)
    driver.fine("init")
    assert driver.fine("slots present") == "0 77"
    for slot in (0, 77):
        session = driver.fine(f"open {slot}")
        assert driver.rv(f"login {session} {PINS['ARCHIVE']}") == CKR_OK


def test_wrong_arguments_and_wrong_times_are_refused(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    assert driver.rv("finalize") == CKR_CRYPTOKI_NOT_INITIALIZED
    assert driver.rv("slots all") == CKR_CRYPTOKI_NOT_INITIALIZED
    assert driver.rv("token 1") == CKR_CRYPTOKI_NOT_INITIALIZED
    assert driver.rv("random 1") == CKR_CRYPTOKI_NOT_INITIALIZED
    driver.fine("init")
    assert driver.rv("init") == CKR_CRYPTOKI_ALREADY_INITIALIZED
    assert driver.rv("nonsense") == CKR_SESSION_HANDLE_INVALID
    session = driver.fine("open 1")
    assert driver.rv(f"badpins {session}") == CKR_PIN_LEN_RANGE
    assert driver.rv(f"logout {session}") == CKR_USER_NOT_LOGGED_IN
    driver.fine(f"login {session} {PINS['PAYMENTS']}")
    assert driver.rv(f"login {session} {PINS['PAYMENTS']}") == CKR_USER_ALREADY_LOGGED_IN
    driver.fine("closeall 1")
    assert driver.rv(f"random {session}") == CKR_SESSION_HANDLE_INVALID
    assert primus_cluster.wrong_attempts == []


def test_closing_the_last_session_logs_out(primus_standalone: Stand, drive: Drive) -> None:
    driver = drive(primus_standalone)
    driver.fine("init")
    for _ in range(2):
        session = driver.fine("open 0")
        driver.fine(f"login {session} {PINS['ARCHIVE']}")
        driver.fine(f"close {session}")


def test_a_changed_pin_is_the_hsms_and_holds_on_all_of_the_cluster(
    primus_cluster: Stand, drive: Drive
) -> None:
    driver = drive(primus_cluster)
    driver.fine("init")
    session = driver.fine("open 1")
    driver.fine(f"setpin {session} {PINS['PAYMENTS']} another-pin")
    primus_cluster.hsms["hsm1"].go_away()
    driver.fine(f"login {session} another-pin")


@pytest.mark.parametrize("answers", list(Answers))
def test_session_objects_can_be_forbidden(primus_standalone: Stand, drive: Drive, answers: Answers) -> None:
    primus_standalone.partitions["ARCHIVE"].session_objects = False
    primus_standalone.switch_library(answers=answers)
    driver = drive(primus_standalone)
    driver.fine("init")
    session = driver.fine("open 0")
    driver.fine(f"login {session} {PINS['ARCHIVE']}")
    driver.fine(f"pair {session} token")
    expected = CKR_ACTION_PROHIBITED if answers is Answers.PKCS11 else 0x8000005F
    assert driver.rv(f"pair {session} session") == expected
    assert "HSM_Request() - rv: 0x8000005f" in primus_standalone.log.read_text()


@pytest.mark.parametrize("answers", list(Answers))
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, 0x80005003),
        ("primus: {", 0x80005005),
        ('version = "1.0";', 0x80005001),
        ("primus: {};", 0x80005001),
    ],
)
def test_a_configuration_that_cannot_be_used_fails_initialisation(
    primus_standalone: Stand, drive: Drive, answers: Answers, text: str | None, code: int
) -> None:
    stand = primus_standalone
    stand.switch_library(answers=answers)
    if text is None:
        stand.config.unlink()
    else:
        stand.config.write_text(text)
    (stand.folder / "tmp").mkdir()
    driver = drive(stand)
    for _ in range(2):
        assert driver.rv("init") == (CKR_GENERAL_ERROR if answers is Answers.PKCS11 else code)
    # Without settings the log is where it is by default, here below the stand's root.
    assert f"Config_Load() - rv: 0x{code:x}" in (stand.folder / "tmp" / "primus.log").read_text()


def test_without_variables_the_files_are_searched(primus_standalone: Stand, drive: Drive) -> None:
    driver = drive(primus_standalone, environ={})
    driver.fine("init")
    assert driver.fine("slots present") == "0"


def test_files_are_read_once_at_initialisation(primus_standalone: Stand, drive: Drive) -> None:
    stand = primus_standalone
    stand.write_config(connect_on_init=False)
    driver = drive(stand)
    driver.fine("init")
    stand.config.unlink()
    stand.secrets.unlink()
    driver.fine("open 0")


def test_a_forked_child_initialises_for_itself(primus_cluster: Stand, drive: Drive) -> None:
    driver = drive(primus_cluster)
    driver.fine("init")
    session = driver.fine("open 1")
    driver.fine(f"login {session} {PINS['PAYMENTS']}")
    driver.fine("fork 2")
    driver.fine(f"objects {session}")


def test_included_files_belong_to_the_configuration(primus_standalone: Stand, drive: Drive) -> None:
    stand = primus_standalone
    included = stand.config.with_name("rest.cfg")
    stand.config.rename(included)
    stand.config.write_text(f'@include "{included}"\n')
    driver = drive(stand)
    driver.fine("init")
    assert driver.fine("slots present") == "0"


def test_a_port_that_is_an_int_counts_as_missing(primus_standalone: Stand, drive: Drive) -> None:
    stand = primus_standalone
    port = stand.hsms["hsm0"].port
    stand.config.write_text(stand.config.read_text().replace(f'port = "{port}"', f"port = {port}"))
    driver = drive(stand)
    driver.fine("init")
    assert driver.rv("slot 0") == CKR_TOKEN_NOT_PRESENT
    assert "127.0.0.1:2310" in stand.log.read_text()


@pytest.mark.parametrize(("slot_list", "listed"), [(SlotList.PRESENT, ""), (SlotList.ALL, "0")])
def test_slots_without_a_token_are_listed_or_not(
    primus_standalone: Stand, drive: Drive, slot_list: SlotList, listed: str
) -> None:
    primus_standalone.switch_library(slot_list=slot_list)
    primus_standalone.hsms["hsm0"].refuse()
    driver = drive(primus_standalone)
    driver.fine("init")
    assert driver.fine("slots present") == listed
    assert driver.fine("slots all") == "0"
