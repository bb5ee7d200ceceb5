"""Slots, PINs and objects in a real terminal, without colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.rig.canary import files_with
from tests.rig.configurations import two_hsms
from tests.rig.processes import MarkedProcesses
from tests.rig.program import PPINUI, environment
from tests.rig.screen import Screen
from tests.rig.softhsm import USER_PIN, SoftHsm
from tests.tokens.module_rig import witness_of

NEW = "CANARY-4713"


def test_slots_are_seen_a_pin_is_changed_objects_are_seen_and_the_app_is_left(
    make_tokens: Callable[..., SoftHsm], marked: MarkedProcesses, tmp_path: Path
) -> None:
    hsm = make_tokens("PAYMENTS")
    pair = ("--keypairgen", "--key-type", "EC:prime256v1", "--label", "sign", "--id", "0a")
    witness_of(hsm).do("PAYMENTS", USER_PIN, *pair)
    config = tmp_path / "primus.cfg"
    config.write_text(two_hsms())
    environ = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PRIMUS_HOME": str(tmp_path),
        "PPINUI_MODULE": str(hsm.module),
        "DBUS_SESSION_BUS_ADDRESS": "",  # no keyring
        "NO_COLOR": "1",
        **hsm.environ,
        **marked.environ,
    }
    with Screen([*PPINUI, "-c", config], environ=environment(environ), seconds=20) as screen:
        screen.wait_until("F12 Tokens")
        screen.press("F12")
        screen.wait_until(f"slot {hsm.slot_ids[0]} (0x{hsm.slot_ids[0]:x}): PAYMENTS")
        screen.press("p")
        screen.wait_until("(u) The user's")
        screen.press("u")
        for wanted, pin in (("Present user PIN", USER_PIN), ("New user PIN", NEW), ("The same again", NEW)):
            screen.wait_until(wanted)
            screen.write(pin)
            assert pin not in screen.text
            screen.press("Enter")
        screen.wait_until("has a new")
        screen.press("Enter")
        screen.wait_until("not logged in")
        screen.press("l")
        screen.wait_until("User PIN of")
        screen.write(NEW)
        screen.press("Enter")
        screen.wait_until(", logged in")
        assert "private key sign" in screen.text
        screen.press("Escape")
        screen.wait_until("2 slots of")
        screen.press("q")
        assert screen.finish() == 0
    marked.assert_none_left()
    assert witness_of(hsm).accepts("PAYMENTS", NEW)
    assert files_with(NEW, tmp_path) == ()
