"""A machine with the provider installed and nothing set up: a cluster to reach, a home, and what was sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import draw
from tests.rig.program import CHECKOUT, PPINUI, Ran, ppinui
from tests.rig.terminal import Terminal

PASSPHRASE = draw("correct horse battery staple")


def pipe_with(content: str) -> int:
    """A descriptor from which this can be read."""
    end, start = os.pipe()
    os.write(start, content.encode())
    os.close(start)
    return end


@dataclass(frozen=True)
class EmptyMachine:
    """Runs ppinui where no primus.cfg, no secret and no vault is."""

    stand: Stand
    home: Path
    environ: Mapping[str, str] = field(repr=False)

    @property
    def answers(self) -> str:
        """The cluster as TOML: both HSMs with both partitions, a vault, the log in the home."""
        hsms = [
            f'[[hsms]]\nhost = "{hsm.host}"\nport = "{hsm.port}"\npriority = {number}\n'
            for number, hsm in enumerate(self.stand.hsms.values())
        ]
        partitions = [f'[[partitions]]\nname = "{name}"\n' for name in self.stand.partitions]
        head = (
            f'cluster = "other"\nservice_user = "{PROXY_USER}"\nkeyring = "vault"\n'
            f'log_file = "{self.home}/log/primus.log"\n'
        )
        return "\n".join([head, *hsms, *partitions])

    def set_up(
        self,
        *options: str,
        answers: str | None = None,
        proxy_password: str = PROXY_PASSWORD,
        only: Sequence[str] = (),
        with_secrets: bool = True,
        with_vault: bool = True,
    ) -> Ran:
        """`ppinui setup cloudhsm --answers` with all secrets by descriptors (of `only` these partitions)."""
        file = self.home / "answers.toml"
        file.write_text(self.answers if answers is None else answers)
        partitions = {name: self.stand.partitions[name] for name in only or self.stand.partitions}
        given = {"--vault-passphrase-fd": [PASSPHRASE]} if with_vault else {}
        if with_secrets:
            given["--proxy-password-fd"] = [proxy_password]
            given["--setup-password-fd"] = [
                f"{name}={one.setup_password}" for name, one in partitions.items()
            ]
            given["--pin-fd"] = [f"{name}={one.pin}" for name, one in partitions.items()]
        with ExitStack() as end:
            words = []
            for option, lines in given.items():
                descriptor = pipe_with("".join(f"{line}\n" for line in lines))
                end.callback(os.close, descriptor)
                words += [option, str(descriptor)]
            return self.run(
                *("setup", "cloudhsm", "--answers", file, *words, *options),
                descriptors=[int(word) for word in words[1::2]],
            )

    def run(self, *arguments: str | Path, descriptors: Sequence[int] = ()) -> Ran:
        """Without a terminal; `descriptors` are handed on."""
        return ppinui(*arguments, environ=self.environ, folder=self.home, descriptors=descriptors)

    def terminal(self, *arguments: str | Path) -> Terminal:
        """On a terminal of 80 × 24."""
        changes = {**self.environ, "PYTHONPATH": str(CHECKOUT)}
        return Terminal([*PPINUI, *arguments], environ=changes, folder=self.home, seconds=15)


def empty_machine(stand: Stand, home: Path) -> EmptyMachine:
    """Takes away what the stand has set up already."""
    stand.config.unlink()
    stand.secrets.unlink()
    home.mkdir()
    return EmptyMachine(
        stand,
        home,
        {
            **stand.environ,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "DBUS_SESSION_BUS_ADDRESS": "",
            "PPINUI_MODULE": str(stand.module),
            "PATH": os.environ["PATH"],
        },
    )
