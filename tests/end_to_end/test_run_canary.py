"""Canaries under ``ppinui run``: the secrets are in the command's memory files, and nowhere else."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.primus_sim.stand import PROXY_USER, Stand
from tests.rig.canary import draw
from tests.rig.canary_watch import Watch
from tests.rig.processes import all_processes, wait_for_end
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.secret_user import SecretUser, with_vault

PASSWORD = draw("proxy-canary-of-a-run")
"""In the keyring without an entry of ppin's, so that it stands in the primus.cfg in memory."""
WORK = """
ulimit -c unlimited 2>/dev/null
cat "$SECUROSYS_PKCS11_CONF" "$SECUROSYS_SECRETS_CONF" >/dev/null || exit 9
echo "$SECUROSYS_PKCS11_CONF"
read line
"""


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    user = with_vault(primus_cluster, tmp_path / "home")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    assert user.run("-x", "-e", PROXY_USER).code == 0
    without_ppin = {**user.environ, "PRIMUS_HOME": str(user.home)}
    kept = ppinui("-p", "-e", PROXY_USER, stdin=f"{PASSWORD}\n", environ=without_ppin, folder=user.home)
    assert kept.code == 0
    return user


@pytest.fixture
def watch(user: SecretUser, tmp_path: Path) -> Watch:
    """For the password, and the blinded values of a permanent secret, of which there is no file any more."""
    blinded = re.findall(r'secret = "([0-9A-Fa-f]{8,})"', user.stand.secrets.read_text())
    assert blinded
    user.stand.secrets.unlink()
    return Watch([PASSWORD, blinded[0]], tmp_path)


@contextmanager
def running(user: SecretUser, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The command while it works, and the primus.cfg that it was given."""
    with subprocess.Popen(
        [*PPINUI, "run", *options, "--", "sh", "-c", WORK],
        env=environment(user.environ),
        cwd=user.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        yield command, Path(command.stdout.readline().decode().strip())


def test_nothing_shows_while_a_command_has_the_secrets(user: SecretUser, watch: Watch) -> None:
    with running(user) as (command, path):
        assert PASSWORD in Path(f"/proc/{command.pid}/fd/{path.name}").read_text()  # it really has them
        assert watch.found() == []
        out, err = command.communicate(b"\n")
    assert command.returncode == 0
    assert watch.in_text((out + err).decode()) == []
    assert watch.found() == []


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSEGV])
def test_nothing_is_left_of_the_memory_files_after_a_kill_or_a_crash(
    user: SecretUser, watch: Watch, sent: signal.Signals
) -> None:
    with running(user) as (command, _):
        command.send_signal(sent)
        out, err = command.communicate()
    assert command.returncode == -sent
    assert watch.in_text((out + err).decode()) == []
    assert watch.found() == []
    assert list(user.home.rglob("core*")) == []


@pytest.mark.parametrize("sent", [None, signal.SIGKILL, signal.SIGSEGV])
def test_with_a_folder_they_are_in_it_alone_and_gone_with_the_command(
    user: SecretUser, watch: Watch, sent: signal.Signals | None
) -> None:
    with running(user, "--tmpfs") as (command, path):
        secrets_file = path.with_name(".secrets.cfg")
        assert watch.found() == [f"{PASSWORD}: {path}", f"{watch.canaries[1]}: {secrets_file}"]
        (watcher,) = (one for one in all_processes() if str(path.parent) in one.command_line)
        if sent is not None:
            command.send_signal(sent)
        command.communicate(b"\n" if sent is None else None)
    assert wait_for_end(watcher.pid, 10)
    assert not path.parent.exists()
    assert watch.found() == []
    assert list(user.home.rglob("core*")) == []
