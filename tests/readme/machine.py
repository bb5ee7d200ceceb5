"""The machine of README's reader: a new account, the installed program, HSMs, and the places that README names.

README speaks of /etc/primus, of /usr/local/primus and of the home of a service account; on the machine of the
test these are folders of its own. A command has README's names in it and runs with the real ones, and in what it
shows README's stand again. Names of hosts are README's own: a signpost leads them to the stand-in HSMs.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.end_to_end.program import CHECKOUT
from tests.primus_sim.stand import PROXY_PASSWORD, Parts, Stand
from tests.readme.blocks import Block, Reply
from tests.readme.comparing import difference
from tests.rig.signpost import make_signpost
from tests.rig.terminal import Terminal

HOSTS: Final = {"hsm0": "10.1.2.3", "hsm1": "10.1.2.4"}
"""README's HSMs: a cluster behind a service proxy, with the partitions PAYMENTS (slot id 1) and SIGNING (2)."""
PORT: Final = 2310
_SECONDS: Final = 15
PASSPHRASE: Final = "correct horse battery staple"
_STANDS_NAMES: Final = {"hsm1": "hsm0", "hsm2": "hsm1"}
_OVERWRITTEN: Final = re.compile(r"[^\n]*\r(\x1b\[K)?")
"""Progress, which is gone from the screen in the end."""
_SHELL: Final = """
state=$README_STATE command=$README_COMMAND
unset README_STATE README_COMMAND
. "$state"
eval "$command"
code=$?
{ export -p; printf 'cd %q\\n' "$PWD"; } >"$state"
exit $code
"""
"""Each command has a shell of its own, which begins with the folder and the variables that the last one left."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what its terminal showed, with README's names."""

    code: int | None
    """None for one that did not end by itself."""
    shown: str
    left: tuple[Reply, ...]
    """What nobody asked for."""


def install(folder: Path) -> Path:
    """The checkout in a virtual environment of its own, as pip installs it; the folder of its programs.

    What it needs is taken from the environment of the tests, so no network is needed.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    ours = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    (packages / "needed.pth").write_text("".join(f"{path}\n" for path in ours))
    pip = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
    done = subprocess.run([*pip, *options, CHECKOUT], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pip could not install the checkout:\n{done.stdout}{done.stderr}")
    return folder / "bin"


class Machine:
    """A `with` block keeps it running. ``folder`` is to be empty."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        with ExitStack() as end:
            addresses = {name: f"127.{os.urandom(1)[0]}.{os.urandom(1)[0]}.2" for name in HOSTS}
            folder.mkdir(exist_ok=True)
            self.stand = end.enter_context(
                Stand(
                    folder / "stand",
                    parts,
                    cluster=True,
                    standalone=False,
                    addresses={of: (addresses[name], PORT) for of, name in _STANDS_NAMES.items()},
                )
            )
            self._end = end.pop_all()
        self.stand.write_config(
            hsms=tuple(
                replace(entry, name=name, host=HOSTS[name])
                for entry in self.stand.cfg.hsms
                for name in [_STANDS_NAMES[entry.name]]
            ),
            log_file=str(folder / "log" / "primus.log"),
        )
        self.hsms = {name: self.stand.hsms[of] for of, name in _STANDS_NAMES.items()}
        self.home, self._programs, self._passphrases = (
            folder / name for name in ("home", "programs", "credentials")
        )
        for place in (self.home, self._programs, self._passphrases, folder / "log"):
            place.mkdir(mode=0o700)
        self._state = folder / "state"
        self._state.write_text(f"cd {self.home}\n")
        self._snapshot = folder / "snapshot"
        self._make_files()
        self._environ = {
            **make_signpost(folder, {HOSTS[name]: address for name, address in addresses.items()}),
            **self.stand.environ,
            "HOME": str(self.home),
            "PATH": f"{install(folder / 'environment')}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "README_STATE": str(self._state),
        }
        self._places = {
            "/etc/primus": str(self.stand.config.parent),
            "/usr/local/primus": str(self.stand.home),
            "/var/lib/signer": str(self.home),
            "/usr/local/bin": str(self._programs),
            "/var/log/primus": str(folder / "log"),
            "/run/secrets": str(self._passphrases),
        }
        self._secrets = {"passphrase": PASSPHRASE, "proxy password": PROXY_PASSWORD}
        for partition in self.stand.partitions.values():
            self._secrets[f"PIN of {partition.name}"] = partition.pin
            self._secrets[f"setup password of {partition.name}"] = partition.setup_password

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()

    def do(self, block: Block) -> str:
        """Do what a block says; what is not as it says, for people, and "" if all is."""
        if block.file is not None:
            (self.home / block.file).write_text(block.text)
            return ""
        with self._taken_back(block.undone), self._scene(block.scene):
            complaints = list(self._complaints(block))
        return "\n".join(complaints)

    def run(self, command: str, replies: tuple[Reply, ...] = ()) -> Ran:
        """Run one command on a terminal, with README's names of places in it."""
        environ = {**self._environ, "README_COMMAND": self._on_this_machine(command)}
        shell = ["env", "-i", *(f"{name}={value}" for name, value in environ.items()), "bash", "-c", _SHELL]
        left = list(replies)
        with Terminal(shell, folder=self.home, columns=120, rows=50, seconds=_SECONDS) as terminal:
            try:
                while left:
                    self._answer(terminal, left[0])
                    left.pop(0)
            except pexpect.EOF:
                pass  # a later one asks
            except (pexpect.TIMEOUT, AssertionError):  # it is busy, or echoes what is secret
                return Ran(None, self._as_in_readme(terminal.shown), tuple(left))
            try:
                status = terminal.finish().status
            except pexpect.TIMEOUT:  # it asks for something else
                status = None
            return Ran(status, self._as_in_readme(terminal.shown), tuple(left))

    def _complaints(self, block: Block) -> Iterator[str]:
        replies = block.replies
        for command in block.before:
            ran = self.run(command, replies)
            replies = ran.left
            if ran.code != 0:
                yield f"before: {command}\nended with {ran.code}:\n{ran.shown}"
        codes = (*block.exits, *[0] * len(block.commands))
        for command, code in zip(block.commands, codes, strict=False):
            ran = self.run(command.words, replies)
            replies = ran.left
            if ran.code != code:
                yield f"$ {command.words}\nended with {ran.code}, not {code}:\n{ran.shown}"
            elif command.shown is not None and (differs := difference(command.shown, ran.shown)):
                yield f"$ {command.words}\n{differs}"
        for reply in replies:
            yield f"nobody asked: {reply.prompt}"

    def _answer(self, terminal: Terminal, reply: Reply) -> None:
        if named := re.fullmatch(r"\{(.+)\}", reply.text):
            terminal.answer_secret(reply.prompt, self._secrets[named[1]])
        else:
            terminal.answer(reply.prompt, reply.text)

    def _on_this_machine(self, command: str) -> str:
        for place, real in self._places.items():
            command = command.replace(place, real)
        return command

    def _as_in_readme(self, shown: str) -> str:
        shown = _OVERWRITTEN.sub("", shown.replace("\r\n", "\n"))
        for place, real in self._places.items():
            shown = shown.replace(real, place)
        # The provider's own places are reached by variables here.
        for rule, usual in (
            ("SECUROSYS_PKCS11_CONF", "/etc/primus"),
            ("SECUROSYS_SECRETS_CONF", "/etc/primus"),
            ("PRIMUS_HOME", "the default folder /usr/local/primus/lib"),
        ):
            shown = shown.replace(f"the environment variable {rule}", usual)
        return shown.replace(f"vault of {getpass.getuser()} ", "vault of signer ")

    def _make_files(self) -> None:
        """What README takes for granted: an application, a passphrase for services, another .secrets.cfg."""
        signer = self._programs / "signer"
        signer.write_text('#!/bin/sh\ntest -r "$SECUROSYS_PKCS11_CONF" -a -r "$SECUROSYS_SECRETS_CONF"\n')
        signer.chmod(0o755)
        for name in ("vault-passphrase", "ppinui-vault"):
            (self._passphrases / name).write_text(PASSPHRASE)

    @contextmanager
    def _taken_back(self, wanted: bool) -> Iterator[None]:
        if not wanted:
            yield
            return
        kept = (self.home, self.stand.config.parent)
        for folder in kept:
            shutil.copytree(folder, self._snapshot / folder.name, symlinks=True)
        state = self._state.read_text()
        try:
            yield
        finally:
            for folder in kept:
                shutil.rmtree(folder)
                shutil.copytree(self._snapshot / folder.name, folder, symlinks=True)
            shutil.rmtree(self._snapshot)
            self._state.write_text(state)

    @contextmanager
    def _scene(self, name: str | None) -> Iterator[None]:
        match (name or "").split(" ", 1):
            case [""]:
                yield
            case [hsm, "refuses connections"]:
                self.hsms[hsm].refuse()
                yield
                self.hsms[hsm].come_back()
            case [partition, "has got another permanent secret"]:
                one = self.stand.partitions[partition]
                one.permanent_secret, before = one.permanent_secret[::-1], one.permanent_secret
                yield
                one.permanent_secret = before
            case _:
                raise KeyError(f"there is no scene {name!r}")
