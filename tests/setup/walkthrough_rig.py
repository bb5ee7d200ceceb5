"""Walking through a set-up without a user interface: surroundings of a test's own, steps one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppinui.doctor.host import Account, Group
from ppinui.doctor.host import Surroundings as Machine
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.setup.engine import Page, Walk
from ppinui.setup.kinds import cloudhsm_kind
from ppinui.setup.setup_context import Surroundings
from ppinui.setup.walkthrough import Finding, Kind, Running, Style
from tests.secrets.memory_keyring import MemoryKeyring

ALICE = Account(1000, "alice", frozenset({1000}), is_service=False)


@dataclass
class MemoryKeyrings:
    """One keyring in memory, whatever is chosen."""

    named: KeyringChoice = field(default_factory=lambda: KeyringChoice("memory"))
    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)
    made: list[bytes] = field(default_factory=list)

    def store(self, name: str | None) -> SecretStore:
        return SecretStore(self.keyring)

    def vault_made(self, passphrase: Secret) -> None:
        self.made.append(passphrase.reveal_bytes())


def surroundings(root: Path, environ: Mapping[str, str] | None = None, **changes: Any) -> Surroundings:
    """Those of alice on a machine below `root`, with her home in it; nothing is traced."""
    home = root / "home/alice"
    home.mkdir(parents=True, exist_ok=True)
    machine = Machine(
        {"HOME": str(home), **(environ or {})},
        changes.pop("account", ALICE),
        changes.pop("group", Group(1000, ("alice",))),
        0,
        root,
        root / "proc",
    )
    facts: dict[str, Any] = {"keyrings": MemoryKeyrings(), "tracer": lambda *_: None}
    return Surroundings(machine, **{**facts, **changes})


def found(page: Page) -> Finding:
    """What the step has found."""
    assert page.finding is not None, page.unanswered
    return page.finding


def do(walk: Walk, **secrets: str) -> Finding | None:
    """Carry out the action of the step that the walk is at, with these secrets."""
    action = found(walk.page()).action
    assert action is not None
    assert {need.id for need in action.secrets} == set(secrets)
    given = {id: Secret(clear) for id, clear in secrets.items()}
    return walk.act(action, given, Running(lambda _: None))


def at(step: str, around: Surroundings, kind: Kind = cloudhsm_kind.KIND, **answers: Any) -> Walk:
    """A walk at this step, with answers to all questions before."""
    walk = Walk(kind, around, keeping=False)
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
