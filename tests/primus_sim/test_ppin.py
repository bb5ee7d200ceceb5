"""`ppin` as its documents show it: commands, outputs, error codes, and what it leaves in .secrets.cfg."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.primus_sim.secretsfile import SecretsFile
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import DAY
from tests.primus_sim.switches import AddAgain, Errors, ExitStatus, NoFile, Spacing, Stream
from tests.rig.patience import patient

BANNER = "********************\nPrimus Permanent PIN\n********************\n"


def ppin(stand: Stand, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run it without a terminal; what it asks for then comes from stdin."""
    return subprocess.run(
        [stand.ppin, *arguments],
        env={**os.environ, **stand.environ},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
        start_new_session=True,
    )


def passwords(stand: Stand, user: str) -> tuple[str, str]:
    partition = stand.partitions[user]
    return partition.setup_password, partition.pin


def test_the_way_from_nothing_to_a_working_slot(primus_cluster: Stand) -> None:
    stand = primus_cluster
    stand.secrets.unlink()

    def rows(payments: str, proxy: str) -> str:
        listed = (
            f"slot-id 1:    user 'PAYMENTS'   permanent secret: {payments}",
            "slot-id 2:    user 'SIGNING'   permanent secret: MISSING",
        ) * 2
        numbered = [f"[{number:02}] {row}\n" for number, row in enumerate(listed, start=1)]
        proxies = [f"[0{n}] service/proxy user '{PROXY_USER}'  permanent secret: {proxy}\n" for n in (1, 2)]
        return "".join(numbered + proxies)

    assert ppin(stand, "-l").stdout == BANNER + rows("MISSING", "MISSING")
    added = ppin(stand, "-p", "-e", PROXY_USER, typed=PROXY_PASSWORD + "\n")
    asked = f"Provide proxy password for '{PROXY_USER}' : \n"
    assert added.stdout == BANNER + asked + "\n" + BANNER + rows("MISSING", "Configured")
    fetched = ppin(stand, "-a", "-e", "PAYMENTS", typed="{}\n{}\n".format(*passwords(stand, "PAYMENTS")))
    asked = "Provide setup password for 'PAYMENTS': \nProvide PKCS11 password for 'PAYMENTS': \n"
    assert fetched.stdout == BANNER + asked + "\n" + BANNER + rows("Configured", "Configured")
    tested = ppin(stand, "-t", "--slotid", "1")
    hsms = stand.hsms.values()
    assert tested.stdout == f"Load config file: '{stand.config}'\n\n" + "".join(
        f"{group}: Connect to '127.0.0.1' on port {hsm.port}, firmware: {hsm.firmware} \n"
        "    slot0 (id=1), user=PAYMENTS: OK\n\n"
        for group, hsm in zip(("hsm1", "hsm2"), hsms, strict=True)
    ) + ("Number of tested HSMs: 2 (number of partitions: 2)\nNumber of failures: 0\n")
    assert [one.returncode for one in (added, fetched, tested)] == [0, 0, 0]
    assert stand.wrong_attempts == []


def test_passwords_can_be_arguments(primus_cluster: Stand) -> None:
    stand = primus_cluster
    stand.secrets.unlink()
    assert "Provide" not in ppin(stand, "-p", "-e", PROXY_USER, PROXY_PASSWORD).stdout
    added = ppin(stand, "-ae", "SIGNING", *passwords(stand, "SIGNING"))
    assert added.stdout.startswith(BANNER + BANNER)
    kept = SecretsFile.load(stand.secrets)
    assert kept.user_secret("SIGNING") == stand.partitions["SIGNING"].permanent_secret
    assert kept.proxy_password(PROXY_USER) == PROXY_PASSWORD


def test_the_file_is_replaced_and_other_entries_stay_as_they_are(primus_both: Stand) -> None:
    old = primus_both.folder / "old"
    os.link(primus_both.secrets, old)
    assert ppin(primus_both, "-u", "-e", "ARCHIVE", *passwords(primus_both, "ARCHIVE")).returncode == 0
    before, after = SecretsFile.load(old), SecretsFile.load(primus_both.secrets)
    assert primus_both.secrets.stat().st_mode & 0o777 == 0o640
    assert before.users.pop("ARCHIVE") != after.users.pop("ARCHIVE")
    assert before == after


def test_removing_shows_the_rows_of_that_user_alone(primus_cluster: Stand) -> None:
    removed = ppin(primus_cluster, "-r", "-e", "SIGNING")
    row = "slot-id 2:    user 'SIGNING'   permanent secret: MISSING\n"
    assert removed.stdout == BANNER + f"[01] {row}[02] {row}"
    removed = ppin(primus_cluster, "-x", "-e", PROXY_USER)
    row = f"service/proxy user '{PROXY_USER}'  permanent secret: MISSING\n"
    assert removed.stdout == BANNER + f"[01] {row}[02] {row}"
    assert list(SecretsFile.load(primus_cluster.secrets).users) == ["PAYMENTS"]


def test_a_failed_update_loses_the_old_entry_but_a_failed_addition_loses_nothing(primus_both: Stand) -> None:
    failed = ppin(primus_both, "-u", "-e", "ARCHIVE", "wrong", "wrong")
    assert (failed.returncode, "0x80005017" in failed.stdout) == (1, True)
    kept = primus_both.secrets.read_bytes()
    assert "ARCHIVE" not in SecretsFile.load(primus_both.secrets).users
    assert ppin(primus_both, "-a", "-e", "ARCHIVE", "wrong", "wrong").returncode == 1
    assert primus_both.secrets.read_bytes() == kept


def _use_up_setup_password(stand: Stand) -> None:
    stand.partitions["ARCHIVE"].setup_first_used = stand.clock.now()
    stand.clock.advance(4 * DAY)


def _lock(stand: Stand) -> None:
    stand.partitions["ARCHIVE"].locked_until[""] = stand.clock.now() + DAY


TROUBLES: dict[str, tuple[Callable[[Stand], object], str]] = {
    "setup password expired": (_use_up_setup_password, "0x80005018"),
    "partition locked": (_lock, "0x000000A4"),
    "partition disabled": (
        lambda stand: setattr(stand.partitions["ARCHIVE"], "enabled", False),
        "0x80005019",
    ),
    "HSM unreachable": (lambda stand: stand.hsms["hsm0"].go_away(), "0x80005015"),
    "HSM silent": (lambda stand: setattr(stand.hsms["hsm0"].faults, "silent", True), "0x8000003B"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_reason_why_a_fetch_fails_has_its_code(primus_standalone: Stand, trouble: str) -> None:
    stand = primus_standalone
    stand.write_config(wait_delay=20)
    stand.secrets.unlink()
    make, code = TROUBLES[trouble]
    make(stand)
    failed = ppin(stand, "-a", "-e", "ARCHIVE", *passwords(stand, "ARCHIVE"))
    assert failed.returncode == 1
    assert code in failed.stdout
    assert not stand.secrets.exists()


def test_a_wrong_pin_is_told_from_a_wrong_setup_password(primus_standalone: Stand) -> None:
    setup, pin = passwords(primus_standalone, "ARCHIVE")
    assert "0x8000000B" in ppin(primus_standalone, "-u", "-e", "ARCHIVE", setup, "wrong").stdout
    assert "0x80005017" in ppin(primus_standalone, "-u", "-e", "ARCHIVE", "wrong", pin).stdout


def test_a_refused_password_is_offered_to_one_hsm_only(primus_cluster: Stand) -> None:
    ppin(primus_cluster, "-p", "-e", PROXY_USER, "wrong")
    ppin(primus_cluster, "-u", "-e", "SIGNING", "wrong", "wrong")
    assert [attempt.hsm for attempt in primus_cluster.wrong_attempts] == ["GRIMSEL", "GRIMSEL"]


def test_an_unreachable_hsm_is_passed_over(primus_cluster: Stand) -> None:
    primus_cluster.hsms["hsm1"].go_away()
    assert ppin(primus_cluster, "-u", "-e", "SIGNING", *passwords(primus_cluster, "SIGNING")).returncode == 0


def test_behind_a_proxy_its_password_has_to_be_there_first(primus_cluster: Stand) -> None:
    primus_cluster.secrets.unlink()
    failed = ppin(primus_cluster, "-a", "-e", "SIGNING", *passwords(primus_cluster, "SIGNING"))
    assert "0x8000000C" in failed.stdout
    assert primus_cluster.attempts == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-a", "-e", "NOBODY"), "0x80005012"),
        (("-a", "-e", "ARCHIVE"), "0x80005002"),
        (("-a",), "0x80005012"),
        (("-r", "-e", "NOBODY"), "0x80005012"),
        (("-x", "-e", "ARCHIVE"), "0x80005012"),
        (("-l", "-c", "/nowhere/primus.cfg"), "0x80005003"),
        (("-l", "-c", "/dev/null"), "0x80005001"),
        (("--fortinet", "--user", "NOBODY"), "0x80005012"),
        (("--fetchlog", "--user", "ARCHIVE", "--hsm", "hsm9"), "0x80005015"),
    ],
)
def test_wrong_use_has_its_codes(primus_standalone: Stand, arguments: tuple[str, ...], code: str) -> None:
    failed = ppin(primus_standalone, *arguments)
    assert (failed.returncode, code in failed.stdout) == (1, True)
    assert primus_standalone.attempts == []


def test_what_is_not_there_cannot_be_removed(primus_standalone: Stand) -> None:
    assert ppin(primus_standalone, "-r", "-e", "ARCHIVE").returncode == 0
    assert "0x80005011" in ppin(primus_standalone, "-r", "-e", "ARCHIVE").stdout


def test_damaged_files_are_refused(primus_standalone: Stand) -> None:
    primus_standalone.secrets.write_text("primus = {")
    assert "0x80005006" in ppin(primus_standalone, "-l").stdout
    primus_standalone.config.write_text("primus = {")
    assert "0x80005005" in ppin(primus_standalone, "-l").stdout


def test_without_write_access_nothing_changes(primus_standalone: Stand) -> None:
    stand = primus_standalone
    before = stand.secrets.read_bytes()
    stand.secrets.parent.chmod(0o500)
    command: list[str | os.PathLike[str]] = [stand.ppin, "-u", "-e", "ARCHIVE", *passwords(stand, "ARCHIVE")]
    if os.geteuid() == 0:  # who may write everywhere
        command = ["setpriv", "--bounding-set", "-dac_override", "--", *command]
    done = subprocess.run(
        command,
        env={**os.environ, **stand.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
    )
    stand.secrets.parent.chmod(0o750)
    assert "0x80005007" in done.stdout
    assert stand.secrets.read_bytes() == before


def test_the_switches_for_what_is_not_documented(primus_standalone: Stand) -> None:
    stand = primus_standalone
    stand.switch_ppin(errors=Errors.HEX, errors_to=Stream.STDERR, exit_status=ExitStatus.ALWAYS_ZERO)
    failed = ppin(stand, "-a", "-e", "ARCHIVE")
    assert (failed.returncode, failed.stdout, failed.stderr) == (0, "", "rv: 0x80005002\n")
    stand.switch_ppin(add_again=AddAgain.REPLACE, no_file=NoFile.REFUSE, spacing=Spacing.NARROW)
    added = ppin(stand, "-a", "-e", "ARCHIVE", *passwords(stand, "ARCHIVE"))
    assert added.stdout.endswith("[01] slot-id 0: user 'ARCHIVE' permanent secret: Configured\n")
    stand.secrets.unlink()
    assert "0x80005004" in ppin(stand, "-l").stderr


def test_other_files_can_be_named(primus_standalone: Stand) -> None:
    stand = primus_standalone
    config, secrets = stand.config.rename(stand.folder / "a.cfg"), stand.folder / "b.cfg"
    done = ppin(stand, "-c", str(config), "-s", str(secrets), "-ae", "ARCHIVE", *passwords(stand, "ARCHIVE"))
    assert done.returncode == 0
    assert secrets.exists()


@pytest.mark.parametrize(
    ("arguments", "tested", "partitions"),
    [
        ((), 3, 5),
        (("--user", "SIGNING"), 2, 2),
        (("--hsm", "hsm1"), 1, 2),
        (("--hsm", "127.0.0.1", "--slot", "slot1"), 2, 2),
        (("--slotid", "0"), 1, 1),
        (("--user", "NOBODY"), 0, 0),
    ],
)
def test_a_test_can_be_narrowed_down(
    primus_both: Stand, arguments: tuple[str, ...], tested: int, partitions: int
) -> None:
    done = ppin(primus_both, "-t", *arguments)
    assert f"Number of tested HSMs: {tested} (number of partitions: {partitions})\n" in done.stdout
    assert done.stdout.endswith("Number of failures: 0\n")


def test_a_failing_slot_is_counted(primus_cluster: Stand) -> None:
    primus_cluster.write_secrets(wrong=["SIGNING"])
    primus_cluster.hsms["hsm2"].go_away()
    done = ppin(primus_cluster, "--test")
    assert done.returncode == 1
    assert (
        "    slot0 (id=1), user=PAYMENTS: OK\n    slot1 (id=2), user=SIGNING: CKR_TOKEN_NOT_PRESENT\n"
        in done.stdout
    )
    assert done.stdout.endswith("Number of tested HSMs: 2 (number of partitions: 4)\nNumber of failures: 3\n")


def test_a_log_is_dumped_both_ways_and_since_a_day(primus_standalone: Stand) -> None:
    stand = primus_standalone
    ppin(stand, "-t")
    stand.clock.advance(2 * DAY)
    request = ("--fetchlog", "--user", "ARCHIVE", "--hsm", "hsm0")
    head, fetching, slots, first, *_, last = ppin(stand, *request).stdout.splitlines()
    assert (head, fetching) == ("Dump log starting from 1970-01-01 00:00 UTC", "Fetching log from HSM.")
    assert slots == "Number of slots: 1"
    assert " UTC NUFENEN notice MSCNG Process: Login request: User: ARCHIVE Client: Client_ID0" in first
    target = stand.folder / "dump"
    assert ppin(stand, *request, "--reverse", "--out", str(target)).stdout.count("\n") == 3
    assert target.read_text().splitlines()[-1] == first
    late = ppin(stand, *request, "--since", last_day(stand)).stdout
    assert last in late
    assert first not in late


def last_day(stand: Stand) -> str:
    return stand.partitions["ARCHIVE"].log[-1].date


def test_a_log_is_not_fetched_where_the_hsm_forbids_it(primus_standalone: Stand) -> None:
    primus_standalone.partitions["ARCHIVE"].client_log = False
    done = ppin(primus_standalone, "--fetchlog", "--user", "ARCHIVE", "--hsm", "hsm0")
    assert (done.returncode, "0x80005019" in done.stdout) == (1, True)


@pytest.mark.parametrize("option", ["--proxypwd", "--proxypassword"])
def test_the_secret_for_a_fortigate_is_a_secrets_file_in_base64(primus_cluster: Stand, option: str) -> None:
    stand = primus_cluster
    stand.secrets.unlink()
    done = ppin(
        stand, "--fortinet", "--user", "SIGNING", *passwords(stand, "SIGNING"),
        "--proxyuser", PROXY_USER, option, PROXY_PASSWORD,
    )  # fmt: skip
    head, encoded = done.stdout.splitlines()
    assert head == "# Fortinet secret to be loaded:"
    assert len(encoded) <= 3000
    assert not stand.secrets.exists()
    stand.secrets.write_bytes(base64.b64decode(encoded))
    assert ppin(stand, "-t", "--user", "SIGNING").returncode == 0


def test_version_and_usage(primus_standalone: Stand) -> None:
    assert ppin(primus_standalone, "-v").stdout == "Primus HSM PKCS#11 2.2.4\n"
    assert ppin(primus_standalone, "-h").stdout.startswith("usage: ppin")
    assert ppin(primus_standalone).returncode == 2
