"""``ppinui kms check``, ``show`` and ``export``, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from tests.rig.odd_module import OddModule, Switches, crashes
from tests.rig.patience import patient
from tests.rig.program import CHECKOUT, PPINUI, environment, ppinui
from tests.rig.terminal import Terminal

MakeOdd = Callable[[Switches], OddModule]
PASSPHRASE = "correct horse battery staple"

COMMENTED = """# The KMS of payments
hsm_model = "other"   # the vendor's library
hsm_admin = ["admin"]
hsm_slot = [5, 6]     # payments, signing
hsm_password = ["five-pin", "<NO_LOGIN>"]

[db]
database_type = "sqlite"   # for now
"""


@pytest.fixture
def module(odd: MakeOdd) -> OddModule:
    """A library with three slots: 5 'PAYMENTS', 6 'SIGNING', 7 'SPARE'."""
    return odd(Switches(slots={5: "PAYMENTS", 6: "SIGNING", 7: "SPARE"}))


@pytest.fixture
def environ(module: OddModule, tmp_path: Path) -> dict[str, str]:
    return {
        "OTHER_HSM_PKCS11_LIB": str(module.path),
        "HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": "",
        "COSMIAN_KMS_CONF": "",
    }


@pytest.fixture
def kms(tmp_path: Path) -> Path:
    path = tmp_path / "kms.toml"
    path.write_text(COMMENTED)
    path.chmod(0o600)
    return path


def test_check_lists_problems_with_line_and_remedy(kms: Path, environ: dict[str, str]) -> None:
    kms.write_text(COMMENTED.replace("[5, 6] ", "[5, 8] "))
    ran = ppinui("kms", "check", kms, environ=environ)

    assert ran.code == 1
    assert (
        f"{kms}:4:16: error: the library has no slot 8 [slot-not-there]\n    fix: it has 5 'PAYMENTS'"
        in ran.out
    )
    assert f"{kms}:5:17: note: a PIN stands in clear text here [pin-in-clear-text]" in ran.out
    assert ran.err == f"{kms}: 1 error, 1 note\n"


def test_check_without_asking_the_library(kms: Path, module: OddModule, environ: dict[str, str]) -> None:
    module.behave(Switches(slots={}, faults=(crashes("load"),)))
    ran = ppinui("kms", "check", "--no-slots", "--format", "json", kms, environ=environ)
    data = json.loads(ran.out)

    assert ran.code == 0
    assert [(one["check"], one["line"], one["path"]) for one in data["problems"]] == [
        ("pin-in-clear-text", 5, "hsm_password")
    ]
    assert (data["config"], data["errors"], data["notes"]) == (str(kms), 0, 1)
    assert module.calls == ()


def test_a_library_that_crashes_is_a_note(kms: Path, module: OddModule, environ: dict[str, str]) -> None:
    module.behave(Switches(slots={5: "A"}, faults=(crashes("C_Initialize"),)))
    ran = ppinui("kms", "check", kms, environ=environ)
    assert ran.code == 0
    assert "note: whether the slots are there could not be asked" in ran.out


def test_a_file_is_named_behind_the_command_by_c_or_by_the_kms_s_variable(
    kms: Path, environ: dict[str, str]
) -> None:
    shown = ppinui("kms", "show", kms, environ=environ).out
    assert "slot 5 (0x5): PIN ••••\n    slot 6 (0x6): no login\n" in shown
    assert ppinui("-c", kms, "kms", "show", environ=environ).out == shown
    assert ppinui("kms", "show", environ={**environ, "COSMIAN_KMS_CONF": str(kms)}).out == shown


def test_show_as_data_has_no_pin(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui("kms", "show", kms, "--format", "json", environ=environ)
    assert json.loads(ran.out)["hsms"] == [
        {
            "name": "hsm0",
            "path": None,
            "line": 2,
            "model": "other",
            "admins": ["admin"],
            "slots": [{"id": 5, "login": "pin", "line": 4}, {"id": 6, "login": "none", "line": 4}],
        }
    ]


def test_messages_name_commands_with_the_file(kms: Path, environ: dict[str, str]) -> None:
    kms.write_text(COMMENTED.replace("[5, 6] ", "5 "))
    ran = ppinui("kms", "export", kms, "--slot", "5", environ=environ)
    assert ran.code == 2
    assert f"-c {kms} kms check" in ran.error[2]


def test_a_dry_run_shows_the_change_and_saves_nothing(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui("kms", "export", kms, "--slot", "0x7", "--slot", "5", "--dry-run", environ=environ)

    assert ran.code == 0
    assert "-hsm_slot = [5, 6]     # payments, signing\n" in ran.out
    assert "+hsm_slot = [5, 7]     # payments, signing\n" in ran.out
    assert "five-pin" not in ran.out
    assert kms.read_text() == COMMENTED


def test_an_export_changes_what_was_named_and_keeps_the_file_before(
    kms: Path, environ: dict[str, str]
) -> None:
    ran = ppinui("kms", "export", kms, "--slot", "5", "--slot", "7", environ=environ)

    assert ran.code == 0
    assert kms.read_text() == COMMENTED.replace("[5, 6]", "[5, 7]")
    assert kms.with_name("kms.toml.bak").read_text() == COMMENTED
    assert kms.stat().st_mode & 0o777 == 0o600
    assert "slot 7: <NO_LOGIN>" in ran.err


def test_the_same_export_again_changes_nothing(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui("kms", "export", kms, "--slot", "5", "--slot", "6", environ=environ)
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing to change, nothing saved\n")
    assert not kms.with_name("kms.toml.bak").exists()


def test_a_new_file_is_the_owner_s_alone(tmp_path: Path, environ: dict[str, str]) -> None:
    path = tmp_path / "new.toml"
    ran = ppinui("kms", "export", path, "--slot", "5", "--admin", "alice", environ=environ)

    assert ran.code == 0, ran.err
    assert path.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(path.read_text()) == {
        "hsm_model": "other",
        "hsm_admin": ["alice"],
        "hsm_slot": [5],
        "hsm_password": ["<NO_LOGIN>"],
    }


def test_pins_go_into_the_file_on_request_alone(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui(
        "kms",
        "export",
        kms,
        "--slot",
        "5",
        "--slot",
        "6",
        "--pins-in-file",
        stdin="six-pin\n",
        environ=environ,
    )

    assert ran.code == 0, ran.err
    assert kms.read_text() == COMMENTED.replace('"<NO_LOGIN>"', '"six-pin"')
    assert "six-pin" not in ran.out + ran.err


def test_a_pin_that_is_replaced_is_said_to_be_in_the_backup(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui("kms", "export", kms, "--slot", "6", environ=environ)
    assert f"shred -u {kms}.bak" in ran.err


def test_pins_do_not_go_into_a_file_that_everybody_can_read(kms: Path, environ: dict[str, str]) -> None:
    kms.chmod(0o644)
    ran = ppinui("kms", "export", kms, "--slot", "5", "--slot", "7", environ=environ)
    assert ran.code == 2
    assert "everybody can read or change it" in ran.err
    assert kms.read_text() == COMMENTED


def test_pins_come_from_the_keyring_by_the_token_s_label(
    kms: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "vault"
    vault.create(place, Secret(PASSPHRASE), make_folder=False, cost=KdfCost(64, 1, 1))
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "ppinui-vault").write_text(PASSPHRASE)
    environ |= {
        "PPINUI_VAULT": str(place),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "PPINUI_KEYRING": "vault",
    }
    backend = "ppinui.secrets.vault_keyring.VaultKeyring"
    subprocess.run(
        [sys.executable, "-m", "keyring", "-b", backend, "set", "ppinui", "pin:SIGNING"],
        input=b"kept-pin\n",
        env=environment(environ),
        check=True,
        timeout=patient(60),
    )

    ran = ppinui("kms", "export", kms, "--slot", "6", "--pins-in-file", environ=environ)

    assert ran.code == 0, ran.err
    assert tomllib.loads(kms.read_text())["hsm_password"] == ["kept-pin"]
    assert "slot 6 'SIGNING': PIN from the keyring" in ran.err


def test_a_pin_is_asked_for_twice_on_a_terminal(kms: Path, environ: dict[str, str]) -> None:
    command = [*PPINUI, "kms", "export", str(kms), "--slot", "7", "--pins-in-file"]
    with Terminal(
        command, environ={**environ, "PYTHONPATH": str(CHECKOUT)}, columns=120, seconds=30
    ) as shell:
        shell.answer_secret("PIN of slot 7 'SPARE': ", "seven-pin")
        shell.answer_secret("Once more: ", "seven-pin")
        ended = shell.finish()
    assert ended.status == 0
    assert "seven-pin" not in ended.shown
    assert tomllib.loads(kms.read_text())["hsm_password"] == ["seven-pin"]


def test_a_slot_that_the_library_lacks_is_not_written(kms: Path, environ: dict[str, str]) -> None:
    ran = ppinui("kms", "export", kms, "--slot", "9", environ=environ)
    assert ran.code == 2
    assert ran.error[0] == "ppinui: the library has no slot 9"
    assert kms.read_text() == COMMENTED


def test_without_the_library_slots_are_taken_as_they_are(kms: Path, tmp_path: Path) -> None:
    environ = {"OTHER_HSM_PKCS11_LIB": str(tmp_path / "gone.so"), "HOME": str(tmp_path)}
    ran = ppinui("kms", "export", kms, "--slot", "5", "--slot", "9", environ=environ)
    assert ran.code == 0
    assert "whether the slots are there was not asked" in ran.err
    assert "hsm_slot = [5, 9]" in kms.read_text()


def test_flags_and_variables_are_printed_without_pins(kms: Path, environ: dict[str, str]) -> None:
    flags = ppinui("kms", "export", kms, "--slot", "5", "--as", "flags", environ=environ)
    assert flags.out == "--hsm-model other \\\n--hsm-admin admin \\\n--hsm-slot 5\n"
    assert "KMS_HSM_PASSWORD" in flags.err
    variables = ppinui("kms", "export", kms, "--slot", "5", "--as", "env", environ=environ)
    assert variables.out == "KMS_HSM_ADMIN=admin\nKMS_HSM_SLOT=5\n"
    assert "--hsm-model other" in variables.err
    several = ppinui("kms", "export", kms, "--slot", "5", "--slot", "6", "--as", "env", environ=environ)
    assert several.code == 2
    assert kms.read_text() == COMMENTED


def test_a_save_that_is_refused_names_the_command_that_would_work(kms: Path, environ: dict[str, str]) -> None:
    folder = kms.with_name("kms.toml.bak")
    folder.mkdir()
    ran = ppinui("kms", "export", kms, "--slot", "5", environ=environ)
    assert ran.code == 2
    assert f"mv -T {folder}" in ran.err
    assert "kms export --slot 5" in ran.err
