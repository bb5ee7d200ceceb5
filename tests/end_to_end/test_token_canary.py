"""Canaries: PINs of tokens are in no file, no command line, no environment, and in nothing that is shown."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rig.canary import draw
from tests.rig.canary_watch import Watch
from tests.rig.odd_module import OddModule, Switches, hangs
from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses
from tests.rig.program import CHECKOUT, PPINUI
from tests.rig.softhsm import SoftHsm, Token
from tests.rig.terminal import Terminal

MakeTokens = Callable[..., SoftHsm]
SO_CANARY, USER_CANARY, NEW_CANARY = (draw(f"canary-{name}") for name in ("so", "user", "new"))


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch([SO_CANARY, USER_CANARY, NEW_CANARY], tmp_path)


def terminal(environ: dict[str, str], *arguments: str) -> Terminal:
    return Terminal(
        [*PPINUI, *arguments], environ={**environ, "PYTHONPATH": str(CHECKOUT)}, columns=120, seconds=30
    )


def test_nothing_shows_during_and_after_the_commands(make_tokens: MakeTokens, watch: Watch) -> None:
    hsm = make_tokens(Token("PAYMENTS", pin=USER_CANARY, so_pin=SO_CANARY))
    environ = {**hsm.environ, "PPINUI_MODULE": str(hsm.module), "PPINUI_KEYRING": "none"}
    shown = []
    for arguments, old, new in (
        (["pin", "change", "PAYMENTS"], USER_CANARY, NEW_CANARY),
        (["pin", "change", "PAYMENTS"], USER_CANARY, SO_CANARY),  # a wrong one by now
        (["pin", "init", "PAYMENTS"], SO_CANARY, USER_CANARY),
        (
            ["token", "init", "PAYMENTS", "--label", "PAYMENTS", "--yes-erase", "PAYMENTS"],
            SO_CANARY,
            NEW_CANARY,
        ),
    ):
        with terminal(environ, *arguments) as asked:
            asked.answer_secret("PIN of slot", old)
            asked.answer_secret("PIN of slot", new)
            asked.answer_secret("Once more: ", new)
            shown.append(asked.finish().shown)
        assert watch.found() == []

    assert "flags now: user PIN count low" in shown[1]
    assert watch.in_text("".join(shown)) == []


@pytest.mark.parametrize("sent", [None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_shows_while_the_module_has_the_pins_and_after_any_end(
    sent: signal.Signals | None, odd: Callable[[Switches], OddModule], watch: Watch
) -> None:
    module = odd(Switches(slots={1: "ONE"}, faults=(hangs("C_SetPIN", hard=True),)))
    with MarkedProcesses() as marked:
        environ = {**marked.environ, "PPINUI_MODULE": str(module.path)}
        with terminal(environ, "pin", "change", "ONE", "--timeout", "3") as asked:
            for answer in (USER_CANARY, NEW_CANARY, NEW_CANARY):
                asked.answer_secret(": ", answer)
            deadline = time.monotonic() + patient(10)
            while "C_SetPIN" not in {call.function for call in module.calls}:
                assert time.monotonic() < deadline
                os.sched_yield()
            assert watch.found() == []
            if sent is not None:
                os.kill(asked.pid, sent)
            ended = asked.finish()
        marked.assert_none_left()
    assert watch.found() == []
    assert watch.in_text(ended.shown) == []
    if sent is None:
        assert "MODULE_HUNG" in ended.shown


def test_a_bug_shows_no_pin(make_tokens: MakeTokens, watch: Watch, tmp_path: Path) -> None:
    hsm = make_tokens(Token("PAYMENTS", pin=USER_CANARY, so_pin=SO_CANARY))
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if sys.argv[:1] == ['-m']:\n"
        "    from ppinui.tokens import module_client\n"
        "    def carry_out(access, order, *secrets, never_on_primus=False):\n"
        "        clear = [secret.reveal_bytes() for secret in secrets]\n"
        "        if secrets:\n"
        "            raise ZeroDivisionError('a bug')\n"
        "        yield from before(access, order, never_on_primus=never_on_primus)\n"
        "    before, module_client.carry_out = module_client.carry_out, carry_out\n"
    )
    environ = {**hsm.environ, "PPINUI_MODULE": str(hsm.module)}
    changed = {**environ, "PYTHONPATH": f"{tmp_path}:{CHECKOUT}"}
    command = [sys.executable, "-m", "ppinui", "pin", "change", "PAYMENTS"]
    with Terminal(command, environ=changed, columns=120, seconds=30) as asked:
        for answer in (USER_CANARY, NEW_CANARY, NEW_CANARY):
            asked.answer_secret(": ", answer)
        ended = asked.finish()

    assert "ZeroDivisionError: a bug" in ended.shown
    assert watch.in_text(ended.shown) == []
    assert watch.found() == []
