"""The app on a desktop: the real GNOME keyring, open, locked from elsewhere, and one that never answers."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import AppFocus

from ppinui.secrets.keyring_client import KeyringChoice
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses
from tests.rig.secret_user import SecretUser
from tests.secrets.desktop import Desktop, desktop
from tests.tui.conftest import Driver, RunOn
from tests.tui.secrets_screen import go_to, secret_of

_QUESTIONS = ("Unlock", "Prompt", "CreateCollection")
"""The calls by which a program has the Secret Service ask its user."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Desktop]:
    home = tmp_path / "desktop"
    home.mkdir()
    with desktop(home) as running:
        yield running


@pytest.fixture
def user(primus_cluster: Stand, session: Desktop, tmp_path: Path) -> SecretUser:
    """No secret is anywhere yet."""
    primus_cluster.secrets.unlink()
    return SecretUser(primus_cluster, tmp_path, {**primus_cluster.environ, **session.environ})


@contextlib.contextmanager
def questions(session: Desktop) -> Iterator[list[str]]:
    """What made the Secret Service ask its user meanwhile, known after the block. It is locked then."""
    rules = [f"type='method_call',member='{member}'" for member in (*_QUESTIONS, "Lock")]
    found: list[str] = []
    with subprocess.Popen(
        ["dbus-monitor", "--address", session.address, *rules], stdout=subprocess.PIPE, text=True
    ) as monitor:
        assert monitor.stdout is not None
        heard = iter(monitor.stdout.readline, "")
        next(line for line in heard if line.endswith("member=NameLost\n"))  # now it hears the others
        yield found
        session.lock()
        for line in heard:
            member = line.rstrip().rpartition("member=")[2]
            if member == "Lock":
                break
            found += [member] if member in _QUESTIONS else []
        monitor.terminate()


async def give(app: Driver, prompt: str, secret: str) -> None:
    await app.until(prompt)
    await app.write(secret)
    await app.press("enter")


def test_a_proxy_password_and_a_permanent_secret_are_added_updated_and_removed(
    user: SecretUser, session: Desktop, run_on: RunOn
) -> None:
    partition = user.stand.partitions["PAYMENTS"]

    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "PAYMENTS") == "none")
        await app.press("f4")
        await app.until("Keyring: secretservice")
        await go_to(app, "proxy", PROXY_USER)
        await app.press("a")
        await give(app, "Provide proxy password", PROXY_PASSWORD)
        await app.until(lambda: "keyring" in app.rows("#secrets-table")[2])
        assert f"proxy:{PROXY_USER}" in session.entries()
        await go_to(app, "permanent", "PAYMENTS")
        await app.press("a")
        await give(app, "Provide setup password", partition.setup_password)
        await give(app, "Provide PKCS11 password", PINS["PAYMENTS"])
        await app.until("fetched by ppin")
        first = session.entries()["permanent:PAYMENTS"]
        await app.press("escape")
        assert secret_of(app, "PAYMENTS") == "ring"
        # the update fetches another one
        partition.give_new_setup_password()
        await app.press("f4")
        await app.until("Keyring: secretservice")
        await go_to(app, "permanent", "PAYMENTS")
        await app.press("a")
        await give(app, "Provide setup password", partition.setup_password)
        await give(app, "Provide PKCS11 password", PINS["PAYMENTS"])
        await app.until(lambda: session.entries()["permanent:PAYMENTS"] != first)
        await app.until("Fetched the permanent")
        await app.press("x")
        await app.until("Forget the permanent secret of PAYMENTS?")
        await app.press("f")
        await app.until(lambda: "missing" in app.rows("#secrets-table")[0])

    run_on(user, steps)
    assert set(session.entries()) == {f"proxy:{PROXY_USER}"}
    assert user.stand.wrong_attempts == []


def test_a_locked_keyring_is_said_to_be_locked_and_nobody_is_asked(
    user: SecretUser, session: Desktop, run_on: RunOn
) -> None:
    session.lock()

    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "PAYMENTS") == "lock")
        user.stand.write_secrets(without=["PAYMENTS"])
        app.app.post_message(AppFocus())
        await app.until(lambda: secret_of(app, "SIGNING") == "file")
        assert secret_of(app, "PAYMENTS") == "lock"

    with questions(session) as asked:
        run_on(user, steps)
    assert asked == []


def test_the_secrets_screen_has_a_locked_keyring_ask_and_says_what_became_of_it(
    user: SecretUser, session: Desktop, run_on: RunOn
) -> None:
    session.lock()

    async def steps(app: Driver) -> None:
        await app.press("f4")
        await app.until("the keyring is locked")
        await app.press("o")
        await app.until("No keyring: the keyring is locked")
        assert all("locked" in row for row in app.rows("#secrets-table"))

    with questions(session) as asked:
        run_on(user, steps)
    assert "Unlock" in asked


def test_what_is_kept_elsewhere_meanwhile_is_seen_by_who_comes_back(
    user: SecretUser, session: Desktop, run_on: RunOn
) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "PAYMENTS") == "none")
        assert user.run("secret", "set-pin", "PAYMENTS", stdin="1234\n").code == 0
        await app.select("primus.hsms.hsm1.slots.slot0")
        await app.until("PIN        not kept")
        app.app.post_message(AppFocus())
        await app.until("PIN        keyring")

    run_on(user, steps)


def test_a_keyring_that_never_answers_keeps_nobody_from_working_or_leaving(
    user: SecretUser, session: Desktop, run_on: RunOn, marked: MarkedProcesses
) -> None:
    user.stand.write_secrets()
    ready = 0.0

    async def steps(app: Driver) -> None:
        nonlocal ready
        await app.until(lambda: secret_of(app, "PAYMENTS") == "file")
        await app.until(lambda: bool(marked.running))
        await app.press("f5", "a")  # everything is in the file, so nobody waits for the keyring
        await app.until("done, 4 of 4, 0 failed")
        await app.press("escape")
        await app.select("primus.hsms.hsm1.slots.slot0")
        await app.until("PIN        ?")
        ready = time.monotonic()

    with session.hanging():
        run_on(replace(user, environ={**user.environ, **marked.environ}), steps)
        assert time.monotonic() - ready < patient(5)
        marked.assert_none_left()


def test_a_keyring_that_does_not_answer_in_time_is_said_to_be_silent(
    user: SecretUser, session: Desktop, run_on: RunOn
) -> None:
    async def steps(app: Driver) -> None:
        await app.until(lambda: secret_of(app, "PAYMENTS") == "mute")

    choice = KeyringChoice("secretservice", "the test", deadline=2.0)
    with session.hanging():
        run_on(user, steps, keyring=choice)
