"""``ppinui run``: an application with its secrets in memory, and nothing of them anywhere else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.primus_sim.building import EC_ID
from tests.primus_sim.stand import PINS, PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.patience import patient
from tests.rig.processes import all_processes, wait_for_end
from tests.rig.program import PPINUI, Ran, environment, ppinui
from tests.rig.runtime_folder import private_folders
from tests.rig.secret_user import PASSPHRASE, SecretUser, with_vault

CLOSING = "import os, sys; os.closerange(3, 4096); os.execvp(sys.argv[1], sys.argv[1:])"
"""A program that closes what it has inherited, as daemons do."""
LOOKING = """
import os
for variable in ("SECUROSYS_PKCS11_CONF", "SECUROSYS_SECRETS_CONF"):
    path = os.environ[variable]
    for _ in range(2):
        content = open(path, "rb").read()
    print(f"{path} {os.stat(path).st_mode & 0o7777:o} {content.hex()}")
    try:
        descriptor = os.open(path, os.O_RDWR)
        os.write(descriptor, b"x")
        print("written")
    except PermissionError:
        print("sealed")
"""


@pytest.fixture
def user(primus_cluster: Stand, tmp_path: Path) -> SecretUser:
    """All secrets are in the keyring, and in no file any more."""
    user = with_vault(primus_cluster, tmp_path / "home")
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()
    return user


def sh(user: SecretUser, script: str, *options: str) -> Ran:
    return user.run("run", *options, "--", "sh", "-c", script)


def pkcs11_tool(user: SecretUser, *words: str) -> list[str]:
    pin = ("--login", "--pin", PINS["PAYMENTS"])
    return ["pkcs11-tool", "--module", str(user.stand.module), "--slot", "1", *pin, *words]


def keep_proxy_password(user: SecretUser, password: str) -> None:
    """As on a machine without the vendor's ppin: in the keyring is a password, and no entry of ppin's."""
    user.run("-x", "-e", PROXY_USER)
    without_ppin = {**user.environ, "PRIMUS_HOME": str(user.home)}
    kept = ppinui("-p", "-e", PROXY_USER, stdin=f"{password}\n", environ=without_ppin, folder=user.home)
    assert "but not validated" in kept.err


def assert_nothing_left(before: set[Path]) -> None:
    for folder in private_folders() - before:
        for watcher in [one for one in all_processes() if str(folder) in one.command_line]:
            assert wait_for_end(watcher.pid, 10)
    assert private_folders() <= before


@pytest.mark.parametrize("options", [[], ["--tmpfs"], ["--user", "PAYMENTS"]])
def test_pkcs11_tool_signs_and_verifies(user: SecretUser, options: list[str]) -> None:
    message, signature = user.home / "message", user.home / "signature"
    message.write_bytes(b"thirty-two bytes, as of a SHA256")
    work = ("-m", "ECDSA", "--id", EC_ID, "-i", str(message))
    signed = user.run("run", *options, "--", *pkcs11_tool(user, *work, "--sign", "-o", str(signature)))
    assert signed.code == 0, signed.err
    verify = pkcs11_tool(user, *work, "--verify", "--signature-file", str(signature))
    assert "Signature is valid" in user.run("run", *options, "--", *verify).out
    assert user.stand.wrong_attempts == []
    assert not user.stand.secrets.exists()


def test_the_files_are_sealed_in_memory_and_are_those_that_were_imported(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    imported = primus_cluster.secrets.read_bytes()
    assert user.run("secret", "import", primus_cluster.secrets).code == 0
    primus_cluster.secrets.unlink()
    seen = user.run("run", "--", sys.executable, "-c", LOOKING)
    configuration, sealed, secrets_file, sealed_too = seen.out.splitlines()
    assert (sealed, sealed_too) == ("sealed", "sealed")
    for line, content in ((configuration, primus_cluster.config.read_bytes()), (secrets_file, imported)):
        path, mode, found = line.split()
        assert re.fullmatch(r"/proc/self/fd/\d{3,}", path)  # scripts use the smaller ones
        assert mode == "400"
        assert bytes.fromhex(found) == content


def test_a_proxy_password_that_ppin_has_not_seen_is_in_the_primus_cfg_in_memory(user: SecretUser) -> None:
    keep_proxy_password(user, PROXY_PASSWORD)
    before = user.stand.config.read_bytes()
    shown = sh(user, 'cat "$SECUROSYS_PKCS11_CONF"').out
    assert shown.count(f'proxy_password = "{PROXY_PASSWORD}";') == 4
    assert user.run("run", "--", *pkcs11_tool(user, "--list-objects")).code == 0
    assert user.stand.config.read_bytes() == before


def test_a_partition_that_is_named_gets_its_own_secret_alone(user: SecretUser) -> None:
    assert user.run("-r", "-e", "SIGNING").code == 0
    shown = sh(user, 'cat "$SECUROSYS_SECRETS_CONF"', "--user", "PAYMENTS")
    assert re.findall(r'name = "(.*?)"', shown.out) == ["PAYMENTS", PROXY_USER]
    unknown = sh(user, "echo started", "--user", "PAYMENT")
    assert (unknown.code, unknown.out, len(unknown.error)) == (2, "", 3)
    assert "did you mean PAYMENTS" in unknown.err


def test_nothing_is_started_when_a_secret_is_missing(user: SecretUser) -> None:
    assert user.run("-r", "-e", "SIGNING").code == 0
    assert user.run("-x", "-e", PROXY_USER).code == 0
    ended = sh(user, "echo started")
    assert (ended.code, ended.out) == (3, "")
    what, where, do = ended.error
    assert what == (
        f"ppinui: the keyring has no proxy password of '{PROXY_USER}' and no permanent secret of 'SIGNING'"
    )
    assert where == "  where: vault: ppinui"
    assert do.startswith("  fix: store it: ")
    assert do.endswith(f" -m ppinui -p -e {PROXY_USER}")


def test_the_remedy_names_the_import_where_the_secrets_file_has_them(
    primus_cluster: Stand, tmp_path: Path
) -> None:
    ended = sh(with_vault(primus_cluster, tmp_path / "home"), "echo started")
    assert (ended.code, ended.out, len(ended.error)) == (3, "", 3)
    assert "ppinui secret import FILE" in ended.error[2]


def test_a_rejected_secret_is_not_handed_over(user: SecretUser) -> None:
    keep_proxy_password(user, "wrong-one")
    setup = user.stand.partitions["PAYMENTS"].setup_password
    assert user.run("-u", "-e", "PAYMENTS", stdin=f"{setup}\n{PINS['PAYMENTS']}\n").code == 1
    offered = len(user.stand.attempts)
    ended = user.run("run", "--", *pkcs11_tool(user, "--list-objects"))
    assert (ended.code, ended.out, len(ended.error)) == (3, "", 3)
    assert f"the proxy password of '{PROXY_USER}' was rejected" in ended.error[0]
    assert len(user.stand.attempts) == offered


def test_the_exit_code_is_the_commands_own(user: SecretUser) -> None:
    assert sh(user, "exit 7").code == 7
    assert sh(user, "kill -TERM $$").code == -signal.SIGTERM


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "there is no command to run"),
        (["run", "--"], "there is no command to run"),
        (["run", "--tmpfs", "--"], "there is no command to run"),
        (["run", "ls", "--pin", "1234"], "there are words that are no options"),
        (["run", "--", "no-such-command"], "the command 'no-such-command' was not found"),
        (["run", "--", "/no/such/command"], "cannot be started: there is none"),
        (["run", "--", "/etc/passwd"], "this is not a program that you may execute"),
        (["run", "--owner", "no-such-user", "--", "true"], "there is no such user or group"),
    ],
)
def test_a_command_that_cannot_be_run_is_wrong_use(words: list[str], message: str, tmp_path: Path) -> None:
    ended = ppinui(*words, folder=tmp_path)  # no keyring, no primus.cfg: it does not come to that
    assert (ended.code, ended.out, len(ended.error)) == (2, "", 3)
    assert message in ended.error[0]
    assert "1234" not in ended.err


@pytest.mark.parametrize("options", [[], ["--tmpfs"]])
def test_a_file_that_is_no_program_is_an_error_that_leaves_nothing(
    user: SecretUser, options: list[str]
) -> None:
    before = private_folders()
    file = user.home / "file"
    file.write_text("\0")
    file.chmod(0o755)
    ended = user.run("run", *options, "--", file)
    assert (ended.code, len(ended.error)) == (2, 3)
    assert "Exec format error" in ended.error[0]
    assert private_folders() <= before


def test_the_command_gets_what_a_shell_would_give_it_but_no_core_files(user: SecretUser) -> None:
    script = "ulimit -c; grep SigIgn /proc/self/status; pwd; cat; echo $0 $1"
    words = ["run", "--", "sh", "-c", script, "zero", "--", "two"]
    ignored = subprocess.run(
        ["grep", "SigIgn", "/proc/self/status"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert user.run(*words, stdin="from stdin\n").out.splitlines() == [
        "0",
        ignored,
        str(user.home),
        "from stdin",
        "zero --",
    ]


@pytest.mark.parametrize("options", [[], ["--tmpfs"]])
def test_the_command_has_no_children_that_it_does_not_know(user: SecretUser, options: list[str]) -> None:
    program = "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('none')"
    assert user.run("run", *options, "--", sys.executable, "-c", program).out == "none\n"


@pytest.mark.parametrize("descriptor", [0, 9])
def test_the_command_does_not_inherit_the_passphrase(user: SecretUser, descriptor: int) -> None:
    file = user.home / "passphrase"
    file.write_text(PASSPHRASE)
    environ = environment({**user.environ, "CREDENTIALS_DIRECTORY": ""})
    option = f"--vault-passphrase-fd {descriptor} {descriptor}<{file}"
    script = f"{' '.join(PPINUI)} run {option} -- sh -c 'readlink /proc/$$/fd/*; true'"
    ended = subprocess.run(
        ["sh", "-c", script], env=environ, cwd=user.home, capture_output=True, text=True, check=True
    )
    assert "/memfd:primus.cfg (deleted)" in ended.stdout
    assert str(file) not in ended.stdout


def test_a_command_that_closes_its_descriptors_needs_a_folder(user: SecretUser) -> None:
    before = private_folders()
    command = [sys.executable, "-c", CLOSING, *pkcs11_tool(user, "--list-objects")]
    assert user.run("run", "--", *command).code != 0
    listed = user.run("run", "--tmpfs", "--", *command)
    assert listed.code == 0, listed.err
    assert "Private Key Object" in listed.out
    assert_nothing_left(before)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_the_folder_goes_with_the_command_also_when_it_is_killed(
    user: SecretUser, sent: signal.Signals
) -> None:
    before = private_folders()
    script = 'cat "$SECUROSYS_SECRETS_CONF" >&2; echo "$SECUROSYS_SECRETS_CONF"; read line'
    with subprocess.Popen(
        [*PPINUI, "run", "--tmpfs", "--", "sh", "-c", script],
        env=environment(user.environ),
        cwd=user.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        file = Path(command.stdout.readline().decode().strip())
        assert file.parent in private_folders()
        assert [f"{path.stat().st_mode & 0o7777:o}" for path in (file.parent, file)] == ["700", "400"]
        command.send_signal(sent)
        command.wait(timeout=patient(10))
    assert_nothing_left(before)
    assert os.path.lexists(file) is False
