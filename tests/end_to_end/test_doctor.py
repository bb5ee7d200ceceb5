"""``ppinui doctor`` as a user has it."""

from __future__ import annotations

import json
import os
import re
import time
from functools import partial
from pathlib import Path

import pytest

from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user
from tests.rig.patience import patient
from tests.rig.program import PPINUI, Ran, ppinui
from tests.rig.secret_user import SecretUser, with_vault
from tests.secrets.desktop import desktop

LINE = re.compile(r"(ok|warning|wrong) +([^:]+): (.+)")


def lines_of(ran: Ran) -> dict[str, tuple[str, str]]:
    """State and words by subject."""
    found = (LINE.fullmatch(line) for line in ran.out.splitlines() if not line.startswith("         fix: "))
    return {line[2]: (line[1], line[3]) for line in found if line is not None}


def set_up(user: SecretUser) -> None:
    """All secrets in the keyring, and a secrets file of the same."""
    assert user.run("-p", "-e", PROXY_USER, stdin=f"{PROXY_PASSWORD}\n").code == 0
    for name, partition in user.stand.partitions.items():
        stdin = f"{partition.setup_password}\n{PINS[name]}\n"
        assert user.run("-a", "-e", name, stdin=stdin).code == 0
    assert user.run("secret", "export", user.stand.secrets, "--replace").code == 0


def test_an_installation_that_is_all_right(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    set_up(user)
    ran = user.run("doctor")
    assert (ran.code, ran.err) == (0, "")
    found = lines_of(ran)
    assert found["primus.cfg"][1].startswith(str(primus_cluster.config))
    assert found[".secrets.cfg"][1].startswith(str(primus_cluster.secrets))
    assert found["keyring"] == (
        "ok",
        f"vault (named by PPINUI_KEYRING, {tmp_path}/home/vault), service ppinui",
    )
    for name in ("permanent secret of 'PAYMENTS'", f"proxy password of '{PROXY_USER}'"):
        assert found[name] == ("ok", "the same in the keyring and in the secrets file")
    assert found["core dumps of ppinui"][0] == "ok"
    assert {"D-Bus", "module", "ppin", "group primus", "version of ppinui"} <= set(found)


def test_what_differs_is_wrong_and_told_without_a_secret(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    assert user.run("doctor").code == 0
    primus_cluster.write_secrets(without=["SIGNING"], wrong=["PAYMENTS"])
    ran = user.run("doctor", "--format", "json")
    assert ran.code == 1
    told = json.loads(ran.out)
    findings = {finding["subject"]: finding for finding in told["findings"]}
    assert findings["permanent secret of 'PAYMENTS'"]["state"] == "wrong"
    assert findings["permanent secret of 'SIGNING'"]["state"] == "warning"
    assert told["wrong"] == 2  # the stand-in's ppin blinds the proxy's password anew too
    assert all((finding["remedy"] is None) == (finding["state"] == "ok") for finding in told["findings"])
    secrets = [one.permanent_secret for one in primus_cluster.partitions.values()]
    assert not [secret for secret in (*secrets, PROXY_PASSWORD) if secret in ran.out]


def test_the_real_gnome_keyring_open_and_locked(primus_cluster: Stand, tmp_path: Path) -> None:
    with desktop(tmp_path) as session:
        user = SecretUser(primus_cluster, tmp_path, {**primus_cluster.environ, **session.environ})
        set_up(user)
        ran = user.run("doctor")
        assert ran.code == 0, ran.out
        assert lines_of(ran)["keyring"] == (
            "ok",
            "secretservice (this system's own keyring), service ppinui",
        )
        assert lines_of(ran)["D-Bus"][0] == "ok"
        session.lock()
        ran = user.run("doctor")
        assert ran.code == 1
        assert "the keyring is locked" in lines_of(ran)["keyring"][1]
        assert "version of ppinui" in lines_of(ran)


def test_a_keyring_that_never_answers_is_one_line_within_the_deadline(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    begin = time.monotonic()
    ran = user.run("doctor", "--keyring", "tests.secrets.odd_backends.NeverAnswers", "--keyring-timeout", "1")
    assert time.monotonic() - begin < patient(8)
    assert ran.code == 1
    assert "the keyring did not answer within 1 s" in lines_of(ran)["keyring"][1]
    assert lines_of(ran)["permanent secret of 'PAYMENTS'"] == (
        "ok",
        "in the secrets file; no keyring was there to compare it with",
    )


def test_a_locked_vault_with_nobody_to_ask_is_one_line(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    environ = {name: value for name, value in user.environ.items() if name != "CREDENTIALS_DIRECTORY"}
    ran = ppinui("doctor", environ=environ, command=("setsid", "--wait", *PPINUI))
    assert ran.code == 1
    assert "the vault is locked, and nobody is there to unlock it" in lines_of(ran)["keyring"][1]


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_machine_with_nothing_set_up_at_all(tmp_path: Path, output_format: str) -> None:
    environ = {"HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "", "PPINUI_KEYRING": ""}
    ran = ppinui("doctor", "--format", output_format, environ=environ)
    assert (ran.code, ran.err) == (1, "")
    if output_format == "text":
        found = lines_of(ran)
        assert (found["primus.cfg"][0], found["module"][0]) == ("wrong", "wrong")
        assert (found["keyring"][0], found["ppin"][0]) == ("warning", "warning")
    assert "ppinui vault create" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_an_ordinary_user_who_may_not_look_at_the_files(primus_cluster: Stand) -> None:
    with folder_of_ordinary_user() as home:
        hidden = home / "hidden"
        config = hidden / "primus.cfg"
        as_ordinary_user(partial(_hide, config))
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "SECUROSYS_PKCS11_CONF": str(config)}
        code, out = as_ordinary_user(partial(_doctor, environ))
    assert code == 1
    assert "this account may not look whether the file is there" in out
    assert "Traceback" not in out


def _hide(config: Path) -> None:
    config.parent.mkdir()
    config.touch()
    config.parent.chmod(0)


def _doctor(environ: dict[str, str]) -> tuple[int, str]:
    ran = ppinui("doctor", environ=environ, folder=Path("/"))
    return ran.code, ran.out + ran.err
