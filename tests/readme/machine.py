"""The machine of README's reader: a new account, the installed program, HSMs, and README's names for them.

README speaks of /etc/primus, of /usr/local/primus and of a service account's home; on the machine of the test
these are folders of its own. Commands have README's names in them and run with the real ones; in what they
show README's stand again. Names of hosts are README's own: a signpost leads them to the stand-in HSMs.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.primus_sim.hsm import Hsm
from tests.primus_sim.stand import PROXY_PASSWORD, Parts, Stand
from tests.readme.blocks import Block, Reply
from tests.readme.comparing import difference
from tests.readme.installing import install
from tests.rig.signpost import make_signpost
from tests.rig.terminal import Terminal

HSMS: Final = {"hsm0": "hsm1", "hsm1": "hsm2"}
"""README's HSMs, and what the stand calls them: a cluster behind a service proxy, with the partitions
PAYMENTS (slot id 1) and SIGNING (2)."""
HOSTS: Final = {
    "10.1.2.3": "hsm0",
    "10.1.2.4": "hsm1",
    "ch01-api.cloudshsm.com": "hsm0",
    "ch02-api.cloudshsm.com": "hsm1",
}
"""README's names and addresses of HSMs. The first one of each stands in primus.cfg."""
PORT: Final = 2310
PASSPHRASE: Final = "correct horse battery staple"

_SECONDS: Final = 30
_VARIABLES: Final = {
    "SECUROSYS_PKCS11_CONF": "/etc/primus",
    "SECUROSYS_SECRETS_CONF": "/etc/primus",
    "PRIMUS_HOME": "the default folder /usr/local/primus/lib",
}
"""What leads to the provider's places here, and what leads there on a machine where it is installed."""
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
"""Each command has a shell of its own, in the folder and with the variables that the last one left."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what its terminal showed, with README's names."""

    code: int | None
    """None for one that did not end by itself."""
    shown: str
    left: tuple[Reply, ...]
    """What nobody asked for."""


class Machine:
    """A `with` block keeps it running; `folder` is yet to be."""

    def __init__(self, folder: Path, parts: Parts) -> None:
        names = ("stand", "home", "programs", "secrets", "log", "environment")
        stand, home, programs, secrets, log, environment = (folder / name for name in names)
        for place in (folder, home, programs, secrets, log):
            place.mkdir(mode=0o700)
        _make_programs(programs)
        _make_passphrases(secrets)
        # Any address that begins with 127 is this machine's; a random one is nobody else's.
        addresses = {name: f"127.{os.urandom(1)[0]}.{os.urandom(1)[0]}.2" for name in HSMS}
        signpost = make_signpost(folder, {host: addresses[name] for host, name in HOSTS.items()})
        path = f"{install(environment)}:/usr/local/bin:/usr/bin:/bin"
        self._stand = Stand(
            stand,
            parts,
            cluster=True,
            standalone=False,
            addresses={HSMS[name]: (address, PORT) for name, address in addresses.items()},
        )
        self._name_hsms(log)
        self._places = {
            "/etc/primus": str(self._stand.config.parent),
            "/usr/local/primus": str(self._stand.home),
            "/usr/local/bin": str(programs),
            "/var/lib/signer": str(home),
            "/var/log/primus": str(log),
            "/run/secrets": str(secrets),
        }
        self._secrets = {
            "passphrase": PASSPHRASE,
            "proxy password": PROXY_PASSWORD,
            "PIN of KEYS-0": "98765432",
        }
        for name, partition in self._stand.partitions.items():
            self._secrets[f"PIN of {name}"] = partition.pin
            self._secrets[f"setup password of {name}"] = partition.setup_password
        self._home = home
        self._state = folder / "state"
        self._state.write_text("")
        self._kept = folder / "kept"
        self._environ = {
            **signpost,
            **self._stand.environ,
            "HOME": str(home),
            "PATH": path,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "README_STATE": str(self._state),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stand.close()

    def do(self, block: Block) -> str:
        """Do what a block says. The result is what is not as it says, in words; empty if all is."""
        if block.file is not None:
            (self._home / block.file).write_text(block.text)
            return ""
        with self._undone(block.undone), self._scene(block.scene):
            return "\n".join(self._complaints(block))

    def run(self, command: str, replies: tuple[Reply, ...] = ()) -> Ran:
        """Run one command, with README's names in it, on a terminal of its own."""
        environ = {**self._environ, "README_COMMAND": self._on_this_machine(command)}
        shell = ["env", "-i", *(f"{name}={value}" for name, value in environ.items()), "bash", "-c", _SHELL]
        left = list(replies)
        with Terminal(shell, folder=self._home, columns=120, rows=50, seconds=_SECONDS) as terminal:
            try:
                self._answer(terminal, left)
                status = terminal.finish().status
            except (pexpect.TIMEOUT, AssertionError):
                # It is busy, asks for something else, or echoes what is secret: what it shows will tell.
                status = None
            return Ran(status, self._as_in_readme(terminal.shown), tuple(left))

    def _complaints(self, block: Block) -> Iterator[str]:
        replies = block.replies
        steps = [(command, 0, None) for command in block.before]
        codes = (*block.exits, *[0] * len(block.commands))
        steps += [(one.words, code, one.shown) for one, code in zip(block.commands, codes, strict=False)]
        for words, code, shown in steps:
            ran = self.run(words, replies)
            replies = ran.left
            if ran.code != code:
                yield f"$ {words}\nended with {ran.code}, not {code}:\n{ran.shown}"
            elif shown is not None and (differs := difference(shown, ran.shown)):
                yield f"$ {words}\n{differs}"
        for reply in replies:
            yield f"nobody asked: {reply.prompt}"

    def _answer(self, terminal: Terminal, replies: list[Reply]) -> None:
        """Type what is asked for, and take it off the list. A command that ends leaves the rest to others."""
        while replies:
            prompt, text = replies[0].prompt, replies[0].text
            named = re.fullmatch(r"\{(.+)\}", text)
            try:
                if named:
                    terminal.answer_secret(prompt, self._secrets[named[1]])
                else:
                    terminal.answer(prompt, text)
            except pexpect.EOF:
                return
            replies.pop(0)

    def _on_this_machine(self, command: str) -> str:
        for place, real in self._places.items():
            command = command.replace(place, real)
        return command

    def _as_in_readme(self, shown: str) -> str:
        shown = _OVERWRITTEN.sub("", shown.replace("\r\n", "\n"))
        for place, real in self._places.items():
            shown = shown.replace(real, place)
        for name, usual in _VARIABLES.items():
            shown = shown.replace(f"the environment variable {name}", usual)
        return shown

    def _name_hsms(self, log: Path) -> None:
        """Write primus.cfg with README's names of HSMs and hosts."""
        ours = {theirs: name for name, theirs in HSMS.items()}
        hosts = {name: host for host, name in reversed(HOSTS.items())}
        self._stand.write_config(
            hsms=tuple(
                replace(entry, name=ours[entry.name], host=hosts[ours[entry.name]])
                for entry in self._stand.cfg.hsms
            ),
            log_file=str(log / "primus.log"),
        )

    def _hsm(self, name: str) -> Hsm:
        return self._stand.hsms[HSMS[name]]

    @contextmanager
    def _undone(self, wanted: bool) -> Iterator[None]:
        """What is done to files and variables meanwhile is taken back, if it is wanted."""
        if not wanted:
            yield
            return
        changing = (self._home, self._stand.config.parent, self._state)
        for number, path in enumerate(changing):
            _copy(path, self._kept / str(number))
        yield
        for number, path in enumerate(changing):
            _remove(path)
            _copy(self._kept / str(number), path)
        shutil.rmtree(self._kept)

    @contextmanager
    def _scene(self, name: str | None) -> Iterator[None]:
        match (name or "").split(" ", 1):
            case [""]:
                yield
            case [hsm, "refuses connections"]:
                self._hsm(hsm).refuse()
                yield
                self._hsm(hsm).come_back()
            case [partition, "has got another permanent secret"]:
                one = self._stand.partitions[partition]
                before, one.permanent_secret = one.permanent_secret, one.permanent_secret[::-1]
                yield
                one.permanent_secret = before
            case _:
                raise KeyError(f"there is no scene {name!r}")


def _make_programs(folder: Path) -> None:
    """An application, which has to find its files."""
    signer = folder / "signer"
    signer.write_text('#!/bin/sh\ntest -r "$SECUROSYS_PKCS11_CONF" -a -r "$SECUROSYS_SECRETS_CONF"\n')
    signer.chmod(0o755)


def _make_passphrases(folder: Path) -> None:
    """The vault's passphrase as a file of a service, and as a systemd credential."""
    for name in ("vault-passphrase", "ppinui-vault"):
        (folder / name).write_text(PASSPHRASE)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
