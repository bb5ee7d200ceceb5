"""Walking through a set-up without a user interface: a context of a test's own, steps one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.services.context import Context, Group
from ppinui.setup.engine import StepPage, Walkthrough
from ppinui.setup.kinds.primus_kinds import CLOUDHSM
from ppinui.setup.walkthrough import Finding, Running, SetupKind, Style
from tests.rig.hosts import context_on
from tests.secrets.memory_keyring import MemoryKeyring


@dataclass
class MemoryKeyrings:
    """One keyring in memory, whatever is chosen."""

    named: KeyringChoice = field(default_factory=lambda: KeyringChoice("memory"))
    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)
    made: list[bytes] = field(default_factory=list)

    def start(self) -> None:
        """It is there."""

    def store(self, name: str | None = None) -> SecretStore:
        return SecretStore(self.keyring)

    def vault_made(self, passphrase: Secret) -> None:
        self.made.append(passphrase.reveal_bytes())

    def close(self) -> None:
        """It stays."""


def context_of(root: Path, environ: Mapping[str, str] | None = None, **changes: Any) -> Context:
    """That of alice on a machine below `root`, with her home in it; nothing is traced."""
    home = root / "home/alice"
    home.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "group": Group(1000, ("alice",)),
        "proc": root / "proc",
        "audit": lambda *_: None,
    }
    keyrings = changes.pop("keyrings", None) or MemoryKeyrings()
    facts["open_keyrings"] = lambda _: keyrings
    return context_on(root, {"HOME": str(home), **(environ or {})}, {**facts, **changes})


def found(page: StepPage) -> Finding:
    """What the step has found."""
    assert page.finding is not None, page.unanswered
    return page.finding


def do(walk: Walkthrough, **secrets: str) -> Finding | None:
    """Carry out the action of the step that the walk is at, with these secrets."""
    action = found(walk.page()).action
    assert action is not None
    assert {need.id for need in action.secrets} == set(secrets)
    given = {id: Secret(clear) for id, clear in secrets.items()}
    return walk.act(action, given, Running(lambda _: None))


def at(step: str, context: Context, kind: SetupKind = CLOUDHSM, **answers: Any) -> Walkthrough:
    """A walk at this step, with answers to all questions before."""
    walk = Walkthrough(kind, context, keeping=False)
    for one in kind.steps:
        walk.go_to(one.id)
        while asked := {
            each.question.id: answers[each.question.id]
            for each in walk.page(look=False).asked
            if each.question.id in answers
        }:
            assert walk.answer(asked) == {}
            for id in asked:
                del answers[id]
        if one.id == step:
            break
    assert answers == {}
    return walk


def item(finding: Finding, subject: str) -> Finding:
    return next(one for one in finding.items if one.subject == subject)


def commands(finding: Finding) -> list[str]:
    return [
        line for block in finding.blocks if block.style is Style.COMMAND for line in block.text.split("\n")
    ]
