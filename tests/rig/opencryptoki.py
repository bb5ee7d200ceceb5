"""openCryptoki's software token, which locks at the third wrong PIN: a daemon and a token for one test.

Every path of openCryptoki is compiled in. So the daemon, the token and whoever talks to them get mounts and
shared memory of their own, as root or in a user namespace: the machine's tokens are out of reach. Where a
container forbids that, root uses the machine's own places, if no token and no daemon is there that could be
somebody's, and leaves them as they were.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rig.machine_lock import machine_lock
from tests.rig.patience import patient
from tests.rig.private_mounts import mounting_is_possible

LABEL = "PPINUI-TEST"
USER_PIN = "47110815"
SO_PIN = "08154711"
WRONG_PIN = "99999999"

FACTORY_SO_PIN = "87654321"
_SLOT = 3
_PLACES = ("pkcs11/libopencryptoki.so", "opencryptoki/libopencryptoki.so")

_CONFIGURATION = Path("/etc/opencryptoki/opencryptoki.conf")
_SOCKET = Path("/run/pkcsslotd.socket")
_TOKEN = Path("/var/lib/opencryptoki/swtok")
_WRITTEN = (
    (Path("/run"), "pkcsslotd.*"),
    (Path("/run/lock"), "opencryptoki"),
    (Path("/run/lock/opencryptoki"), "**/*"),
    (Path("/dev/shm"), "var.lib.opencryptoki.*"),
    (Path("/var/log"), "opencryptoki"),
    (Path("/var/log/opencryptoki"), "**/*"),
    (Path("/var/lib/opencryptoki"), "**/*"),
)
"""Everything that the daemon and the software token write, each a folder and a pattern."""

_PRIVATE = f"""
set -eu
for place in /run /dev/shm /var/log /var/lib/opencryptoki {_CONFIGURATION.parent}; do
    mount -t tmpfs -o mode=0755 none "$place"
done
sed 's/^pkcs11:x:[0-9]*:.*/pkcs11:x:0:root/' /etc/group >/run/group
mount --bind /run/group /etc/group  # in a user namespace there is no group but root's
printf 'version opencryptoki-3.1\\nslot {_SLOT}\\n{{\\nstdll = libpkcs11_sw.so\\n}}\\n' >{_CONFIGURATION}
"""
_SERVE = f"""
set -eu
umask 007
mkdir -p {_TOKEN}/TOK_OBJ /run/lock/opencryptoki/swtok /var/log/opencryptoki
pkcsslotd -f </dev/null >&2 &
for _ in $(seq 500); do
    kill -0 $! || exit 1
    [ -S {_SOCKET} ] && [ -s /run/pkcsslotd.pid ] && break
    sleep 0.02
done
echo ready
cat >/dev/null
for _ in $(seq 100); do
    kill $! 2>/dev/null || break  # it does not obey while it knows of a client
    sleep 0.05
done
kill -KILL $! 2>/dev/null || true
"""
"""Keeps the daemon until standard input ends, also when that is because the tests were killed."""


class OpenCryptokiUnavailable(Exception):
    """The token cannot be had here, with what to do about it."""


@dataclass(frozen=True)
class OpenCryptoki:
    """A freshly initialised token `LABEL` with `USER_PIN` (or one that shall become that)."""

    module: Path
    slot: int
    entering: tuple[str, ...]
    """What a command has to begin with to see the token."""

    def flags(self) -> set[str]:
        """Those of the user's PIN that speak of wrong ones: count low, final try, locked."""
        listed = self._tool("--list-slots").stdout
        words = {
            "user PIN count low": "count low",
            "final user PIN try": "final try",
            "user PIN locked": "locked",
        }
        (line,) = re.findall(rf"token label +: {LABEL}\n(?:.*\n)*? *token flags +: (.*)", listed)
        return {words[flag] for flag in line.split(", ") if flag in words}

    def offer(self, pin: str) -> bool:
        """Log in with another program than ours; whether the token took the PIN."""
        done = self._tool("--login", "--pin", pin, "--list-objects", check=False)
        if done.returncode and not re.search("CKR_PIN_(INCORRECT|LOCKED)", done.stderr):
            raise AssertionError(done.stderr)
        return done.returncode == 0

    def objects(self) -> str:
        """The objects on the token, private ones too, as pkcs11-tool lists them; empty when there is none."""
        return self._tool("--login", "--pin", USER_PIN, "--list-objects").stdout

    def initialise(self) -> None:
        self._tool("--init-token", "--label", LABEL, "--so-pin", FACTORY_SO_PIN)
        # the security officer can do nothing else before that
        self._log_in_as_so(FACTORY_SO_PIN, "--change-pin", "--new-pin", SO_PIN)
        self._log_in_as_so(SO_PIN, "--init-pin", "--new-pin", USER_PIN)

    def _log_in_as_so(self, so_pin: str, *arguments: str) -> None:
        self._tool("--login", "--login-type", "so", "--so-pin", so_pin, *arguments)

    def _tool(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = (*self.entering, "pkcs11-tool", "--module", str(self.module), "--slot", str(self.slot))
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=patient(60)
        )
        if check and done.returncode != 0:
            raise AssertionError(f"pkcs11-tool {' '.join(arguments)}: {done.stderr}")
        return done


@contextmanager
def opencryptoki(*, initialised: bool = True) -> Iterator[OpenCryptoki]:
    """A token and its daemon, until the end of the context; not `initialised`, it is as its maker left it.

    Raises OpenCryptokiUnavailable where it is not installed, and where it could be had only at the expense of
    the machine's own tokens.
    """
    module = find_opencryptoki()
    with _private_token(module) if mounting_is_possible() else _machines_token(module) as token:
        if initialised:
            token.initialise()
        yield token


def find_opencryptoki() -> Path:
    """Its PKCS#11 module; OpenCryptokiUnavailable when it or the daemon is not there."""
    folders = ("usr/lib", "usr/lib64", "usr/lib/*-linux-gnu")
    found = [path for folder in folders for place in _PLACES for path in Path("/").glob(f"{folder}/{place}")]
    if not found or shutil.which("pkcsslotd") is None:
        raise OpenCryptokiUnavailable("openCryptoki is not installed: apt install opencryptoki")
    return found[0]


@contextmanager
def _private_token(module: Path) -> Iterator[OpenCryptoki]:
    user = os.geteuid() != 0
    own = ("unshare", "--mount", "--ipc", *(("--user", "--map-root-user") if user else ()))
    with _served(*own, "sh", "-c", _PRIVATE + _SERVE) as server:
        there = ("nsenter", "--target", str(server), "--mount", "--ipc")
        yield OpenCryptoki(module, _SLOT, (*there, *(("--user", "--preserve-credentials") if user else ())))


@contextmanager
def _machines_token(module: Path) -> Iterator[OpenCryptoki]:
    if os.geteuid() != 0:
        raise OpenCryptokiUnavailable(
            "no namespaces for an ordinary user here: run this as root, or unset PPINUI_TEST_OPENCRYPTOKI"
        )
    slot = _software_slot(_CONFIGURATION.read_text())
    with machine_lock("opencryptoki"):
        _refuse_what_is_somebodys()
        before = _written()
        try:
            with _served("sh", "-c", _SERVE):
                yield OpenCryptoki(module, slot, ())
        finally:
            # files before their folders
            for path in sorted(_written() - before, reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()


def _software_slot(configuration: str) -> int:
    found = re.search(r"^slot\s+(\d+)\s*\{[^}]*\blibpkcs11_sw\.so\b", configuration, re.MULTILINE)
    if found is None:
        raise OpenCryptokiUnavailable(f"{_CONFIGURATION} has no slot with libpkcs11_sw.so: add one")
    return int(found[1])


def _refuse_what_is_somebodys() -> None:
    """Also clears away what is ours, from a run that was killed."""
    # no knocking: the daemon may end when somebody connects and says nothing
    if re.search(r"/pkcsslotd\.socket$", Path("/proc/net/unix").read_text(), re.MULTILINE):
        raise OpenCryptokiUnavailable(
            "openCryptoki is in use on this machine: stop pkcsslotd, or unset PPINUI_TEST_OPENCRYPTOKI"
        )
    files = [path for path in _TOKEN.glob("**/*") if not path.is_dir()]
    data = _TOKEN / "NVTOK.DAT"
    if files and not (data in files and data.read_bytes().startswith(LABEL.encode().ljust(32))):
        raise OpenCryptokiUnavailable(
            f"{_TOKEN} holds a token that is not ours: move it away, or unset PPINUI_TEST_OPENCRYPTOKI"
        )
    for path in (*files, Path("/dev/shm/var.lib.opencryptoki.swtok"), _SOCKET):
        path.unlink(missing_ok=True)


def _written() -> set[Path]:
    return {path for folder, pattern in _WRITTEN for path in folder.glob(pattern)}


@contextmanager
def _served(*command: str) -> Iterator[int]:
    """Run the daemon by this command; gives the command's process id."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        if server.stdout.readline() != "ready\n":
            raise OpenCryptokiUnavailable(
                "openCryptoki's daemon pkcsslotd did not start: see its words above"
            )
        yield server.pid
