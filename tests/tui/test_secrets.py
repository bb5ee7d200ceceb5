"""The secrets screen, through to a real vault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ppinui.secrets.keyring_client import KeyringChoice
from tests.rig.canary import files_with
from tests.rig.listeners import Listener, accepting
from tests.rig.odd_module import OddModule, Switches
from tests.tui.conftest import PROXIED, TEXT, Driver, Run
from tests.tui.secrets_screen import go_to, kept, unlock


def test_every_partition_and_service_user_is_there_with_its_state(run_with_vault: Run) -> None:
    async def steps(app: Driver) -> None:
        await unlock(app)
        rows = [row.split()[:3] for row in app.rows("#secrets-table")]
        assert rows == [
            ["permanent", "PAYMENTS", "missing"],
            ["permanent", "SIGNING", "missing"],
            ["proxy", "SERVICE", "missing"],
            ["PIN", "PAYMENTS", "not"],
            ["PIN", "SIGNING", "not"],
        ]
        await app.press("escape")
        assert "none" in next(row for row in app.rows("#tree") if "SIGNING" in row)

    run_with_vault(steps)


def test_a_locked_vault_is_said_to_be_locked_and_nobody_is_asked(run_with_vault: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0.slots.slot1")
        await app.until("permanent  locked")
        assert "lock " in next(row for row in app.rows("#tree") if "SIGNING" in row)
        assert "Passphrase" not in app.text

    run_with_vault(steps)


def test_a_wrong_passphrase_can_be_typed_again(run_with_vault: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f4")
        await app.until("Passphrase of the vault")
        await app.write("wrong")
        await app.press("enter")
        await app.until(lambda: "•" not in app.text and "Passphrase of the vault" in app.text)
        await app.write("open")
        await app.press("enter")
        await app.until("Keyring: vault (")

    run_with_vault(steps)


def test_without_a_passphrase_the_screen_says_so_and_stays(run_with_vault: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.press("f4")
        await app.until("Passphrase of the vault")
        await app.press("escape")
        await app.until("nothing was entered")
        await app.press("o")
        await app.until("No keyring:")

    run_with_vault(steps)


def test_a_proxy_password_goes_to_the_vault_and_nowhere_else(
    run_with_vault: Run, vault_file: Path, tmp_path: Path
) -> None:
    async def steps(app: Driver) -> None:
        await unlock(app)
        await go_to(app, "proxy", "SERVICE")
        await app.press("a")
        await app.until("Provide proxy password for 'SERVICE'")
        await app.write("CANARY-1")
        assert "CANARY" not in app.text
        await app.press("enter")
        await app.until("Kept the password of SERVICE")
        assert "CANARY" not in app.text
        await app.until(lambda: "keyring" in app.rows("#secrets-table")[2])

    run_with_vault(steps)
    assert "CANARY-1" in (kept(vault_file, "proxy:SERVICE") or "")
    assert files_with("CANARY-1", tmp_path) == ()


def test_a_pin_is_kept_used_for_a_test_and_forgotten(
    run_with_vault: Run,
    config: Path,
    vault_file: Path,
    odd: Callable[[Switches], OddModule],
    listening: Callable[[Listener], Listener],
) -> None:
    hsm = listening(accepting())
    config.write_text(PROXIED.replace("10.1.2.4", "127.0.0.1").replace("2410", str(hsm.port)))
    module = odd(Switches(slots={1: "PAYMENTS"}, pins={"*": "CANARY-2"}))

    async def steps(app: Driver) -> None:
        await unlock(app)
        await go_to(app, "PIN", "PAYMENTS")
        await app.press("a")
        await app.until("Provide PKCS11 password")
        await app.write("CANARY-2")
        await app.press("enter")
        await app.until("Kept the PIN of PAYMENTS")
        assert kept(vault_file, "pin:PAYMENTS") is not None
        await app.press("escape")
        await app.select("primus.hsms.hsm1")
        await app.press("f5", "l", "h")
        await app.until("done, 1 of 1, 0 failed")
        await app.press("escape", "f4")
        await app.until(lambda: len(app.rows("#secrets-table")) == 5)
        await go_to(app, "PIN", "PAYMENTS")
        await app.press("x")
        await app.until("Forget the PIN of PAYMENTS?")
        await app.press("f")
        await app.until("Forgot the PIN of")

    run_with_vault(steps, module=lambda: module.path)
    assert kept(vault_file, "pin:PAYMENTS") is None


def test_a_kept_pin_that_is_wrong_is_marked_and_not_offered_again(
    run_with_vault: Run,
    config: Path,
    odd: Callable[[Switches], OddModule],
    listening: Callable[[Listener], Listener],
) -> None:
    hsm = listening(accepting())
    config.write_text(TEXT.replace("10.1.2.4", "127.0.0.1").replace("2410", str(hsm.port)))
    module = odd(Switches(slots={1: "PAYMENTS"}, pins={"*": "right"}))

    async def steps(app: Driver) -> None:
        await unlock(app)
        await go_to(app, "PIN", "PAYMENTS")
        await app.press("a")
        await app.until("Provide PKCS11 password")
        await app.write("wrong")
        await app.press("enter")
        await app.until("Kept the PIN of PAYMENTS")
        await app.press("escape")
        await app.select("primus.hsms.hsm1")
        await app.press("f5", "l", "h")
        await app.until("done, 1 of 1, 1 failed")
        await app.press("escape", "f4")
        await app.until("rejected")

    run_with_vault(steps, module=lambda: module.path)


def test_a_clear_text_proxy_password_is_adopted(run_with_vault: Run, config: Path, vault_file: Path) -> None:
    password = 'proxy_user = "SERVICE";\n          proxy_password = "CANARY-3";'
    config.write_text(PROXIED.replace('proxy_user = "SERVICE";', password))

    async def steps(app: Driver) -> None:
        await app.until("proxy_password holds the password of the service proxy")
        await unlock(app)
        await app.press("c")
        await app.until("Kept 1 proxy password")
        assert "CANARY-3" not in app.session.document.text
        assert app.session.unsaved

    run_with_vault(steps)
    assert "CANARY-3" in (kept(vault_file, "proxy:SERVICE") or "")


def test_a_vault_is_made_where_there_is_none(run: Run, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}

    async def steps(app: Driver) -> None:
        await app.press("f4")
        await app.until("(o) OK")
        await app.press("o")
        await app.press("k")
        await app.until("Which keyring?")
        await app.press("n")
        await app.until("New passphrase of the vault")
        await app.write("open sesame")
        await app.press("enter")
        await app.until("The same again")
        await app.write("open sesame")
        await app.press("enter")
        await app.until("Passphrase of the vault")
        await app.write("open sesame")
        await app.press("enter")
        await app.until("Keyring: vault (")

    run(steps, keyring=KeyringChoice(None, "the test"), keyring_environ=environ)
    assert (tmp_path / "home/.local/share/ppinui/vault").exists()
