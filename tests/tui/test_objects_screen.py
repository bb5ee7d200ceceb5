"""The objects screen on real tokens: what is seen, found, exported, and where the PIN comes from."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.secret import Secret
from tests.rig.canary import disguises, files_with
from tests.rig.odd_module import OddModule, Switches
from tests.rig.patience import patient
from tests.rig.softhsm import USER_PIN, SoftHsm, Token, make_softhsm
from tests.rig.softhsm_fill import fill
from tests.tokens.made_certificates import certificate
from tests.tokens.module_rig import witness_of
from tests.tui.conftest import Driver, RunOn
from tests.tui.secrets_screen import kept, write_instead
from tests.tui.tokens_screen import give, give_twice, go_to_slot, open_objects

MakeTokens = Callable[..., SoftHsm]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CANARY = "CANARY-4711"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """A token with two key pairs, and three certificates that end 400 days from NOW, in 20, and before."""
    folder = tmp_path_factory.mktemp("filled")
    hsm = make_softhsm(folder / "hsm", ["PAYMENTS"])
    witness = witness_of(hsm)
    for number, key_type in enumerate(("EC:prime256v1", "rsa:2048")):
        pair = ("--keypairgen", "--key-type", key_type, "--label", f"key{number}", "--id", f"0{number}")
        witness.do("PAYMENTS", USER_PIN, *pair)
    for label, days, since in (("fine", 400, 0), ("soon", 20, 0), ("old", 5, -30)):
        file = folder / f"{label}.der"
        file.write_bytes(certificate(days, name=f"{label}.example.com", since=NOW + timedelta(days=since)))
        written = ("-w", str(file), "-y", "cert", "--label", label, "--id", "0f")
        witness.do("PAYMENTS", USER_PIN, *written)
    return hsm


@pytest.fixture
def with_vault(run_with: RunOn, vault_file: Path, tmp_path: Path) -> RunOn:
    """As `run_with`, with the vault as the keyring."""
    environ = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "PPINUI_VAULT": str(vault_file)}

    def go(hsm: SoftHsm | OddModule, steps: Callable[..., object], **changes: object) -> None:
        choice = KeyringChoice("vault", "the test")
        run_with(hsm, steps, keyring=choice, keyring_environ=environ, **changes)  # type: ignore[arg-type]

    return go


def row_of(app: Driver, words: str) -> str:
    return next(row for row in app.rows("#objects-table") if words in row)


async def go_to_object(app: Driver, words: str) -> None:
    at = next(index for index, row in enumerate(app.rows("#objects-table")) if words in row)
    await app.press("home", *["down"] * at)


def test_private_objects_come_with_a_login(run_with: RunOn, filled: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        assert not [row for row in app.rows("#objects-table") if row.startswith("private key")]
        await app.press("l")
        await give(app, "User PIN of", USER_PIN)
        await app.until(", logged in")
        private = [row for row in app.rows("#objects-table") if row.startswith("private key")]
        assert len(private) == 2
        await go_to_object(app, "private key key0")
        text = await app.until("private key 'key0', id 00")
        assert "EC P-256; may sign" in text
        assert "never left the token, and cannot" in text

    run_with(filled, steps)


def test_certificates_that_end_are_marked(run_with: RunOn, filled: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        assert "! ends in 20 days" in row_of(app, " soon ")
        assert "! EXPIRED" in row_of(app, " old ")
        assert "!" not in row_of(app, " fine ")
        await go_to_object(app, " soon ")
        text = await app.until("subject CN=soon.example.com")
        assert "valid 2026-01-01 to 2026-01-21; EXPIRES SOON: in 20 days" in text

    run_with(filled, steps, now=lambda: NOW)


def test_a_search_narrows_the_list_while_it_is_typed(run_with: RunOn, filled: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        everything = len(app.rows("#objects-table"))
        await app.press("slash")
        await app.write("SOON.example")
        await app.until(f"1 of {everything} objects")
        await app.press("enter")
        await app.until("subject CN=soon.example.com")
        await app.press("slash", "escape")
        await app.until(lambda: len(app.rows("#objects-table")) == everything)

    run_with(filled, steps)


def test_what_is_exported_is_what_another_program_exports(
    run_with: RunOn, filled: SoftHsm, tmp_path: Path
) -> None:
    key, www, taken = tmp_path / "key.pem", tmp_path / "www.pem", tmp_path / "taken.pem"
    taken.write_text("mine")

    async def export(app: Driver, words: str, file: Path) -> None:
        await go_to_object(app, words)
        await app.press("e")
        await app.until("to a new file")
        await write_instead(app, str(file))

    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        await export(app, "public key  key0", key)
        await app.until(key.exists)
        await export(app, " soon ", www)
        await app.until(www.exists)
        await export(app, " soon ", taken)
        await app.until("there is a file of this name already")

    run_with(filled, steps, now=lambda: NOW)
    assert taken.read_text() == "mine"
    assert "CN=soon.example.com" in x509.load_pem_x509_certificate(www.read_bytes()).subject.rfc4514_string()
    der = tmp_path / "key.der"
    witness_of(filled).do("PAYMENTS", USER_PIN, "-r", "-y", "pubkey", "--id", "00", "-o", str(der))
    theirs = subprocess.run(
        ["openssl", "pkey", "-pubin", "-inform", "DER", "-in", der], capture_output=True, check=True
    )
    assert key.read_bytes() == theirs.stdout


def test_a_private_key_is_not_exported(run_with: RunOn, filled: SoftHsm) -> None:
    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        await app.press("l")
        await give(app, "User PIN of", USER_PIN)
        await app.until(", logged in")
        await go_to_object(app, "private key key0")
        await app.press("e")
        await app.until("only public keys and certificates can")

    run_with(filled, steps)


@pytest.mark.parametrize("place", ["s", "t"])
def test_a_test_key_leaves_nothing_behind(run_with: RunOn, make_tokens: MakeTokens, place: str) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        await app.press("g")
        await app.until("Make a key pair")
        await app.press(place)
        await give(app, "User PIN of", USER_PIN)
        await app.until("Made a key pair")

    run_with(hsm, steps)
    assert witness_of(hsm).objects("PAYMENTS", USER_PIN).strip() == ""


def test_three_hundred_objects_are_fluid(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS")
    fill(hsm, "PAYMENTS", 300)

    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        await app.press("l")
        await give(app, "User PIN of", USER_PIN)
        await app.until("300 objects, logged in")
        begun = time.monotonic()
        await app.press("end", *["up"] * 50, "slash")
        await app.write("key-29")
        await app.until("11 of 300 objects")
        assert time.monotonic() - begun < patient(10)  # about 60 keys

    run_with(hsm, steps)


# -- PINs --------------------------------------------------------------------------------------------------


def test_a_pin_is_kept_and_used_unasked(
    with_vault: RunOn, make_tokens: MakeTokens, vault_file: Path, tmp_path: Path
) -> None:
    hsm = make_tokens(Token("PAYMENTS", pin=CANARY))

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("k")
        await app.until("User PIN of")
        await app.write(CANARY)
        shown = app.app.export_screenshot().encode()
        assert not any(form in shown for form in disguises(CANARY))
        await app.press("enter")
        await give(app, "Passphrase of the vault", "open")
        await app.until("Kept the user PIN")
        await app.press("enter")
        await app.until("not logged in")
        await app.press("l")
        await app.until(", logged in")

    with_vault(hsm, steps)
    assert CANARY in (kept(vault_file, "pin:PAYMENTS") or "")
    assert files_with(CANARY, tmp_path) == ()


def test_a_kept_pin_that_is_rejected_is_not_offered_again(
    with_vault: RunOn, odd: Callable[[Switches], OddModule]
) -> None:
    module = odd(Switches(slots={1: "PAYMENTS"}, pins={"*": "right"}))

    async def steps(app: Driver) -> None:
        await app.press("k")
        await give(app, "User PIN of", "wrong")
        await give(app, "Passphrase of the vault", "open")
        await app.until("Kept the user PIN")
        await app.press("enter")
        await app.until("not logged in")
        await app.press("l")
        await app.until("CKR_PIN_INCORRECT")
        await app.press("o", "l")
        await app.until("was rejected by slot 1 'PAYMENTS'")

    with_vault(module, steps)
    assert len(module.attempts) == 1


def test_a_changed_pin_is_kept_when_the_user_wants_that(
    with_vault: RunOn, make_tokens: MakeTokens, vault_file: Path
) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await go_to_slot(app, "PAYMENTS")
        await app.press("p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", USER_PIN)
        await give_twice(app, "New user PIN", CANARY)
        await app.until("(k) Keep it")
        await app.press("k")
        await give(app, "Passphrase of the vault", "open")
        await app.until("Kept the user PIN")

    with_vault(hsm, steps)
    assert CANARY in (kept(vault_file, "pin:PAYMENTS") or "")


def test_the_demos_pins_are_known_until_they_are_changed(run_with: RunOn, make_tokens: MakeTokens) -> None:
    hsm = make_tokens("PAYMENTS")

    async def steps(app: Driver) -> None:
        await open_objects(app, "PAYMENTS")
        await app.press("l")
        await app.until(", logged in")
        await app.press("escape", "p")
        await app.until("Which PIN")
        await app.press("u")
        await give(app, "Present user PIN", USER_PIN)
        await give_twice(app, "New user PIN", CANARY)
        await app.until("has a new")
        await open_objects(app, "PAYMENTS")
        await app.press("l")
        await give(app, "User PIN of", CANARY)
        await app.until(", logged in")

    run_with(hsm, steps, pin=lambda _: Secret(USER_PIN))
