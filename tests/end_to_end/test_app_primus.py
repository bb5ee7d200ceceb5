"""A whole working day in the app: edit, save, add secrets, test, lose an HSM, test again, undo, leave."""

from __future__ import annotations

import difflib
from pathlib import Path

from tests.end_to_end.program import PPINUI, environment
from tests.end_to_end.secret_user import with_vault
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.rig.canary import files_with
from tests.rig.screen import Screen


def row_of(text: str) -> str:
    """The row of the cursor in the list above the problems; "" while it is being drawn."""
    lines = text.partition("Problems:")[0].split("\n")
    return next((line.partition("│")[0] for line in lines if line.startswith(">")), "")


def go_to(screen: Screen, *words: str) -> None:
    """Press down until the row of the cursor has these words."""
    for _ in range(40):
        row = row_of(screen.wait_until(lambda text: bool(row_of(text))))
        if all(word in row for word in words):
            return
        screen.press("Down")
        screen.wait_until(lambda text, row=row: row_of(text) not in ("", row))
    raise AssertionError(f"no row with {words}:\n{screen.text}")


def test_a_cluster_is_edited_given_its_secrets_and_tested(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.secrets.unlink()
    before = primus_cluster.config.read_text()
    partition = primus_cluster.partitions["PAYMENTS"]
    environ = environment({**user.environ, "XDG_STATE_HOME": str(tmp_path / "state")})
    with Screen(PPINUI, environ=environ, folder=user.home, seconds=12) as screen:
        screen.wait_until("Problems: ")
        # another host, and a slot
        go_to(screen, "hsm2")
        screen.press("Enter")
        screen.wait_until("host (string)")
        screen.press("C-a", "C-k")
        screen.wait_until("host is needed")
        screen.write("localhost")
        screen.press("Enter")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("Escape")
        screen.wait_until("a Add")
        screen.press("a")
        screen.wait_until("Add what?")
        screen.press("s")
        screen.wait_until("Add a slot to hsm2")
        screen.write("LEDGER")
        screen.wait_until("LEDGER")
        screen.press("F2")
        screen.wait_until("UNSAVED: 2 edits")
        screen.press("F2")
        screen.wait_until("Save this change?")
        screen.press("s")
        screen.wait_until("[saved]")
        changed = [
            line
            for line in difflib.ndiff(before.splitlines(), primus_cluster.config.read_text().splitlines())
            if line[0] in "+-"
        ]
        assert any("localhost" in line for line in changed)
        assert any("LEDGER" in line for line in changed)
        assert sum(line[0] == "-" for line in changed) == 1
        # undone, since the stand-in knows no such partition
        screen.press("F7")
        screen.wait_until("UNSAVED")
        # secrets
        screen.press("F4")
        screen.wait_until("Keyring: vault (")
        go_to(screen, "proxy", PROXY_USER)
        screen.press("a")
        screen.wait_until("Provide proxy password")
        screen.write(PROXY_PASSWORD)
        screen.press("Enter")
        screen.wait_until("keyring    typed")
        screen.press("Home")
        screen.wait_until(lambda text: row_of(text).startswith(">permanent PAYMENTS"))
        screen.press("a")
        screen.wait_until("Provide setup password")
        screen.write(partition.setup_password)
        screen.press("Enter")
        screen.wait_until("Provide PKCS11 password")
        screen.write(partition.pin)
        screen.press("Enter")
        screen.wait_until("fetched by ppin")
        # tests
        screen.press("t")
        screen.wait_until("The next test")
        screen.wait_until("done, 2 of 2, 0 failed")
        primus_cluster.hsms["hsm1"].go_away()
        screen.press("a")
        screen.wait_until("done, 4 of 4")
        screen.wait_until("✗ connect")
        screen.press("f")
        screen.wait_until("what failed last time")
        screen.wait_until("done, 3 of 3, 3 failed")
        # and away
        screen.press("Escape")
        screen.wait_until("Keyring: vault (")
        screen.press("Escape")
        screen.wait_until("Problems: ")
        screen.press("F10")
        screen.wait_until("has changes that are not saved")
        screen.press("d")
        assert screen.finish() == 0
    for secret in (PROXY_PASSWORD, partition.setup_password, partition.pin):
        assert files_with(secret, tmp_path / "state", user.home) == ()
