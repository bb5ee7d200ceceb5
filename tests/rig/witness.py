"""pkcs11-tool as a witness: what another program sees of tokens, and what it puts on them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.rig.patience import patient


@dataclass(frozen=True)
class SeenToken:
    """A token as ``pkcs11-tool --list-slots`` shows it."""

    slot_id: int
    label: str
    flags: frozenset[str]
    serial: str

    @property
    def wrong_pins(self) -> set[str]:
        """What its flags say of wrong PINs."""
        return {flag for flag in self.flags if re.search("count low|final|locked", flag)}


@dataclass(frozen=True)
class Witness:
    """pkcs11-tool on a module. ``entering``: what a command has to begin with to see the tokens."""

    module: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    entering: tuple[str, ...] = ()

    def tokens(self) -> dict[str, SeenToken]:
        """The initialised tokens by label."""
        found = {}
        for block in re.split(r"^Slot ", self.run("--list-slots"), flags=re.MULTILINE)[1:]:
            number = re.match(r"\d+ \((0x[0-9a-f]+)\)", block)
            facts = dict(re.findall(r"^  (.+?) *: (.*)$", block, re.MULTILINE))
            if number is None or "token label" not in facts:
                continue
            flags = frozenset(facts["token flags"].split(", "))
            label = facts["token label"]
            found[label] = SeenToken(int(number[1], 16), label, flags, facts["serial num"])
        return found

    def accepts(self, label: str, pin: str) -> bool:
        """Whether the token takes this PIN. A wrong one is counted."""
        done = self._tool(*self._token(label), "--login", "--pin", pin, "--list-objects")
        if done.returncode and not re.search("CKR_PIN_(INCORRECT|LOCKED)", done.stderr):
            raise AssertionError(done.stderr)
        return done.returncode == 0

    def objects(self, label: str, pin: str) -> str:
        """Everything on the token, as pkcs11-tool lists it."""
        return self.run(*self._token(label), "--login", "--pin", pin, "--list-objects")

    def do(self, label: str, pin: str, *arguments: str) -> str:
        """Something else with a login."""
        return self.run(*self._token(label), "--login", "--pin", pin, *arguments)

    def run(self, *arguments: str) -> str:
        done = self._tool(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"pkcs11-tool {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def _token(self, label: str) -> tuple[str, str]:
        # by its id: pkcs11-tool takes the beginning of a label for the whole
        return ("--slot", str(self.tokens()[label].slot_id))

    def _tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.entering, "pkcs11-tool", "--module", str(self.module), *arguments],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(60),
        )
