"""Canaries: during and after every command, nothing of a secret is where others could find it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import draw
from tests.rig.canary_watch import Watch
from tests.rig.processes import MarkedProcesses, all_processes, wait_for_end
from tests.rig.program import CHECKOUT, PPINUI
from tests.rig.runtime_folder import private_folders
from tests.rig.secret_user import SecretUser
from tests.rig.terminal import Terminal

PASSPHRASE = draw("passphrase-canary")
PIN = PINS["PAYMENTS"]
CORES = Path("/proc/sys/kernel/core_pattern").read_text().strip()


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    """A vault whose passphrase is in no file."""
    primus_cluster.secrets.unlink()
    home = tmp_path / "home"
    home.mkdir()
    path = home / "vault"
    vault.create(path, Secret(PASSPHRASE), make_folder=False, cost=KdfCost(64, 1, 1))
    environ = {"HOME": str(home), "PPINUI_KEYRING": "vault", "PPINUI_VAULT": str(path)}
    return SecretUser(primus_cluster, home, {**primus_cluster.environ, **environ, "TMPDIR": str(home)})


@pytest.fixture
def watch(user: SecretUser, tmp_path: Path) -> Watch:
    partition = user.stand.partitions["PAYMENTS"]
    return Watch(
        [PASSPHRASE, PIN, PROXY_PASSWORD, partition.setup_password, partition.permanent_secret],
        tmp_path,
    )


def with_cores(user: SecretUser, *arguments: str) -> Terminal:
    """A shell that would let its command write core files, without limit."""
    return Terminal(
        ["bash", "-c", 'ulimit -c unlimited; exec "$@"', "-", *PPINUI, *arguments],
        environ={**user.environ, "PYTHONPATH": str(CHECKOUT)},
        folder=user.home,
        columns=120,
        seconds=30,
    )


def unlock(terminal: Terminal) -> None:
    terminal.answer_secret("Passphrase of the vault ", PASSPHRASE)


def give(terminal: Terminal, user: SecretUser) -> None:
    terminal.answer_secret(
        "Provide setup password for 'PAYMENTS': ", user.stand.partitions["PAYMENTS"].setup_password
    )
    terminal.answer_secret("Provide PKCS11 password for 'PAYMENTS': ", PIN)


def add_proxy(user: SecretUser) -> str:
    with user.terminal("-p", "-e", PROXY_USER) as terminal:
        unlock(terminal)
        terminal.answer_secret(f"Provide proxy password for '{PROXY_USER}' : ", PROXY_PASSWORD)
        ended = terminal.finish()
        assert ended.status == 0, ended.shown
        return ended.shown


@contextlib.contextmanager
def fetching(user: SecretUser, terminal: Terminal) -> Iterator[None]:
    """While the vendor's ppin has all passwords, and waits for an HSM that does not answer."""
    hsm = user.stand.hsms["hsm1"]
    hsm.faults.silent = True
    unlock(terminal)
    give(terminal, user)
    hsm.wait_until(lambda: hsm.connections() > 0, seconds=20)
    yield
    hsm.faults.silent = False
    hsm.reset_connections()


def ppinui_of(marked: MarkedProcesses) -> int:
    """The process that the user started."""
    (pid,) = (one.pid for one in marked.running if "-m" in one.command_line and "ppinui" in one.command_line)
    return pid


def test_the_watch_finds_what_it_looks_for(user: SecretUser, watch: Watch) -> None:
    assert watch.found() == []
    for place in (Path("/dev/shm") / f"canary-{os.getpid()}", user.home / "core", user.home / ".history"):
        place.write_bytes(b"\x7fELF " + PIN.encode() + b"\n")
        assert watch.found() == [f"{PIN}: {place}"]
        place.unlink()
    for words, environ in (([PIN], {}), ([], {"X": PIN})):
        command = [sys.executable, "-c", "import sys; sys.stdin.read()", *words]
        with subprocess.Popen(command, env={**os.environ, **environ}, stdin=subprocess.PIPE) as process:
            assert [f"pid={process.pid}," in line for line in watch.found()] == [True]
            process.communicate()
    assert watch.in_text(f"the PIN {PIN} is wrong") == [PIN]
    assert watch.in_text(PIN.encode().hex()) == [PIN]


def test_nothing_shows_during_and_after_every_command(user: SecretUser, watch: Watch) -> None:
    shown = [add_proxy(user)]
    assert watch.found() == []
    for words in (["-a", "-e", "PAYMENTS"], ["-u", "-e", "PAYMENTS"]):
        with user.terminal(*words) as terminal:
            unlock(terminal)
            give(terminal, user)
            ended = terminal.finish()
            assert ended.status == 0, ended.shown
        shown.append(ended.shown)
        assert watch.found() == []
    with user.terminal("secret", "set-pin", "PAYMENTS") as terminal:
        unlock(terminal)
        terminal.answer_secret("Provide PKCS11 password for 'PAYMENTS': ", PIN)
        shown.append(terminal.finish().shown)
    others = (["-l"], ["secret", "status"], ["secret", "export", "out.cfg"], ["secret", "import", "out.cfg"])
    for words in (*others, ["-r", "-e", "PAYMENTS"], ["-x", "-e", PROXY_USER]):
        with user.terminal(*words) as terminal:
            unlock(terminal)
            ended = terminal.finish()
            assert ended.status is not None
        shown.append(ended.shown)
        assert watch.found() == []
    assert watch.in_text("".join(shown)) == []


def test_nothing_shows_while_ppin_works_and_after_a_failure(user: SecretUser, watch: Watch) -> None:
    add_proxy(user)
    user.stand.hsms["hsm2"].go_away()
    with user.terminal("-a", "-e", "PAYMENTS") as terminal:
        with fetching(user, terminal):
            assert len(private_folders()) == 1
            assert watch.found() == []
        ended = terminal.finish()
    assert ended.status == 1
    assert watch.in_text(ended.shown) == []
    assert watch.found() == []
    assert private_folders() == set()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_after_a_crash_or_a_kill(
    user: SecretUser, watch: Watch, sent: signal.Signals
) -> None:
    add_proxy(user)
    with MarkedProcesses() as marked:
        marking = SecretUser(user.stand, user.home, {**user.environ, **marked.environ})
        with with_cores(marking, "-a", "-e", "PAYMENTS") as terminal:
            with fetching(user, terminal):
                pid = ppinui_of(marked)
                os.kill(pid, sent)
                assert wait_for_end(pid, 10)
            ended = terminal.finish()
        marked.assert_none_left()
    for folder in private_folders():
        (watcher,) = (one for one in all_processes() if str(folder) in one.command_line)
        assert wait_for_end(watcher.pid, 10)
    assert private_folders() == set()
    assert list(user.home.rglob("core*")) == []
    assert watch.found() == []
    assert watch.in_text(ended.shown) == []


def test_a_core_file_would_have_been_found(user: SecretUser, watch: Watch) -> None:
    """Where cores are files (and no program takes them), an ordinary process would have left one."""
    code = "import os, sys; secret = sys.stdin.readline(); os.kill(os.getpid(), 11)"
    subprocess.run(
        ["bash", "-c", 'ulimit -c unlimited; exec "$@"', "-", sys.executable, "-c", code],
        input=PIN.encode() + b"\n",
        cwd=user.home,
        check=False,
    )
    expected = CORES == "core" or CORES.startswith("core.")
    assert bool(watch.found()) == expected
    for core in user.home.glob("core*"):
        core.unlink()


def test_a_bug_shows_no_secret(user: SecretUser, watch: Watch) -> None:
    """An error that nobody expected, with secrets in the variables all around it."""
    (user.home / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'ppinui' in sys.argv or sys.argv[:1] == ['-m']:\n"
        "    from ppinui.secrets.store import SecretStore\n"
        "    def put(self, secret):\n"
        "        clear = secret.entry.group.reveal_bytes()\n"
        "        raise ZeroDivisionError('a bug')\n"
        "    SecretStore.put = put\n"
    )
    add_proxy(user)
    changed = {**user.environ, "PYTHONPATH": f"{user.home}:{CHECKOUT}"}
    command = [*PPINUI, "-a", "-e", "PAYMENTS"]
    with Terminal(command, environ=changed, folder=user.home, columns=120, seconds=30) as terminal:
        unlock(terminal)
        give(terminal, user)
        ended = terminal.finish()
    assert "ZeroDivisionError: a bug" in ended.shown
    assert watch.in_text(ended.shown) == []
    assert watch.found() == []
    assert private_folders() == set()
