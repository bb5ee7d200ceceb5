"""Clear-text passwords leave primus.cfg for the keyring, copies included, and only when they work there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import Kind
from tests.rig.canary import files_with
from tests.rig.secret_user import SecretUser, with_vault


@pytest.fixture
def user(primus_both: Stand, tmp_path: Path) -> SecretUser:
    """In the clear: the proxy password in each slot, a setup password, and a commented-out copy."""
    primus_both.change_slots("hsm1", proxy_password=PROXY_PASSWORD)
    primus_both.change_slots("hsm2", proxy_password=PROXY_PASSWORD)
    primus_both.change_hsm("hsm0", setup_password=primus_both.partitions["ARCHIVE"].setup_password)
    comment = f'/* proxy_password = "{PROXY_PASSWORD}"; as of May */\n# pin = "ANOTHER-ONE";\n'
    primus_both.config.write_text(comment + primus_both.config.read_text())
    primus_both.write_secrets(without=["ARCHIVE", PROXY_USER])
    return with_vault(primus_both, tmp_path / "home")


def test_clear_text_passwords_move_to_the_keyring(user: SecretUser) -> None:
    config = user.stand.config
    before = config.read_text()
    assert user.run("secret", "import", user.stand.secrets).code == 0
    adopted = user.run("secret", "adopt", stdin=f"{PINS['ARCHIVE']}\n")
    assert adopted.code == 0, adopted.err
    assert f"kept the password of the service user '{PROXY_USER}'" in adopted.out
    assert "fetched the permanent secret of 'ARCHIVE'" in adopted.out
    assert "tested with the secrets of the keyring: 5 slots are fine" in adopted.err
    setup = user.stand.partitions["ARCHIVE"].setup_password
    for secret in (PROXY_PASSWORD, setup):
        assert files_with(secret, config.parent) == ()
    assert [attempt.kind for attempt in user.stand.attempts].count(Kind.SETUP) == 1
    assert user.stand.wrong_attempts == []
    text = config.read_text()
    assert '/* proxy_password = "removed"; as of May */\n# pin = "ANOTHER-ONE";\n' in text
    changed = set(before.splitlines()) ^ set(text.splitlines())
    assert all("proxy_password" in line or "pin = " in line for line in changed)
    assert not config.with_name("primus.cfg.bak").exists()
    again = user.run("secret", "adopt")
    assert (again.code, again.out) == (0, "nothing to adopt: primus.cfg has no clear-text password\n")


def test_what_does_not_work_stays_where_it_is(user: SecretUser) -> None:
    """The permanent secrets of the cluster are in no keyring yet."""
    before = user.stand.config.read_bytes()
    adopted = user.run("secret", "adopt", stdin=f"{PINS['ARCHIVE']}\n")
    assert adopted.code == 1
    assert "the secrets of the keyring do not work" in adopted.err
    assert user.stand.config.read_bytes() == before


def test_a_wrong_setup_password_is_spent_once_and_stays(user: SecretUser) -> None:
    assert user.run("secret", "import", user.stand.secrets).code == 0
    user.stand.partitions["ARCHIVE"].give_new_setup_password()
    before = user.stand.config.read_bytes()
    adopted = user.run("secret", "adopt", stdin=f"{PINS['ARCHIVE']}\n")
    assert adopted.code == 1
    assert "0x80005017" in adopted.err
    assert len(user.stand.wrong_attempts) == 1
    assert user.stand.config.read_bytes() == before


def test_copies_that_nobody_asked_about_are_named(user: SecretUser) -> None:
    user.run("secret", "import", user.stand.secrets)
    copy = user.stand.config.with_name("primus.cfg.2023")
    copy.write_bytes(user.stand.config.read_bytes())
    adopted = user.run("secret", "adopt", stdin=f"{PINS['ARCHIVE']}\n")
    assert f"warning: {copy} still holds one of them" in adopted.err


def test_two_passwords_of_one_service_user_are_nobodys_guess(user: SecretUser) -> None:
    user.stand.change_slots("hsm2", proxy_password="another")
    adopted = user.run("secret", "adopt")
    assert adopted.code == 2
    assert f"the service user '{PROXY_USER}' has two different passwords" in adopted.err
    assert PROXY_PASSWORD not in adopted.err


def test_a_setup_password_of_an_hsm_with_two_partitions_needs_a_name(user: SecretUser) -> None:
    user.stand.change_hsm("hsm0", setup_password=None)
    setup = user.stand.partitions["SIGNING"].setup_password
    user.stand.change_hsm("hsm1", setup_password=setup)
    adopted = user.run("secret", "adopt")
    assert adopted.code == 2
    assert "PAYMENTS, SIGNING have no permanent secret" in adopted.err
    adopted = user.run("secret", "adopt", "--user", "SIGNING", "--no-test", stdin=f"{PINS['SIGNING']}\n")
    assert adopted.code == 0, adopted.err
    assert setup not in user.stand.config.read_text()
