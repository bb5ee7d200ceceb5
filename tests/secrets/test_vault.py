"""The vault on a disk: whole at every moment, for several processes, and nobody else's."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.secrets.keyring_errors import VaultPassphraseError
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault import Vault
from ppinui.secrets.vault.vault_file import VaultError, exclusive, vault_path
from ppinui.secrets.vault.vault_format import KdfCost

CHEAP = KdfCost(memory=64, iterations=1, lanes=1)


def opened(path: Path, passphrase: Secret) -> Vault:
    one = Vault(path)
    one.unlock(passphrase)
    return one


def test_a_password_is_there_for_the_next_process(vault_file: Path, passphrase: Secret) -> None:
    opened(vault_file, passphrase).set("ppinui", "pin:A", "1234")
    assert opened(vault_file, passphrase).get("ppinui", "pin:A") == "1234"


def test_a_deleted_password_is_gone_and_the_others_are_not(vault_file: Path, passphrase: Secret) -> None:
    one = opened(vault_file, passphrase)
    one.set("ppinui", "pin:A", "1234")
    one.set("ppinui", "pin:B", "5678")
    assert one.delete("ppinui", "pin:A")
    assert not one.delete("ppinui", "pin:A")
    assert one.get("ppinui", "pin:A") is None
    assert one.get("ppinui", "pin:B") == "5678"


def test_a_vault_is_never_made_by_the_way(tmp_path: Path, passphrase: Secret) -> None:
    with pytest.raises(VaultError, match="there is no vault") as caught:
        Vault(tmp_path / "vualt").unlock(passphrase)
    assert "ppinui vault create" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_new_vault_never_takes_the_place_of_a_file(tmp_path: Path, passphrase: Secret) -> None:
    precious = tmp_path / "vault"
    precious.write_text("precious")
    with pytest.raises(VaultError, match="there is a file already"):
        vault.create(precious, passphrase, make_folder=True, cost=CHEAP)
    assert precious.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def test_a_mistyped_folder_is_not_made(tmp_path: Path, passphrase: Secret) -> None:
    with pytest.raises(VaultError, match="No such file or directory"):
        vault.create(tmp_path / "flder" / "vault", passphrase, make_folder=False, cost=CHEAP)
    assert not (tmp_path / "flder").exists()


def test_the_standard_folder_is_made_for_its_owner_alone(tmp_path: Path, passphrase: Secret) -> None:
    path = vault_path({"HOME": str(tmp_path)})
    assert path == tmp_path / ".local/share/ppinui/vault"
    vault.create(path, passphrase, make_folder=True, cost=CHEAP)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_vault_lies_where_the_user_says() -> None:
    assert vault_path({"HOME": "/home/a", "PPINUI_VAULT": "/srv/v"}) == Path("/srv/v")
    assert vault_path({"HOME": "/home/a", "XDG_DATA_HOME": "/data"}) == Path("/data/ppinui/vault")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_vault_that_others_can_open_is_refused(vault_file: Path, passphrase: Secret, mode: int) -> None:
    vault_file.chmod(mode)
    with pytest.raises(VaultError, match="open to others") as caught:
        Vault(vault_file).unlock(passphrase)
    assert caught.value.remedy == f"chmod 600 {vault_file}"


def test_a_vault_of_somebody_else_is_refused(vault_file: Path) -> None:
    """As root the file is given away; as an ordinary user the test looks at a file of root's."""
    path = vault_file
    if os.geteuid() == 0:
        os.chown(vault_file, 65534, 65534)
    else:
        path = Path("/etc/hostname")
    with pytest.raises(VaultError, match="belongs to another user"):
        Vault(path).check()


def test_a_folder_is_no_vault(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="this is no vault"):
        Vault(tmp_path).check()


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="passphrase is empty"):
        vault.create(tmp_path / "vault", Secret(""), make_folder=False, cost=CHEAP)


def test_a_locked_vault_gives_nothing(vault_file: Path, passphrase: Secret) -> None:
    one = opened(vault_file, passphrase)
    one.set("ppinui", "pin:A", "1234")
    one.lock()
    assert one.locked
    with pytest.raises(VaultError, match="the vault is locked"):
        one.get("ppinui", "pin:A")


def test_damage_is_told_from_a_wrong_passphrase(vault_file: Path, passphrase: Secret) -> None:
    with pytest.raises(VaultPassphraseError, match="not the vault's passphrase"):
        Vault(vault_file).unlock(Secret("wrong"))
    damaged = bytearray(vault_file.read_bytes())
    damaged[120] ^= 1
    vault_file.write_bytes(damaged)
    with pytest.raises(VaultError, match="damaged") as caught:
        Vault(vault_file).unlock(passphrase)
    assert not isinstance(caught.value, VaultPassphraseError)


def test_after_a_change_of_passphrase_only_the_new_one_opens(vault_file: Path, passphrase: Secret) -> None:
    one, other = opened(vault_file, passphrase), opened(vault_file, passphrase)
    one.set("ppinui", "pin:A", "1234")
    one.change_passphrase(Secret("new"), cost=CHEAP)
    assert one.get("ppinui", "pin:A") == "1234"
    assert opened(vault_file, Secret("new")).get("ppinui", "pin:A") == "1234"
    with pytest.raises(VaultPassphraseError, match="not the vault's passphrase"):
        opened(vault_file, passphrase)
    with pytest.raises(VaultPassphraseError, match="changed meanwhile"):
        other.set("ppinui", "pin:B", "5678")
    assert other.locked


def test_the_passphrase_of_a_locked_vault_cannot_be_changed(vault_file: Path) -> None:
    before = vault_file.read_bytes()
    with pytest.raises(VaultError, match="the vault is locked"):
        Vault(vault_file).change_passphrase(Secret("new"), cost=CHEAP)
    assert vault_file.read_bytes() == before


def test_a_link_to_a_vault_stays_a_link(vault_file: Path, passphrase: Secret, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(vault_file)
    opened(link, passphrase).set("ppinui", "pin:A", "1234")
    assert link.is_symlink()
    assert opened(vault_file, passphrase).get("ppinui", "pin:A") == "1234"


def test_a_writer_that_never_ends_is_an_error_in_time(vault_file: Path, passphrase: Secret) -> None:
    one = Vault(vault_file, lock_timeout=0.1)
    one.unlock(passphrase)
    with exclusive(vault_file, 1), pytest.raises(VaultError, match="another process has been writing"):
        one.set("ppinui", "pin:A", "1234")


def test_a_full_disk_keeps_the_old_vault(tmp_path: Path) -> None:
    """The limit for file sizes of a child process stands in for the disk."""
    program = """
import resource, signal, sys
from pathlib import Path
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
vault.create(path, Secret("p"), make_folder=False, cost=KdfCost(64, 1, 1))
one = vault.Vault(path)
one.unlock(Secret("p"))
one.set("s", "u", "old")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    one.set("s", "u", "x" * 5000)
except vault.VaultError as error:
    print(error.message, one.get("s", "u"), sorted(p.name for p in path.parent.iterdir()))
"""
    path = tmp_path / "vault"
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "cannot write the vault: File too large old ['vault', 'vault.lock']\n"


WRITER = """
import sys
from pathlib import Path
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault.vault import Vault
path, name = Path(sys.argv[1]), sys.argv[2]
one = Vault(path)
one.unlock(Secret(sys.stdin.readline().strip()))
print("ready", flush=True)
for line in sys.stdin:
    number = line.strip()
    one.set("ppinui", f"{name}:{number}", f"secret {name} {number}")
    print(number, flush=True)
"""


class Writer:
    """A process that stores a password for each number it is told, and answers with the number."""

    def __init__(self, path: Path, name: str, passphrase: Secret) -> None:
        self.name = name
        self.done: list[int] = []
        self._start(path, passphrase)

    def _start(self, path: Path, passphrase: Secret) -> None:
        self._path, self._passphrase = path, passphrase
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(passphrase.reveal_bytes() + b"\n")
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def tell(self, number: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d\n" % number)

    def answers(self) -> bool:
        """One answer is taken; False if the process has ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            self.done.append(int(line))
        return bool(line)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def start_again(self) -> None:
        self.end()
        self._start(self._path, self._passphrase)

    def end(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait()


def test_two_processes_that_are_killed_while_they_write_lose_nothing(
    vault_file: Path, passphrase: Secret
) -> None:
    """100 writes; every tenth time both writers are told and one is killed at a random moment."""
    dice = random.Random(4)
    writers = [Writer(vault_file, name, passphrase) for name in ("a", "b")]
    try:
        for number in range(50):
            for writer in writers:
                writer.tell(number)
            victim = writers[dice.randrange(2)] if number % 5 == 4 else None
            if victim:
                spin(dice.randrange(200_000))
                victim.kill()
            for writer in writers:
                answered = writer.answers()
                if writer is victim:
                    writer.start_again()
                if not answered:
                    writer.tell(number)
                    assert writer.answers()
            found = opened(vault_file, passphrase)
            for writer in writers:
                for done in writer.done:
                    assert found.get("ppinui", f"{writer.name}:{done}") == f"secret {writer.name} {done}"
    finally:
        for writer in writers:
            writer.end()
    assert sum(len(writer.done) for writer in writers) >= 100
    opened(vault_file, passphrase).set("ppinui", "last", "one")
    assert sorted(path.name for path in vault_file.parent.iterdir()) == ["vault", "vault.lock"]


def spin(times: int) -> None:
    """Some moment between nothing and a few milliseconds."""
    for _ in range(times):
        pass
