"""``ppinui slots``, ``token``, ``pin`` and ``objects`` as a user has them, on SoftHSM2 and the odd module."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.vault_format import KdfCost
from tests.primus_sim.stand import PINS, Stand
from tests.rig.odd_module import OddModule, Switches, answers, delays, hangs
from tests.rig.patience import patient
from tests.rig.program import CHECKOUT, PPINUI, Ran, ppinui
from tests.rig.softhsm import SO_PIN, USER_PIN, SoftHsm, Token
from tests.rig.terminal import Terminal
from tests.rig.witness import Witness

MakeTokens = Callable[..., SoftHsm]
NEW_PIN = "a-new-user-pin"
Run = Callable[..., Ran]


@pytest.fixture
def hsm(make_tokens: MakeTokens) -> SoftHsm:
    return make_tokens("PAYMENTS", "SIGNING")


@pytest.fixture
def witness(hsm: SoftHsm) -> Witness:
    return Witness(hsm.module, hsm.environ)


@pytest.fixture
def environ(hsm: SoftHsm, tmp_path: Path) -> dict[str, str]:
    """The module is found, and so is a vault that opens by itself."""
    (tmp_path / "credentials").mkdir(mode=0o700)
    (tmp_path / "credentials" / "ppinui-vault").write_text("passphrase")
    vault.create(tmp_path / "vault", Secret("passphrase"), make_folder=False, cost=KdfCost(64, 1, 1))
    return {
        **hsm.environ,
        "PPINUI_MODULE": str(hsm.module),
        "PPINUI_KEYRING": "vault",
        "PPINUI_VAULT": str(tmp_path / "vault"),
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
    }


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """`run("pin", "change", "PAYMENTS", stdin="…")`."""

    def go(*arguments: str | Path, stdin: str = "") -> Ran:
        return ppinui(*arguments, stdin=stdin, environ=environ)

    return go


def on_terminal(environ: dict[str, str], *arguments: str) -> Terminal:
    changes = {**environ, "PYTHONPATH": str(CHECKOUT)}
    return Terminal([*PPINUI, *arguments], environ=changes, columns=120, seconds=30)


def fits(ran: Ran) -> bool:
    return all(len(line) <= 80 for line in ran.out.splitlines())


# -- slots -------------------------------------------------------------------------------------------------


def test_slots_are_listed_for_people_and_for_programs(run: Run, hsm: SoftHsm) -> None:
    text, data = run("slots"), run("slots", "--format", "json")

    assert (text.code, text.err, data.code) == (0, "", 0)
    assert fits(text)
    listed = json.loads(data.out)
    for token, slot in zip(
        hsm.tokens, sorted(listed["slots"], key=lambda slot: slot["token"]["label"])[1:], strict=True
    ):
        assert f"slot {token.slot_id} (0x{token.slot_id:x}): {token.label}\n" in text.out
        assert (slot["id"], slot["hex"]) == (token.slot_id, f"0x{token.slot_id:x}")
        assert slot["token"]["serial"] == token.serial
        assert slot["token"]["flags"] == ["initialised", "user PIN set", "login required"]
        assert slot["error"] is None
    assert list(listed) == ["module", "library", "slots"]
    assert list(listed["slots"][0]) == ["id", "hex", "description", "manufacturer", "token", "error"]
    assert list(listed["slots"][0]["token"]) == [
        "label",
        "manufacturer",
        "model",
        "serial",
        "hardware_version",
        "firmware_version",
        "flags",
        "min_pin",
        "max_pin",
        "public_memory",
        "free_public_memory",
        "private_memory",
        "free_private_memory",
    ]


def test_a_slot_with_an_error_is_a_row_and_the_exit_code_says_so(
    odd: Callable[[Switches], OddModule],
) -> None:
    module = odd(Switches(slots={1: "ONE", 2: "TWO"}, faults=(answers("C_GetSlotInfo", 0x80005015, at=2),)))

    text = ppinui("slots", "--module", module.path)
    data = ppinui("slots", "--module", module.path, "--format", "json")

    assert text.code == data.code == 1
    assert "slot 2 (0x2): ERROR" in text.out
    assert "(0x80005015)" in text.out
    assert fits(text)
    error = json.loads(data.out)["slots"][1]["error"]
    assert list(error) == ["code", "name", "meaning", "remedy", "function"]
    assert (error["code"], error["function"]) == ("0x80005015", "C_GetSlotInfo")


def test_names_that_steer_a_terminal_are_shown_as_what_they_are(odd: Callable[[Switches], OddModule]) -> None:
    module = odd(Switches(slots={1: "\x1b[2Jevil [red]"}))

    ran = ppinui("slots", "--module", module.path)

    assert "\x1b" not in ran.out
    assert "\\x1b[2Jevil [red]" in ran.out


def test_a_module_that_hangs_is_given_up(odd: Callable[[Switches], OddModule]) -> None:
    module = odd(Switches(slots={1: "ONE"}, faults=(hangs("C_GetSlotList", hard=True),)))

    ran = ppinui("slots", "--module", module.path, "--timeout", "0.3")

    assert ran.code == 1
    assert "MODULE_HUNG" in ran.error[0]
    assert len(ran.error) == 3


def test_slots_of_a_primus_are_asked_for_on_the_users_word_only(primus_standalone: Stand) -> None:
    def go(*more: str) -> Ran:
        environ = {**primus_standalone.environ, "PPINUI_MODULE": str(primus_standalone.module)}
        return ppinui("slots", *more, environ=environ)

    refused = go()

    assert refused.code == 2
    assert "it connects to the HSMs with your secrets" in refused.err
    assert "--connect" in refused.err
    assert all(hsm.connections() == 0 for hsm in primus_standalone.hsms.values())
    allowed = go("--connect")
    assert allowed.code == 0, allowed.err
    assert "ARCHIVE" in allowed.out
    assert primus_standalone.wrong_attempts == []


@pytest.mark.parametrize(
    "command",
    [
        ("token", "init", "ARCHIVE", "--label", "ANEW", "--yes-erase", "ARCHIVE"),
        ("pin", "init", "ARCHIVE"),
        ("pin", "check", "ARCHIVE", "--spend-one-try"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_what_is_done_on_a_primus_itself_is_never_done_from_here(
    command: tuple[str, ...], primus_standalone: Stand
) -> None:
    environ = {**primus_standalone.environ, "PPINUI_MODULE": str(primus_standalone.module)}

    ran = ppinui(*command, stdin="12345678\n" * 3, environ=environ)

    assert ran.code == 2
    assert "on the HSM" in ran.error[0]
    assert "--connect" not in ran.err
    assert all(hsm.connections() == 0 for hsm in primus_standalone.hsms.values())


def test_keys_on_a_primus_are_listed_with_the_pin_of_its_partition(primus_standalone: Stand) -> None:
    environ = {**primus_standalone.environ, "PPINUI_MODULE": str(primus_standalone.module)}
    login = ("--connect", "--login", "--pin-fd", "0")

    ran = ppinui("objects", "ARCHIVE", *login, stdin=f"{PINS['ARCHIVE']}\n", environ=environ)

    assert ran.code == 0, ran.err
    assert "private key 'ec-key', id 01\n    EC P-256" in ran.out


# -- token init --------------------------------------------------------------------------------------------


def test_a_fresh_token_is_initialised_on_a_terminal(
    environ: dict[str, str], hsm: SoftHsm, witness: Witness
) -> None:
    free = json.loads(ppinui("slots", "--format", "json", environ=environ).out)["slots"][-1]["id"]

    with on_terminal(environ, "token", "init", str(free), "--label", "FRESH") as terminal:
        terminal.answer_secret(f"New SO PIN of slot {free}: ", SO_PIN)
        terminal.answer_secret("Once more: ", SO_PIN)
        terminal.answer_secret(f"New user PIN of slot {free}: ", NEW_PIN)
        terminal.answer_secret("Once more: ", NEW_PIN)
        ended = terminal.finish()

    assert ended.status == 0, ended.shown
    made = witness.tokens()["FRESH"]
    assert f"moved the token from slot {free} to slot {made.slot_id}" in ended.shown
    assert f"slot {made.slot_id} (0x{made.slot_id:x}): FRESH" in ended.shown
    assert witness.accepts("FRESH", NEW_PIN)


def test_two_entries_that_differ_change_nothing(environ: dict[str, str], witness: Witness) -> None:
    with on_terminal(environ, "pin", "change", "PAYMENTS") as terminal:
        terminal.answer_secret("Present user PIN of ", USER_PIN)
        terminal.answer_secret("New user PIN of ", NEW_PIN)
        terminal.answer_secret("Once more: ", NEW_PIN + "x")
        ended = terminal.finish()

    assert ended.status == 3
    assert "the two entries for the new user PIN of slot" in ended.shown
    assert witness.accepts("PAYMENTS", USER_PIN)


def test_erasing_a_token_names_what_is_lost_and_wants_its_label(
    environ: dict[str, str], hsm: SoftHsm, witness: Witness
) -> None:
    witness.do("PAYMENTS", USER_PIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "lost")
    for typed, status in (("SIGNING", 2), ("PAYMENTS", 0)):
        with on_terminal(environ, "token", "init", "PAYMENTS", "--label", "ANEW") as terminal:
            shown = terminal.expect("Type its label, PAYMENTS, to go on: ")
            terminal.press(typed + "\r")
            if status == 0:
                terminal.answer_secret("Present SO PIN of ", SO_PIN)
                terminal.answer_secret("New user PIN of ", NEW_PIN)
                terminal.answer_secret("Once more: ", NEW_PIN)
            ended = terminal.finish()
        assert ended.status == status, ended.shown
        assert hsm.token("PAYMENTS").serial in shown
        assert "1 object can be seen without a login" in re.sub(r"\s+", " ", shown)
        assert set(witness.tokens()) == {"ANEW" if status == 0 else "PAYMENTS", "SIGNING"}
    assert witness.accepts("ANEW", NEW_PIN)


def test_a_script_names_the_token_that_may_be_erased(run: Run, witness: Witness) -> None:
    pins = f"{SO_PIN}\n{NEW_PIN}\n"
    init = ("token", "init", "PAYMENTS", "--label", "ANEW")

    for more in ((), ("--yes-erase", "SIGNING"), ("--yes-erase", "payments")):
        refused = run(*init, *more, stdin=pins)
        assert refused.code == 2
        assert set(witness.tokens()) == {"PAYMENTS", "SIGNING"}
    done = run(*init, "--yes-erase", "PAYMENTS", "--format", "json", stdin=pins)

    assert done.code == 0, done.err
    assert json.loads(done.out)["token"]["label"] == "ANEW"
    assert set(witness.tokens()) == {"ANEW", "SIGNING"}


def test_enter_alone_erases_no_token_without_a_label(odd: Callable[[Switches], OddModule]) -> None:
    module = odd(Switches(slots={5: ""}))

    with on_terminal({}, "token", "init", "5", "--label", "NEW", "--module", str(module.path)) as terminal:
        terminal.expect("Type its serial number, 0000000000000005, to go on: ")
        terminal.press("\r")
        ended = terminal.finish()

    assert ended.status == 2
    assert "'' is not the serial number of this token, and nothing was changed" in ended.shown


def test_ctrl_c_while_a_token_is_initialised_says_what_may_be(odd: Callable[[Switches], OddModule]) -> None:
    module = odd(Switches(slots={5: "OLD"}, faults=(delays(500, "C_Initialize"),)))
    init = ("token", "init", "5", "--label", "NEW", "--yes-erase", "OLD", "--module", str(module.path))

    def starts() -> int:
        return sum(call.function == "C_Initialize" for call in module.calls)

    with on_terminal({}, *init) as terminal:
        terminal.answer_secret("Present SO PIN of ", SO_PIN)
        terminal.answer_secret("New user PIN of ", NEW_PIN)
        before, end = starts(), time.monotonic() + patient(30)
        terminal.answer_secret("Once more: ", NEW_PIN)
        while starts() == before:
            assert time.monotonic() < end
        terminal.interrupt()
        ended = terminal.finish()

    assert ended.status == 130
    assert "interrupted; the token may be initialised by now, without a user PIN" in ended.shown


# -- pin ---------------------------------------------------------------------------------------------------


def test_a_pin_is_changed_by_a_script(run: Run, witness: Witness) -> None:
    ran = run("pin", "change", "PAYMENTS", stdin=f"{USER_PIN}\n{NEW_PIN}\n")

    assert (ran.code, ran.out) == (0, "")
    assert witness.accepts("PAYMENTS", NEW_PIN)


def test_pins_come_from_a_descriptor(environ: dict[str, str], witness: Witness, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, f"{SO_PIN}\n{NEW_PIN}\n".encode())
    os.close(writer)

    done = subprocess.run(
        [*PPINUI, "pin", "init", "PAYMENTS", "--pin-fd", str(reader)],
        env={**os.environ, **environ, "PYTHONPATH": str(CHECKOUT)},
        pass_fds=[reader],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert witness.accepts("PAYMENTS", NEW_PIN)


def test_a_wrong_pin_is_three_lines_with_the_flags_afterwards(run: Run, witness: Witness) -> None:
    ran = run("pin", "change", "PAYMENTS", stdin=f"wrong-pin\n{NEW_PIN}\n")

    assert ran.code == 1
    assert len(ran.error) == 3
    assert "CKR_PIN_INCORRECT" in ran.error[0]
    assert ran.error[0].endswith("the token's flags now: user PIN count low")
    assert witness.tokens()["PAYMENTS"].wrong_pins == {"user PIN count low"}


def test_a_pin_on_the_command_line_is_refused_and_not_repeated(run: Run) -> None:
    ran = run("pin", "change", "PAYMENTS", "hunter2-secret")

    assert ran.code == 2
    assert "hunter2-secret" not in ran.err


def test_the_lite_plans_default_pin_is_found_and_changed(make_tokens: MakeTokens) -> None:
    hsm = make_tokens(*(Token(f"KEYS-{n}", pin="98765432") for n in range(10)))
    witness = Witness(hsm.module, hsm.environ)
    environ = {**hsm.environ, "PPINUI_MODULE": str(hsm.module)}
    check = ("pin", "check", *hsm.labels)

    asked = ppinui(*check, environ=environ)
    assert asked.code == 2
    assert asked.out.count("would be offered 98765432, once") == 10
    found = ppinui(*check, "--spend-one-try", environ=environ)
    assert found.code == 1
    assert found.out.count("STILL HAS the well-known PIN 98765432") == 10
    assert fits(found)
    for label in hsm.labels:
        assert ppinui("pin", "change", label, stdin=f"98765432\n{label}-pin\n", environ=environ).code == 0
    assert {label: witness.accepts(label, f"{label}-pin") for label in hsm.labels} == dict.fromkeys(
        hsm.labels, True
    )
    assert {token.wrong_pins == set() for token in witness.tokens().values()} == {True}
    again = ppinui(*check, "--spend-one-try", "--format", "json", environ=environ)
    assert again.code == 0
    assert [slot["verdict"] for slot in json.loads(again.out)["slots"]] == ["other"] * 10
    assert [token.wrong_pins for token in witness.tokens().values()] == [{"user PIN count low"}] * 10


# -- objects -----------------------------------------------------------------------------------------------


@pytest.fixture
def keys(witness: Witness) -> Witness:
    witness.do(
        "PAYMENTS", USER_PIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "sign", "--id", "0a"
    )
    return witness


def test_objects_are_listed_without_and_with_a_login(run: Run, keys: Witness) -> None:
    public = run("objects", "PAYMENTS")
    everything = run("objects", "PAYMENTS", "--login", stdin=f"{USER_PIN}\n")

    assert public.code == everything.code == 0
    assert public.out.startswith("public key 'sign', id 0a\n    EC P-256; may verify")
    assert "private ones are not seen without --login" in public.err
    assert "private key 'sign', id 0a" in everything.out
    assert fits(everything)


def test_objects_have_a_json_form(run: Run, keys: Witness) -> None:
    ran = run("objects", "PAYMENTS", "--search", "VERIFY", "--format", "json")

    data = json.loads(ran.out)
    assert list(data) == ["slot", "logged_in", "found", "complete", "objects"]
    (key,) = data["objects"]
    assert list(key) == [
        "class",
        "label",
        "id",
        "type",
        "size",
        "uses",
        "private",
        "sensitive",
        "extractable",
        "never_extractable",
        "certificate",
    ]
    assert (key["class"], key["type"], key["size"]) == ("public key", "EC", "P-256")


def test_the_pin_of_a_login_is_kept_and_taken_from_the_keyring(run: Run, keys: Witness) -> None:
    kept = run("pin", "keep", "PAYMENTS", stdin=f"{USER_PIN}\n")
    assert kept.code == 0, kept.err

    listed = run("objects", "PAYMENTS", "--login")

    assert listed.code == 0, listed.err
    assert "private key 'sign'" in listed.out


def test_a_kept_pin_that_the_token_rejects_is_offered_no_more(run: Run, keys: Witness) -> None:
    assert run("pin", "keep", "PAYMENTS", stdin="an-old-pin\n").code == 0

    first, second = (run("objects", "PAYMENTS", "--login") for _ in range(2))

    assert (first.code, second.code) == (1, 3)
    assert "CKR_PIN_INCORRECT" in first.err
    assert "ppinui pin keep" in second.err
    assert keys.tokens()["PAYMENTS"].wrong_pins == {"user PIN count low"}
    assert run("pin", "keep", "PAYMENTS", stdin=f"{USER_PIN}\n").code == 0
    assert run("objects", "PAYMENTS", "--login").code == 0


def test_a_changed_pin_goes_to_the_keyring_with_it(run: Run, keys: Witness) -> None:
    assert run("pin", "change", "PAYMENTS", "--keep", stdin=f"{USER_PIN}\n{NEW_PIN}\n").code == 0

    assert run("objects", "PAYMENTS", "--login").code == 0
    assert keys.accepts("PAYMENTS", NEW_PIN)


def test_a_public_key_is_exported_to_a_new_file(run: Run, keys: Witness, tmp_path: Path) -> None:
    file = tmp_path / "public.pem"

    printed = run("objects", "export", "PAYMENTS", "--id", "0a")
    written = run("objects", "export", "PAYMENTS", "--label", "sign", "-o", file)
    again = run("objects", "export", "PAYMENTS", "--label", "sign", "-o", file)

    assert printed.out.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert (written.code, written.out, file.read_text()) == (0, "", printed.out)
    assert again.code == 2
    checked = subprocess.run(["openssl", "pkey", "-pubin", "-in", file, "-noout"], check=False)
    assert checked.returncode == 0


@pytest.mark.parametrize("more", [(), ("--on-token",)])
def test_a_test_key_is_made_and_removed(more: tuple[str, ...], run: Run, witness: Witness) -> None:
    ran = run("objects", "test-key", "PAYMENTS", *more, "--pin-fd", "0", stdin=f"{USER_PIN}\n")

    assert ran.code == 0, ran.err
    assert "EC P-256" in ran.err
    assert witness.objects("PAYMENTS", USER_PIN) == ""


def test_a_slot_may_be_named_by_its_id_or_label(run: Run, hsm: SoftHsm, keys: Witness) -> None:
    slot_id = hsm.token("PAYMENTS").slot_id

    outs = {run("objects", name).out for name in ("PAYMENTS", str(slot_id), f"0x{slot_id:x}")}

    assert len(outs) == 1
    assert outs != {""}


def test_a_label_of_two_tokens_is_refused(make_tokens: MakeTokens) -> None:
    hsm = make_tokens("SAME", "SAME")
    environ = {**hsm.environ, "PPINUI_MODULE": str(hsm.module)}

    ran = ppinui("pin", "change", "SAME", stdin=f"{USER_PIN}\n{NEW_PIN}\n", environ=environ)

    assert ran.code == 2
    assert all(str(slot_id) in ran.err for slot_id in hsm.slot_ids)
