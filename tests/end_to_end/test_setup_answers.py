"""The same set-up unattended, by a file of answers: for configuration management."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.empty_machine import PASSPHRASE, EmptyMachine, empty_machine
from tests.primus_sim.stand import PROXY_PASSWORD, Stand
from tests.rig.canary import files_with


@pytest.fixture
def machine(primus_cluster: Stand, tmp_path: Path) -> EmptyMachine:
    return empty_machine(primus_cluster, tmp_path / "home")


def test_it_is_set_up_once_and_left_alone_the_second_time(machine: EmptyMachine) -> None:
    first = machine.set_up("--format", "json")
    assert first.code == 0, first.err
    done = json.loads(first.out)
    assert (done["changed"], done["failed"], done["kind"]) == (True, False, "cloudhsm")
    assert {step["step"]: step["result"] for step in done["steps"]} == {
        "provider": "unchanged",
        "folders": "changed",
        "cluster": "unchanged",
        "hsms": "unchanged",
        "partitions": "unchanged",
        "save": "changed",
        "keyring": "changed",
        "proxy": "changed",
        "permanent": "changed",
        "test": "done",
    }
    before = machine.stand.config.read_bytes(), (machine.home / ".local/share/ppinui/vault").read_bytes()

    second = machine.set_up("--format", "json", with_secrets=False)
    assert second.code == 0, second.err
    done = json.loads(second.out)
    assert done["changed"] is False
    assert {step["result"] for step in done["steps"]} <= {"unchanged", "done", "left"}
    assert before == (
        machine.stand.config.read_bytes(),
        (machine.home / ".local/share/ppinui/vault").read_bytes(),
    )
    secrets = [PASSPHRASE, PROXY_PASSWORD]
    secrets += [one.setup_password for one in machine.stand.partitions.values()]
    secrets += [one.pin for one in machine.stand.partitions.values()]
    for secret in secrets:
        assert secret not in first.out + first.err + second.out + second.err
        assert files_with(secret, machine.home, machine.stand.config.parent) == ()
    assert not (machine.home / "state").exists()


def test_for_people_each_step_is_a_line(machine: EmptyMachine) -> None:
    ended = machine.set_up()

    lines = ended.out.splitlines()
    assert lines[0] == "unchanged   The vendor's provider: the provider is installed"
    assert any(line.startswith("changed     primus.cfg:") for line in lines)
    assert "done        Test of every slot: all 4 slots are fine" in lines
    assert max(map(len, lines)) <= 80 or all(" " not in line.strip() for line in lines if len(line) > 80)
    assert ended.err == ""


def test_one_more_partition_changes_just_that(machine: EmptyMachine) -> None:
    one = machine.answers.replace('[[partitions]]\nname = "SIGNING"\n', "")
    assert machine.set_up(answers=one).code == 0
    before = machine.stand.config.read_text()

    ended = machine.set_up("--format", "json")
    changed = [step["step"] for step in json.loads(ended.out)["steps"] if step["result"] == "changed"]
    assert changed == ["save", "permanent"]
    assert set(before.splitlines()) <= set(machine.stand.config.read_text().splitlines())


def test_a_secret_of_which_nobody_knows_whose_it_is_is_offered_to_no_partition(machine: EmptyMachine) -> None:
    one = machine.answers.replace('[[partitions]]\nname = "SIGNING"\n', "")
    assert machine.set_up(answers=one).code == 0
    attempts = len(machine.stand.attempts)

    ended = machine.set_up(only=("PAYMENTS",))
    assert ended.code == 3
    assert "none is of 'SIGNING'" in ended.out.replace("\n            ", " ")
    assert len(machine.stand.attempts) == attempts


def test_a_wrong_secret_stops_it_there_and_it_goes_on_the_next_time(machine: EmptyMachine) -> None:
    ended = machine.set_up(proxy_password="wrong")

    assert ended.code == 1
    *_, failed = [line for line in ended.out.splitlines() if line[:1] != " "]
    assert failed.startswith("failed      Proxy password: ")
    assert "type it again" in ended.out.replace("\n            ", " ")
    assert "Permanent secret" not in ended.out
    assert machine.set_up().code == 0


def test_a_lost_hsm_is_told_with_its_reason(machine: EmptyMachine) -> None:
    machine.set_up()
    machine.stand.hsms["hsm2"].go_away()

    ended = machine.set_up("--format", "json", with_secrets=False)
    assert ended.code == 1
    done = json.loads(ended.out)
    assert (done["changed"], done["failed"]) == (False, True)
    test = done["steps"][-1]
    assert (test["result"], test["words"]) == ("failed", "2 of 4 slots are not fine")
    assert test["items"][0]["subject"] == "hsm1.slot0, hsm1.slot1"
    assert "check the port" in test["items"][0]["remedy"]


def test_a_secret_that_nobody_gives_is_an_error_that_names_its_option(machine: EmptyMachine) -> None:
    ended = machine.set_up(with_secrets=False, with_vault=False)

    assert ended.code == 3
    assert "failed      Keyring: a secret is needed, and there is no terminal" in ended.out
    assert "--vault-passphrase-fd" in ended.out


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        (("service_user", "service_usr"), "there is no answer to 'service_user'", "welcome ticket"),
        (('keyring = "vault"', 'keyrign = "vault"'), "nothing asks for 'keyrign'", "did you mean keyring?"),
        (('cluster = "other"', 'cluster = "ECO1"'), "cluster: choose one of ECO01/ECO02", "The name of the"),
        (("priority = 1", "priority = 200"), "HSM 2, priority: enter a number from 0 to 127", "Each HSM"),
        (('keyring = "vault"', 'pin = "1234"'), "'pin' is a secret", "--pin-fd"),
        (('name = "PAYMENTS"', 'proxy_password = "x"'), "'partitions.proxy_password' is a secret", "take it"),
        (('"vault"', '"FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3"'), "looks like a setup password", "take it out"),
        (('keyring = "vault"', "keyring = "), "the answers are no TOML (at line 3", "correct the file"),
    ],
)
def test_answers_that_cannot_be_are_refused_before_anything_is_done(
    change: tuple[str, str], message: str, remedy: str, machine: EmptyMachine
) -> None:
    answers = machine.answers.replace(*change)
    assert answers != machine.answers
    ended = machine.set_up(answers=answers)

    assert (ended.code, ended.out, len(ended.error)) == (2, "", 3)
    assert message in ended.error[0]
    assert remedy in ended.error[2]
    assert "FXAJX" not in ended.err
    assert "1234" not in ended.err
    assert not machine.stand.config.exists()


def test_a_file_of_answers_that_is_not_there_is_an_error(machine: EmptyMachine) -> None:
    ended = machine.run("setup", "cloudhsm", "--answers", "none.toml")

    assert (ended.code, len(ended.error)) == (2, 3)
    assert machine.run("setup", "--answers", "none.toml").code == 2


def test_the_keyring_that_is_named_counts_and_its_answer_may_stay(machine: EmptyMachine) -> None:
    ended = machine.set_up("--keyring", "vault")

    assert ended.code == 0, ended.err
    assert "(named by --keyring)" in ended.out.replace("\n            ", " ")
