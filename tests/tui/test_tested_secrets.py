"""Tests in the app against a Primus: where each slot's secrets come from, and what is never offered again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.primus_sim.secretsfile import SecretsFile
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import Kind
from tests.rig.canary_watch import Watch
from tests.rig.secret_user import SecretUser, with_vault
from tests.tui.conftest import Driver, RunOn
from tests.tui.secrets_screen import go_to, secret_of

KEYRING_ALONE = "permanent secret from the keyring, proxy password from the keyring"


def with_secrets_kept(stand: Stand, home: Path, **secrets: list[str]) -> SecretUser:
    """All secrets are in the vault, none in a .secrets.cfg; ``secrets`` as `Stand.write_secrets` has them."""
    user = with_vault(stand, home)
    stand.write_secrets(**secrets)
    assert user.run("secret", "import", stand.secrets).code == 0
    stand.secrets.unlink()
    return user


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    return with_secrets_kept(primus_cluster, tmp_path / "user")


async def try_all(app: Driver, outcome: str) -> None:
    """Test everything from the main screen, and wait for how it ends."""
    await app.press("f5", "a")
    await app.until(outcome)


async def details(app: Driver, slot: int) -> str:
    """What is said of one slot of the table."""
    await app.press("home", *["down"] * slot)
    await app.pilot.pause()
    return " ".join(" ".join(app.rows("#probe-lines")).split())


def test_secrets_of_the_keyring_alone_are_enough_and_are_nowhere_else(
    primus_cluster: Stand, tmp_path: Path, run_on: RunOn
) -> None:
    written = SecretsFile.load(primus_cluster.secrets)
    opaque = [str(entry["secret"]) for entry in (*written.users.values(), *written.proxies.values())]
    permanent = [partition.permanent_secret for partition in primus_cluster.partitions.values()]
    user = with_vault(primus_cluster, tmp_path / "user")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()
    watch = Watch([*permanent, *opaque], tmp_path)
    shown: list[str] = []

    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "SIGNING") == "ring")
        await try_all(app, "done, 4 of 4, 0 failed")
        for slot in range(4):
            assert KEYRING_ALONE in await details(app, slot)
            shown.append(app.text)
        shown.append(app.app.export_screenshot())
        await app.press("escape", "f4")
        await app.until("Keyring: vault (")
        shown.append(app.text)
        assert watch.found() == []

    run_on(user, steps)
    assert watch.found() == []
    assert watch.in_text("\n".join(shown)) == []
    assert user.stand.wrong_attempts == []


def test_what_the_file_has_not_comes_from_the_keyring(user: SecretUser, run_on: RunOn) -> None:
    user.stand.write_secrets(without=["SIGNING"])

    async def steps(app: Driver) -> None:
        await app.until(lambda: (secret_of(app, "PAYMENTS"), secret_of(app, "SIGNING")) == ("file", "ring"))
        await try_all(app, "done, 4 of 4, 0 failed")
        payments, signing = await details(app, 0), await details(app, 1)
        assert "permanent secret from .secrets.cfg, proxy password from .secrets.cfg" in payments
        assert "permanent secret from the keyring, proxy password from .secrets.cfg" in signing

    run_on(user, steps)


def test_what_is_in_clear_text_and_what_is_missing_is_said(
    primus_cluster: Stand, tmp_path: Path, run_on: RunOn
) -> None:
    primus_cluster.write_secrets(without=["SIGNING", PROXY_USER])
    primus_cluster.change_slots(proxy_password=PROXY_PASSWORD)
    user = with_vault(primus_cluster, tmp_path / "user")

    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "SIGNING") == "none")
        await try_all(app, "done, 4 of 4, 2 failed")
        payments, signing = await details(app, 0), await details(app, 1)
        assert "permanent secret from .secrets.cfg, proxy password in clear text in primus.cfg" in payments
        assert "permanent secret missing" in signing

    run_on(user, steps)


@pytest.mark.parametrize("wrong", ["PAYMENTS", PROXY_USER])
def test_a_stored_secret_that_is_rejected_is_marked_and_offered_by_nobody_again(
    primus_cluster: Stand, tmp_path: Path, run_on: RunOn, wrong: str
) -> None:
    user = with_secrets_kept(primus_cluster, tmp_path / "user", wrong=[wrong])

    async def steps(app: Driver) -> None:
        # the proxy's answer leaves open whose secret it was, so that both are taken for wrong
        await try_all(app, "done, 4 of 4, 4 failed")
        await app.until(lambda: secret_of(app, "PAYMENTS") == "rej!")
        assert len(user.stand.wrong_attempts) == 1
        # no question whether to offer it again: that takes another secret
        await app.press("a")
        await app.until(lambda: "STORED_SECRET_REJECTED" in "\n".join(app.rows("#probe-lines")))
        assert "was rejected by hsm" in await details(app, 0)
        await app.press("escape", "f4")
        await app.until("Keyring: vault (")
        await go_to(app, "permanent" if wrong == "PAYMENTS" else "proxy", wrong)
        await app.until("it is offered to no HSM")

    run_on(user, steps)
    assert user.run("--test").code == 1
    assert len(user.stand.wrong_attempts) == 1


def test_what_another_process_has_rejected_is_not_offered_here(
    primus_cluster: Stand, tmp_path: Path, run_on: RunOn
) -> None:
    user = with_secrets_kept(primus_cluster, tmp_path / "user", wrong=["PAYMENTS"])
    assert user.run("--test", "--user", "PAYMENTS").code == 1

    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "PAYMENTS") == "rej!")
        await try_all(app, "done, 4 of 4, 4 failed")

    run_on(user, steps)
    assert len(user.stand.wrong_attempts) == 1


def test_a_rejected_pin_is_replaced_on_the_secrets_screen_and_works_then(
    user: SecretUser, run_on: RunOn
) -> None:
    for name, pin in (("PAYMENTS", "wrong-pin"), ("SIGNING", PINS["SIGNING"])):
        assert user.run("secret", "set-pin", name, stdin=f"{pin}\n").code == 0

    async def steps(app: Driver) -> None:
        await app.press("f5", "l", "a")
        await app.until("done, 4 of 4, 2 failed")
        await app.press("a")
        await app.until(lambda: "STORED_SECRET_REJECTED" in "\n".join(app.rows("#probe-lines")))
        await app.press("escape", "f4")
        await app.until("Keyring: vault (")
        await go_to(app, "PIN", "PAYMENTS")
        await app.press("a")
        await app.until("Provide PKCS11 password")
        await app.write(PINS["PAYMENTS"])
        await app.press("enter")
        await app.until("Kept the PIN of PAYMENTS")
        await app.press("escape", "f5", "l", "a")
        await app.until("done, 4 of 4, 0 failed")
        assert "PIN from the keyring" in await details(app, 0)

    run_on(user, steps)
    assert [attempt.secret for attempt in user.stand.wrong_attempts] == ["wrong-pin"]


def test_a_pin_that_nobody_gives_ends_the_test_before_it_begins(user: SecretUser, run_on: RunOn) -> None:
    offered = len(user.stand.attempts)

    async def steps(app: Driver) -> None:
        await app.press("f5", "l", "a")
        await app.until("PKCS#11 PIN of PAYMENTS")
        await app.press("escape")
        await app.until("What shall be tested?")

    run_on(user, steps)
    assert len(user.stand.attempts) == offered


def test_a_setup_password_is_spent_where_it_was_found(
    primus_cluster: Stand, tmp_path: Path, run_on: RunOn
) -> None:
    setup = primus_cluster.partitions["SIGNING"].setup_password
    primus_cluster.write_secrets(without=["SIGNING", PROXY_USER])
    primus_cluster.change_slots(proxy_password=PROXY_PASSWORD)
    primus_cluster.change_hsm("hsm1", setup_password=setup)
    user = with_vault(primus_cluster, tmp_path / "user")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0

    async def steps(app: Driver) -> None:
        await app.press("f4")
        await app.until("Keyring: vault (")
        await app.press("c")
        await app.until("Which partition is that of hsm1 for?")
        await app.until("SIGNING")
        await app.press("f2")
        await app.until("Provide PKCS11 password for 'SIGNING'")
        await app.write(PINS["SIGNING"])
        await app.press("enter")
        await app.until("Fetched the permanent")
        text = app.session.document.text
        assert setup not in text
        assert PROXY_PASSWORD not in text
        await app.press("escape")
        await try_all(app, "done, 4 of 4, 0 failed")
        await app.press("escape", "f2")
        await app.until("Save this change?")
        await app.press("s")
        await app.until("[saved]")

    run_on(user, steps)
    assert setup not in user.stand.config.read_text()
    assert [attempt.kind for attempt in user.stand.attempts].count(Kind.SETUP) == 1
    assert user.stand.wrong_attempts == []
