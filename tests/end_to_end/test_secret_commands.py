"""The commands on secrets as a user has them, from the first password to a green test."""

from __future__ import annotations

import json
import os
import pwd
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import Kind
from tests.rig.holding import holding
from tests.rig.program import PPINUI, Ran, environment
from tests.rig.secret_user import SecretUser, with_vault
from tests.rig.terminal import Terminal

BANNER = "********************\nPrimus Permanent PIN\n********************\n"


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    """Nothing is stored yet, neither in the keyring nor in a file."""
    primus_cluster.secrets.unlink()
    return with_vault(primus_cluster, tmp_path / "home")


def shown(terminal: Terminal) -> tuple[int | None, str]:
    ended = terminal.finish()
    return ended.status, ended.shown.replace("\r\n", "\n")


def rows(payments: str, signing: str, proxy: str) -> str:
    partitions = (
        f"slot-id 1:    user 'PAYMENTS'   permanent secret: {payments}\n",
        (f"slot-id 2:    user 'SIGNING'   permanent secret: {signing}\n"),
    )
    proxies = f"service/proxy user '{PROXY_USER}'  permanent secret: {proxy}\n"
    return "".join(f"[{number:02}] {row}" for number, row in enumerate(partitions * 2, start=1)) + "".join(
        f"[{number:02}] {proxies}" for number in (1, 2)
    )


def add_proxy(user: SecretUser) -> Ran:
    return user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n")


def add(user: SecretUser, partition: str, *words: str) -> Ran:
    setup = user.stand.partitions[partition].setup_password
    return user.run(*(words or ("-a", "-e", partition)), stdin=f"{setup}\n{PINS[partition]}\n")


def test_from_the_first_password_to_a_green_test(user: SecretUser) -> None:
    """The vendor's page on CloudHSM access, from the first command to the last."""
    with user.terminal("-p", "-e", PROXY_USER) as terminal:
        terminal.answer_secret(f"Provide proxy password for '{PROXY_USER}' : ", PROXY_PASSWORD)
        assert shown(terminal) == (
            0,
            f"{BANNER}Provide proxy password for '{PROXY_USER}' : \n\n"
            f"{BANNER}{rows('MISSING', 'MISSING', 'Configured')}",
        )
    for partition in ("PAYMENTS", "SIGNING"):
        with user.terminal("-a", "-e", partition) as terminal:
            terminal.answer_secret(
                f"Provide setup password for '{partition}': ", user.stand.partitions[partition].setup_password
            )
            terminal.answer_secret(f"Provide PKCS11 password for '{partition}': ", PINS[partition])
            signing = "Configured" if partition == "SIGNING" else "MISSING"
            assert shown(terminal) == (
                0,
                f"{BANNER}Provide setup password for '{partition}': \n"
                f"Provide PKCS11 password for '{partition}': \n\n"
                f"{BANNER}{rows('Configured', signing, 'Configured')}",
            )
    assert user.run("-l").out == BANNER + rows("Configured", "Configured", "Configured")
    assert user.stand.wrong_attempts == []
    assert user.run("secret", "export", user.stand.secrets).code == 0
    tested = user.run("--test")
    assert tested.code == 0, tested.out + tested.err
    assert "Number of failures: 0" in tested.out


def test_the_list_of_an_empty_keyring(user: SecretUser) -> None:
    listed = user.run("-l")
    assert (listed.code, listed.out, listed.err) == (0, BANNER + rows("MISSING", "MISSING", "MISSING"), "")


def test_the_list_knows_what_the_applications_have(primus_cluster: Stand, tmp_path: Path) -> None:
    primus_cluster.write_secrets(without=["SIGNING"])
    user = with_vault(primus_cluster, tmp_path / "home")
    listed = user.run("-l")
    assert listed.out == BANNER + rows("Configured", "MISSING", "Configured")
    assert "in the secrets file alone: PAYMENTS, eqabxrfnqqos" in listed.err


def test_letters_may_run_together_and_words_do_the_same(user: SecretUser) -> None:
    assert user.run("-pe", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n").code == 0
    assert add(user, "PAYMENTS", "-aePAYMENTS").code == 0
    assert add(user, "SIGNING", "secret", "add", "SIGNING").code == 0
    assert add(user, "SIGNING", "secret", "update", "SIGNING").code == 0
    assert user.run("-l").out == BANNER + rows("Configured", "Configured", "Configured")


def test_passwords_on_the_command_line_work_with_a_warning(user: SecretUser) -> None:
    ran = user.run("-p", "-e", PROXY_USER, PROXY_PASSWORD)
    assert ran.code == 0, ran.err
    assert "warning: every user of this machine can read passwords on the command line" in ran.err
    setup = user.stand.partitions["PAYMENTS"].setup_password
    ran = user.run("-a", "-e", "PAYMENTS", setup, PINS["PAYMENTS"])
    assert ran.code == 0, ran.err
    assert ran.out == BANNER + BANNER + rows("Configured", "MISSING", "Configured")


@pytest.mark.parametrize(
    "words",
    [
        ["-a", "-e", "PAYMENTS", "canary-one"],
        ["-a", "-e", "PAYMENTS", "canary-one", "canary-two", "canary-three"],
        ["-p", "-e", PROXY_USER, "canary-one", "canary-two"],
        ["-r", "-e", "PAYMENTS", "canary-one"],
        ["-l", "canary-one"],
        ["-a", "-u", "-e", "PAYMENTS", "canary-one"],
        ["-a"],
        ["-e", "PAYMENTS"],
        ["secret", "add", "PAYMENTS", "canary-one"],
        ["secret", "set-pin", "PAYMENTS", "--password-fd", "canary-one"],
    ],
)
def test_a_command_line_that_makes_no_sense_repeats_no_password(user: SecretUser, words: list[str]) -> None:
    ran = user.run(*words)
    assert ran.code == 2
    assert "canary" not in ran.out + ran.err
    assert len(ran.error) == 3


def test_passwords_can_come_by_a_descriptor(user: SecretUser) -> None:
    reading, writing = os.pipe()
    with open(writing, "w") as given:
        given.write(f"{PROXY_PASSWORD}\n")
    done = subprocess.run(
        [*PPINUI, "-p", "-e", PROXY_USER, "--password-fd", str(reading)],
        env=environment(user.environ),
        pass_fds=[reading],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(reading)
    assert done.returncode == 0, done.stderr
    assert user.stand.wrong_attempts == []
    assert len(user.stand.attempts) == 1


def test_removing_shows_the_row_of_the_user(user: SecretUser) -> None:
    add_proxy(user)
    add(user, "PAYMENTS")
    removed = user.run("-r", "-e", "PAYMENTS")
    assert removed.out == BANNER + (
        "[01] slot-id 1:    user 'PAYMENTS'   permanent secret: MISSING\n"
        "[03] slot-id 1:    user 'PAYMENTS'   permanent secret: MISSING\n"
    )
    removed = user.run("-x", "-e", PROXY_USER)
    assert removed.out.startswith(
        f"{BANNER}[01] service/proxy user '{PROXY_USER}'  permanent secret: MISSING\n"
    )
    again = user.run("-r", "-e", "PAYMENTS")
    assert again.code == 3
    assert "there is no permanent secret of 'PAYMENTS'" in again.err


def test_an_update_with_a_wrong_setup_password_keeps_the_old_secret(user: SecretUser) -> None:
    add_proxy(user)
    add(user, "PAYMENTS")
    before = user.run("secret", "status", "--format", "json").out
    ran = user.run("-u", "-e", "PAYMENTS", stdin=f"WRONG\n{PINS['PAYMENTS']}\n")
    assert ran.code == 1
    assert "0x80005017" in ran.err
    assert [attempt.secret for attempt in user.stand.wrong_attempts] == ["WRONG"]
    assert user.run("secret", "status", "--format", "json").out == before
    assert user.run("-l").out == BANNER + rows("Configured", "MISSING", "Configured")


def test_expired_locked_and_unreachable_are_told_apart(user: SecretUser) -> None:
    add_proxy(user)
    partition = user.stand.partitions["PAYMENTS"]
    partition.setup_first_used = 0.0
    expired = add(user, "PAYMENTS")
    assert (expired.code, "0x80005018" in expired.err) == (1, True), expired.err
    partition.give_new_setup_password()
    user.stand.lock_after(1)
    user.run("-a", "-e", "PAYMENTS", stdin="WRONG\nx\n")
    locked = add(user, "PAYMENTS")
    assert (locked.code, "CKR_PIN_LOCKED (0x000000A4)" in locked.err) == (1, True), locked.err
    for hsm in user.stand.hsms.values():
        hsm.close()
    away = add(user, "SIGNING")
    assert (away.code, "0x80005015" in away.err) == (1, True), away.err
    remedies = {ran.error[-1] for ran in (expired, locked, away)}
    assert len(remedies) == 3


def test_the_other_hsm_is_asked_when_the_first_is_away(user: SecretUser) -> None:
    user.stand.hsms["hsm1"].close()
    assert add_proxy(user).code == 0
    assert add(user, "PAYMENTS").code == 0


def test_a_wrong_proxy_password_is_not_kept(user: SecretUser) -> None:
    ran = user.run("-p", "-e", PROXY_USER, stdin="WRONG\n")
    assert ran.code == 1
    assert len(user.stand.wrong_attempts) == 1
    assert user.run("-l").out == BANNER + rows("MISSING", "MISSING", "MISSING")


def test_the_proxys_password_is_needed_first(user: SecretUser) -> None:
    ran = add(user, "PAYMENTS")
    assert ran.code == 3
    assert f" -m ppinui -p -e {PROXY_USER}\n" in ran.err
    assert ran.out == ""
    assert user.stand.attempts == []


def test_without_ppin_a_proxy_password_is_kept_and_not_validated(user: SecretUser) -> None:
    user.stand.ppin.unlink()
    ran = add_proxy(user)
    assert ran.code == 0
    assert "was kept, but not validated" in ran.err
    ran = add(user, "PAYMENTS")
    assert ran.code == 2
    assert "the vendor's ppin is not installed" in ran.err
    assert "ppinui secret import FILE" in ran.err


def test_a_password_kept_without_ppin_is_given_to_it_later(user: SecretUser) -> None:
    binary = user.stand.ppin.rename(user.stand.ppin.with_name("away"))
    add_proxy(user)
    binary.rename(user.stand.ppin)
    assert add(user, "PAYMENTS").code == 0
    assert [attempt.kind for attempt in user.stand.attempts][:1] == [Kind.PROXY]
    assert user.stand.wrong_attempts == []


@pytest.mark.parametrize(
    "switches",
    [
        {"exit_status": "zero"},
        {"errors": "hex", "errors_to": "stderr"},
        {"echo_off": "before", "echo_delay_ms": 300},
        {"echo_off": "after", "echo_delay_ms": 300},
        {"spacing": "narrow", "proxy_entries": "proxies"},
        {"blinded": "arrays", "no_file": "refuse"},
        {"add_again": "replace"},
    ],
)
def test_where_the_documents_are_silent_both_ways_work(user: SecretUser, switches: dict[str, object]) -> None:
    user.stand.switch_ppin(**switches)
    assert add_proxy(user).code == 0
    assert add(user, "PAYMENTS").code == 0
    wrong = user.run("-u", "-e", "PAYMENTS", stdin="WRONG\nx\n")
    assert wrong.code == 1
    assert "0x80005017" in wrong.err
    assert user.run("-l").out == BANNER + rows("Configured", "MISSING", "Configured")
    assert user.run("secret", "export", user.stand.secrets).code == 0
    tested = user.run("--test", "--user", "PAYMENTS")
    assert tested.code == 0, tested.out + tested.err


def test_import_then_export_gives_the_file_back(primus_cluster: Stand, tmp_path: Path) -> None:
    before = primus_cluster.secrets.read_bytes()
    user = with_vault(primus_cluster, tmp_path / "home")
    imported = user.run("secret", "import", primus_cluster.secrets)
    assert imported.code == 0, imported.err
    assert imported.out.count("imported ") == 3
    assert primus_cluster.secrets.read_bytes() == before
    target = tmp_path / "exported.cfg"
    exported = user.run("secret", "export", target)
    assert exported.code == 0, exported.err
    assert target.read_bytes() == before
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert user.run("secret", "export", target).code == 2


def test_an_import_deletes_the_file_only_after_a_test(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.write_secrets(wrong=["SIGNING"])
    ran = user.run("secret", "import", primus_cluster.secrets, "--delete")
    assert ran.code == 1
    assert "do not work: Permanent secret refused" in ran.err
    assert "-u -e SIGNING" in ran.err
    assert primus_cluster.secrets.exists()
    wrong = len(primus_cluster.wrong_attempts)
    again = user.run("secret", "import", primus_cluster.secrets, "--delete")
    assert again.code == 3
    assert "the permanent secret of 'SIGNING' was rejected by hsm" in again.err
    assert len(primus_cluster.wrong_attempts) == wrong
    primus_cluster.write_secrets()
    ran = user.run("secret", "import", primus_cluster.secrets, "--delete", "--replace")
    assert ran.code == 0, ran.err
    assert "4 slots are fine" in ran.err
    assert not primus_cluster.secrets.exists()


def test_an_application_is_named_though_no_module_is_found_here(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    environ = {name: value for name, value in user.environ.items() if name != "PPINUI_MODULE"}
    elsewhere = SecretUser(primus_cluster, user.home, {**environ, "PRIMUS_HOME": str(tmp_path)})
    with holding(primus_cluster.module) as application:
        ran = elsewhere.run("secret", "import", primus_cluster.secrets, "--delete", "--no-test")
    assert ran.code == 0, ran.err
    assert re.search(rf"start it with 'ppinui run' from now on: .+ \(pid {application}\)", ran.err)


def test_a_pin_is_kept_and_forgotten(user: SecretUser) -> None:
    assert user.run("secret", "set-pin", "PAYMENTS", stdin="1234\n").code == 0
    report = json.loads(user.run("secret", "status", "--format", "json").out)
    (pin,) = (secret for secret in report["secrets"] if secret["kind"] == "pin")
    assert (pin["name"], pin["source"], pin["keyring"]) == ("PAYMENTS", "typed", True)
    assert user.run("secret", "remove-pin", "PAYMENTS").code == 0
    assert user.stand.attempts == []


def test_the_status_says_where_since_when_and_from_where(user: SecretUser) -> None:
    add_proxy(user)
    add(user, "PAYMENTS")
    ran = user.run("secret", "status")
    assert ran.code == 1
    lines = ran.out.splitlines()
    owner = pwd.getpwuid(os.geteuid()).pw_name
    assert (
        lines[0] == f"keyring: vault of {owner} (named by PPINUI_KEYRING, {user.home}/vault), service ppinui"
    )
    assert lines[1].startswith("permanent 'PAYMENTS': keyring (fetched by ppin at 20")
    assert lines[2] == "permanent 'SIGNING': MISSING"
    assert lines[3].startswith(f"proxy '{PROXY_USER}': keyring (typed at 20")


def test_keyspaces_are_separate(user: SecretUser) -> None:
    add_proxy(user)
    assert user.run("-l", "--keyspace", "test").out == BANNER + rows("MISSING", "MISSING", "MISSING")
    assert user.run("-l").out == BANNER + rows("MISSING", "MISSING", "Configured")


def test_ppinui_in_the_place_of_ppin_is_found_out(user: SecretUser) -> None:
    ran = SecretUser(user.stand, user.home, {**user.environ, "PPINUI_RUNS_PPIN": "1"}).run("-l")
    assert ran.code == 2
    assert "ppinui was started by itself" in ran.err
