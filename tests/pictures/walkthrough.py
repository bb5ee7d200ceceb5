"""The steps of the CloudHSM walkthrough for pictures: a made-up machine, answers, and what is found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.services.context import Account, Context, Group
from ppinui.setup.engine import StepPage, Walkthrough
from ppinui.setup.kinds.primus_kinds import CLOUDHSM
from ppinui.setup.walkthrough import Action, Block, Finding, Running, SecretNeed, SetupKind, Step, StepState
from ppinui.tui.controllers.setup_thread import SetupThread
from ppinui.tui.screens.setup_screen import SetupScreen
from tests.pictures.installation import Installed
from tests.rig.hosts import host_of
from tests.setup.walkthrough_rig import MemoryKeyrings
from tests.tui.conftest import Driver

STEPS: Final = tuple(step.id for step in CLOUDHSM.steps)
_ADA: Final = Account(1000, "ada", frozenset({1000, 990}), is_service=False)
_ANSWERS: Final[Mapping[str, object]] = {
    "cluster": "ECO01/ECO02",
    "service_user": "eqabxrfnqqos",
    "partitions": ({"name": "PAYMENTS", "client_id": "shop"}, {"name": "ARCHIVE"}),
    "keyring": "vault",
}
_VAULT: Final = "/home/ada/.local/share/ppinui/vault"


def scene_of(step: str) -> Callable[[Driver, Installed], Any]:
    """Opens the walkthrough at a step, with answers to all that was asked before."""

    async def steps(app: Driver, installed: Installed) -> None:
        setup = SetupThread(_walk_to(step, installed.config.parents[2] / "empty"))
        setup.states |= dict.fromkeys(STEPS[: STEPS.index(step)], StepState.DONE)
        app.app.push_screen(SetupScreen(app.context, setup))
        number = STEPS.index(step) + 1
        await app.until(f"Step {number} of {len(STEPS)}")
        await app.until(lambda: step in setup.states)
        if step == "folders":
            await app.press("tab")  # what is said of the log names a folder that this machine has too

    return steps


def _walk_to(step: str, root: Path) -> Walkthrough:
    for folder in ("etc/primus", "var/log/primus", "home/ada"):
        (root / folder).mkdir(parents=True)
    context = Context(
        {"HOME": str(root / "home/ada")},
        host=host_of(root, _ADA, Group(990, ("ada",)), proc=root / "proc"),
        audit=lambda *_: None,
        open_keyrings=lambda _: MemoryKeyrings(KeyringChoice(None)),
    )
    walk = _StagedWalk(_staged(CLOUDHSM), context, keeping=False)
    while True:
        asked = [one.question.id for one in walk.page(look=False).asked]
        assert walk.answer({id: _ANSWERS[id] for id in asked if id in _ANSWERS}) == {}
        if walk.step.id == step:
            return walk
        if walk.step.id == "save":
            finding = walk.page().finding
            assert finding is not None
            assert finding.action is not None
            assert walk.act(finding.action, {}, Running(lambda _: None)) is None
        walk.forward()


class _StagedWalk(Walkthrough):
    """Its pages read as if the machine's root were the root folder."""

    def page(self, *, look: bool = True) -> StepPage:
        page = super().page(look=look)
        return replace(
            page,
            blocks=tuple(map(self._block, page.blocks)),
            finding=None if page.finding is None else self._finding(page.finding),
        )

    def _text(self, text: str) -> str:
        return text.replace(str(self.context.host.root), "")

    def _block(self, block: Block) -> Block:
        return replace(block, text=self._text(block.text))

    def _finding(self, found: Finding) -> Finding:
        action = found.action
        return replace(
            found,
            message=self._text(found.message),
            blocks=tuple(map(self._block, found.blocks)),
            action=None if action is None else replace(action, words=self._text(action.words)),
        )


def _staged(kind: SetupKind) -> SetupKind:
    """The kind, with findings of its own where it would look at programs, a keyring or HSMs."""
    return replace(kind, steps=tuple(_with_finding(step) for step in kind.steps))


def _with_finding(step: Step) -> Step:
    found = _FOUND.get(step.id)
    return step if found is None else replace(step, look=lambda _: found)


def _action(words: str, consequence: str, *needs: SecretNeed) -> Action:
    return Action(words, consequence, lambda *_: None, needs)


def _item(subject: str, words: str, state: StepState = StepState.DONE) -> Finding:
    return Finding(state, words, subject=subject)


_FOUND: Final[Mapping[str, Finding]] = {
    "provider": Finding(
        StepState.DONE,
        "the provider is installed",
        items=(
            _item("module", "/usr/local/primus/lib/libprimusP11.so (/usr/local/primus/lib)"),
            _item("ppin", "/usr/local/primus/bin/ppin (ppin 2.4.1)"),
        ),
    ),
    "folders": Finding(
        StepState.DONE,
        "group, folders and files are as they should be",
        items=(_item("group primus", "ada is in it"), _item("folder", "/etc/primus is there")),
    ),
    "keyring": Finding(
        StepState.TO_DO,
        f"there is no vault yet: {_VAULT}",
        action=_action(f"make the vault {_VAULT}", "Makes an empty vault."),
    ),
    "proxy": Finding(
        StepState.PROBLEM,
        "Proxy password refused (0x80005017): The login with the proxy password of 'eqabxrfnqqos' was "
        "refused, and may count towards a lock",
        "compare it with what you were given, and type it again; each wrong one counts",
        action=_action("add the password of 'eqabxrfnqqos'", "Has ppin check it."),
    ),
    "permanent": Finding(
        StepState.TO_DO,
        "permanent secrets: 1 of 2 kept",
        items=(
            _item("'PAYMENTS'", "in the keyring since 2026-03-02 09:14 UTC"),
            _item("'ARCHIVE'", "there is none yet", StepState.TO_DO),
        ),
        action=_action("fetch the permanent secret of 'ARCHIVE'", "Has ppin fetch it."),
    ),
    "test": Finding(
        StepState.PROBLEM,
        "2 of 4 slots are not fine",
        back_to="hsms",
        items=(
            replace(
                _item(
                    "hsm1.slot0, hsm1.slot1",
                    "connect failed: CONNECTION_REFUSED (0x80005015). The host answered, but nothing listens "
                    "on this port: Connection refused",
                    StepState.PROBLEM,
                ),
                remedy="check the port (2310 for PKCS#11), and on the HSM that its PKCS#11 service is on for "
                "this interface",
                back_to="hsms",
            ),
        ),
        action=_action("test every slot", "Connects to each HSM with the secrets that are kept."),
    ),
}
