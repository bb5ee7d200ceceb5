"""The provider's log: the documented form, and what its settings do."""

from __future__ import annotations

import re

import pytest

from tests.primus_sim.driver import Drive
from tests.primus_sim.stand import PINS, Stand


def log_of(stand: Stand, drive: Drive, **settings: str) -> list[str]:
    """The lines after a login with a wrong and a right PIN."""
    stand.write_config(log=settings)
    driver = drive(stand)
    driver.fine("init")
    session = driver.fine("open 0")
    driver.rv(f"login {session} wrong")
    driver.fine(f"login {session} {PINS['ARCHIVE']}")
    driver.fine("finalize")
    return stand.log.read_text().splitlines() if stand.log.exists() else []


def test_a_line_has_the_documented_fields(primus_standalone: Stand, drive: Drive) -> None:
    lines = log_of(primus_standalone, drive)
    assert len(lines) == 2
    form = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} - driver\[(\d+):\1\] - 3 - (\w+\(\) - rv: 0x[0-9a-f]+)"
    matches = [re.fullmatch(form, line) for line in lines]
    assert [match and match[2] for match in matches] == [
        "HSM_Request() - rv: 0x8000000b",
        "C_Login() - rv: 0xa0",
    ]


@pytest.mark.parametrize(
    ("settings", "form"),
    [
        ({"trace_timestamp": "false"}, r"driver\[\d+:\d+\] - 3 - C_Login\(\) - rv: 0xa0"),
        ({"trace_pid": "false"}, r"[-\d]+ [:.\d]+ - 3 - C_Login\(\) - rv: 0xa0"),
        ({"trace_timestamp": "false", "trace_pid": "false", "trace_function": "false"}, r"3 - rv: 0xa0"),
        (
            {
                "trace_timestamp": "false",
                "trace_pid": "false",
                "trace_filename": "true",
                "trace_linenumber": "true",
            },
            r"3 - provider\.c - \d+ - C_Login\(\) - rv: 0xa0",
        ),
    ],
)
def test_fields_can_be_left_out_and_added(
    primus_standalone: Stand, drive: Drive, settings: dict[str, str], form: str
) -> None:
    assert re.fullmatch(form, log_of(primus_standalone, drive, **settings)[-1])


def test_below_its_level_nothing_is_logged(primus_standalone: Stand, drive: Drive) -> None:
    assert log_of(primus_standalone, drive, trace_level="2") == []


def test_no_file_is_written_where_that_is_switched_off(primus_standalone: Stand, drive: Drive) -> None:
    log_of(primus_standalone, drive, write_log_file="false", write_syslog="true", trace_level="7")
    assert not primus_standalone.log.exists()


def test_a_higher_level_tells_of_connections(primus_standalone: Stand, drive: Drive) -> None:
    port = primus_standalone.hsms["hsm0"].port
    lines = log_of(primus_standalone, drive, trace_level="6", trace_inout="true")
    assert any(line.endswith(f"connected to HSM 127.0.0.1:{port} (slot: 0)") for line in lines)
    assert lines[-1].endswith("C_Finalize() - enter")


@pytest.mark.parametrize(
    ("mask", "shows"), [("0x00", False), ("0x01", True), ("0x02", True), ("0x04", False)]
)
def test_the_mask_decides_whether_a_pin_gets_into_the_log(
    primus_standalone: Stand, drive: Drive, mask: str, shows: bool
) -> None:
    lines = log_of(primus_standalone, drive, trace_level="6", trace_mask=mask)
    assert any(PINS["ARCHIVE"] in line for line in lines) is shows
