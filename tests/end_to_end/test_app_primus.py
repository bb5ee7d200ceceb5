"""A whole working day in the app: edit, save, add secrets, test, lose an HSM, test again, undo, leave."""

from __future__ import annotations

import difflib
from pathlib import Path

from tests.libconfig.c_libconfig import Tree, Witness, compile_witness
from tests.primus_sim.stand import PROXY_PASSWORD, PROXY_USER, Stand
from tests.primus_sim.state import Partition
from tests.rig.app_screen import EXAMPLE
from tests.rig.canary import files_with
from tests.rig.program import PPINUI, environment
from tests.rig.screen import Screen
from tests.rig.secret_user import with_vault


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


def example_for(stand: Stand) -> str:
    """The vendor's example of a cluster with the names and ports of this one; hsm2's host is still the
    vendor's, so that somebody has to put it right."""
    text = EXAMPLE.read_text()
    for placeholder, name in (
        ("PARTITION_NAME1", "PAYMENTS"),
        ("PARTITION_NAME2", "SIGNING"),
        ("SERVICE_USER", PROXY_USER),
        ("a-api.cloudshsm.com", "127.0.0.1"),
    ):
        text = text.replace(placeholder, name)
    for entry in stand.cfg.hsms:
        text = text.replace('port = "2310"', f'port = "{entry.port}"', 1)
    return text


def enter(screen: Screen, prompt: str, secret: str) -> None:
    """Give a secret, which must not be seen."""
    screen.wait_until(prompt)
    screen.write(secret)
    screen.wait_until("••••")
    assert secret not in screen.text
    screen.press("Enter")


def test_a_cluster_is_edited_given_its_secrets_and_tested(primus_cluster: Stand, tmp_path: Path) -> None:
    user = with_vault(primus_cluster, tmp_path / "home")
    primus_cluster.secrets.unlink()
    config = primus_cluster.config
    before = example_for(primus_cluster)
    config.write_text(before)
    partitions = primus_cluster.partitions
    environ = environment({**user.environ, "XDG_STATE_HOME": str(tmp_path / "state")})
    with Screen(PPINUI, environ=environ, folder=user.home, seconds=20) as screen:
        screen.wait_until("Problems: ")
        # another host
        go_to(screen, "hsm2")
        screen.press("Enter")
        screen.wait_until("host (string)")
        screen.press("C-a", "C-k")
        screen.wait_until("host is needed")
        screen.write("127.0.0.1")
        screen.press("Enter")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("Escape")
        # a slot
        screen.wait_until("a Add")
        screen.press("a")
        screen.wait_until("Add what?")
        screen.press("s")
        screen.wait_until("Add a slot to hsm2")
        screen.write("PAYMENTS")
        screen.wait_until("PAYMENTS")
        screen.press("F2")
        screen.wait_until("UNSAVED: 2 edits")
        # the diff, then the file
        screen.press("F2")
        screen.wait_until("Save this change?")
        screen.wait_until('+         host = "127.0.0.1";')
        screen.press("s")
        screen.wait_until("[saved]")
        after = config.read_text()
        # secrets
        screen.press("F4")
        screen.wait_until("Keyring: vault (")
        go_to(screen, "proxy", PROXY_USER)
        screen.press("a")
        enter(screen, "Provide proxy password", PROXY_PASSWORD)
        screen.wait_until("keyring    typed")
        for name in ("PAYMENTS", "SIGNING"):
            screen.press("Home")
            screen.wait_until(lambda text: row_of(text).startswith(">permanent PAYMENTS"))
            go_to(screen, "permanent", name)
            screen.press("a")
            enter(screen, "Provide setup password", partitions[name].setup_password)
            enter(screen, "Provide PKCS11 password", partitions[name].pin)
            screen.wait_until(lambda text: "fetched by ppin" in row_of(text))
        screen.press("Escape")
        screen.wait_until("Problems: ")
        # everything, then everything without hsm1, then what failed, when it is back
        screen.press("F5")
        screen.wait_until("What shall be tested?")
        screen.press("a")
        screen.wait_until("done, 5 of 5, 0 failed")
        primus_cluster.hsms["hsm1"].go_away()
        screen.press("a")
        screen.wait_until("done, 5 of 5, 2 failed")
        screen.wait_until("✗ connect")
        primus_cluster.hsms["hsm1"].come_back()
        screen.press("f")
        screen.wait_until("done, 2 of 2, 0 failed")
        screen.press("Escape")
        # undo, and away
        screen.wait_until("Problems: ")
        screen.press("F7")
        screen.wait_until("UNSAVED")
        screen.press("F10")
        screen.wait_until("has changes that are not saved")
        screen.press("d")
        assert screen.finish() == 0
    assert config.read_text() == after
    assert config.with_name(f"{config.name}.bak").read_text() == before
    assert_exactly_these_changes(before, after, compile_witness(tmp_path))
    for secret in (PROXY_PASSWORD, *(one for name in partitions for one in secrets_of(partitions[name]))):
        assert files_with(secret, tmp_path / "state", user.home, config.parent) == ()


def secrets_of(partition: Partition) -> tuple[str, str]:
    return partition.setup_password, partition.pin


def assert_exactly_these_changes(before: str, after: str, libconfig: Witness) -> None:
    """The lines are those of a new host and a new slot, and the C library reads just these changes."""
    changed = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert changed == [
        '-          host = "b-api.cloudshsm.com";',
        '+          host = "127.0.0.1";',
        "+ ",
        "+             slot2:",
        "+             {",
        '+               client_id  = "Client_ID1";',
        '+               user_name  = "PAYMENTS";',
        f'+               proxy_user = "{PROXY_USER}";',
        "+               id = 3;",
        "+             }; /* end slot2 */",
    ]
    old, new = libconfig.read([before.encode(), after.encode()])
    assert old.accepted
    assert new.accepted
    expected = old.tree()
    _, hsm2 = at(expected, "primus", "hsms", "hsm2")
    hsm2["host"] = ("string", "127.0.0.1")
    hsm2["slots"][1]["slot2"] = (
        "group",
        {
            "client_id": ("string", "Client_ID1"),
            "user_name": ("string", "PAYMENTS"),
            "proxy_user": ("string", PROXY_USER),
            "id": ("int", 3),
        },
    )
    assert new.tree() == expected


def at(tree: Tree, *names: str) -> Tree:
    """What stands below these names."""
    for name in names:
        tree = tree[1][name]
    return tree
