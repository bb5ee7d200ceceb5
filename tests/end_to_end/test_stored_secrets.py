"""``ppinui --test`` with secrets from the keyring: which is used, what is said, what is never offered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import Kind
from tests.rig.program import Ran, ppinui
from tests.rig.secret_user import SecretUser, with_vault

ALL_PINS = f"{PINS['PAYMENTS']}\n{PINS['SIGNING']}\n"


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    """All secrets are in the keyring (a vault), none in a .secrets.cfg; nobody has offered one yet."""
    user = with_vault(primus_cluster, tmp_path / "home")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()
    return user


def report(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    return found


def run_test(user: SecretUser, *options: str, stdin: str = "") -> Ran:
    return user.run("--test", "--format", "json", *options, stdin=stdin)


def sources(ran: Ran) -> list[dict[str, str]]:
    return [slot["secrets"] for slot in report(ran)["results"]]


@pytest.mark.parametrize("lanes", ["auto", "hsm", "one"])
def test_secrets_of_the_keyring_are_handed_over_in_memory(user: SecretUser, lanes: str) -> None:
    ran = run_test(user, "--lanes", lanes)

    assert ran.code == 0, ran.err
    assert sources(ran) == [{"proxy": "keyring", "permanent": "keyring"}] * 4
    assert "permanent secret from the keyring, proxy password from the keyring" in ran.err
    assert not user.stand.secrets.exists()
    assert user.stand.wrong_attempts == []


def test_the_file_goes_before_the_keyring_as_the_application_sees_it(user: SecretUser) -> None:
    user.stand.write_secrets(without=["SIGNING"])
    ran = run_test(user)

    assert ran.code == 0, ran.err
    by_user = {slot["user"]: slot["secrets"] for slot in report(ran)["results"]}
    assert by_user["PAYMENTS"] == {"proxy": "file", "permanent": "file"}
    assert by_user["SIGNING"] == {"proxy": "file", "permanent": "keyring"}


def test_the_file_alone_is_used_where_that_is_asked_for(user: SecretUser) -> None:
    user.stand.write_secrets(without=["SIGNING"])
    ran = run_test(user, "--secrets", "file")

    assert ran.code == 1
    by_user = {slot["user"]: slot for slot in report(ran)["results"]}
    assert by_user["SIGNING"]["secrets"] == {"proxy": "file", "permanent": "missing"}
    assert by_user["PAYMENTS"]["outcome"] == "ok"


def test_the_keyring_alone_is_used_where_that_is_asked_for(user: SecretUser) -> None:
    user.stand.write_secrets(wrong=["PAYMENTS", "SIGNING", PROXY_USER])
    ran = run_test(user, "--secrets", "keyring")

    assert ran.code == 0, ran.err
    assert user.stand.wrong_attempts == []


def test_a_proxy_password_that_ppin_never_saw_works_too(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.write_secrets(without=[PROXY_USER])
    primus_cluster.ppin.unlink()
    assert user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n").code == 0
    ran = run_test(user)

    assert ran.code == 0, ran.err
    assert sources(ran) == [{"proxy": "keyring", "permanent": "file"}] * 4


@pytest.mark.parametrize("wrong", ["PAYMENTS", PROXY_USER])
def test_a_stored_secret_that_is_rejected_is_offered_by_no_later_run(
    primus_cluster: Stand, tmp_path: Path, wrong: str
) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.write_secrets(wrong=[wrong])
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()

    first = run_test(user, "--user", "PAYMENTS")
    assert first.code == 1
    assert len(primus_cluster.wrong_attempts) == 1
    again = run_test(user, "--user", "PAYMENTS")
    assert again.code == 1
    assert len(primus_cluster.wrong_attempts) == 1
    errors = {slot["stages"][-1]["error"]["name"] for slot in report(again)["results"]}
    assert errors == {"STORED_SECRET_REJECTED"}
    assert "was rejected by hsm" in again.err

    # what replaces it is offered again
    primus_cluster.write_secrets()
    assert user.run("secret", "import", "--replace", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()
    assert run_test(user, "--user", "PAYMENTS").code == 0


def test_a_missing_permanent_secret_says_nothing_against_the_proxy_s_password(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.secrets.unlink()
    assert user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n").code == 0
    ran = run_test(user, "--user", "PAYMENTS")
    assert ran.code == 1
    assert sources(ran)[0]["permanent"] == "missing"

    setup = primus_cluster.partitions["PAYMENTS"].setup_password
    added = user.run("-a", "-e", "PAYMENTS", stdin=f"{setup}\n{PINS['PAYMENTS']}\n")
    assert added.code == 0, added.err
    assert run_test(user, "--user", "PAYMENTS").code == 0


def test_the_list_says_alone_only_of_what_is_alone(user: SecretUser) -> None:
    user.stand.write_secrets()
    assert "alone" not in user.run("-l").err
    damaged = user.home / "vault"
    damaged.write_bytes(b"")
    assert user.run("-l").code == 3


def test_a_rejected_pin_is_not_fine_in_the_status(user: SecretUser) -> None:
    assert user.run("secret", "status").code == 0
    assert user.run("secret", "set-pin", "PAYMENTS", stdin="wrong-pin\n").code == 0
    run_test(user, "--login", "--user", "PAYMENTS")
    assert user.run("secret", "status").code == 1


def test_a_stored_pin_is_taken_with_login_and_nobody_is_asked(user: SecretUser) -> None:
    for partition in ("PAYMENTS", "SIGNING"):
        assert user.run("secret", "set-pin", partition, stdin=f"{PINS[partition]}\n").code == 0
    ran = run_test(user, "--login")

    assert ran.code == 0, ran.err
    assert [found["pin"] for found in sources(ran)] == ["keyring"] * 4


def test_a_stored_pin_that_is_rejected_is_offered_once_by_all_runs_together(user: SecretUser) -> None:
    assert user.run("secret", "set-pin", "PAYMENTS", stdin="wrong-pin\n").code == 0
    for _ in range(2):
        ran = run_test(user, "--login", stdin=f"{PINS['SIGNING']}\n")
        assert ran.code == 1
        outcomes = {slot["user"]: slot["outcome"] for slot in report(ran)["results"]}
        assert outcomes["SIGNING"] == "ok"
    assert [attempt.secret for attempt in user.stand.wrong_attempts] == ["wrong-pin"]
    assert {slot["stages"][-1]["name"] for slot in report(ran)["results"]} == {"login"}
    assert "STORED_SECRET_REJECTED" in ran.err


def test_a_pin_that_is_not_stored_is_asked_for(user: SecretUser) -> None:
    ran = run_test(user, "--login", stdin=ALL_PINS)

    assert ran.code == 0, ran.err
    assert [found["pin"] for found in sources(ran)] == ["asked"] * 4


def test_without_a_keyring_the_test_goes_on_and_says_so(user: SecretUser) -> None:
    user.stand.write_secrets()
    environ = {name: value for name, value in user.environ.items() if not name.startswith("PPINUI_")}
    environ["PPINUI_MODULE"] = str(user.stand.module)
    environ["PPINUI_KEYRING"] = ""
    ran = ppinui("--test", "--login", stdin=ALL_PINS, environ=environ)
    assert ran.code == 0, ran.err

    broken = {**user.environ, "PPINUI_VAULT": str(user.home / "no-such-vault")}
    ran = ppinui("--test", "--login", stdin=ALL_PINS, environ=broken)
    assert ran.code == 0, ran.err
    assert "note: the keyring is not used" in ran.err
    ran = ppinui("--test", "--secrets", "keyring", environ=broken)
    assert ran.code == 3
    assert len(ran.error) == 3


def test_no_pin_or_password_is_in_any_output(user: SecretUser) -> None:
    assert user.run("secret", "set-pin", "PAYMENTS", stdin=f"{PINS['PAYMENTS']}\n").code == 0
    ran = run_test(user, "--login", stdin=f"{PINS['SIGNING']}\n")
    for secret in (
        *PINS.values(),
        PROXY_PASSWORD,
        *(p.permanent_secret for p in user.stand.partitions.values()),
    ):
        assert secret not in ran.out + ran.err
    assert all(attempt.kind is not Kind.SETUP for attempt in user.stand.attempts)
