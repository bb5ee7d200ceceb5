"""``ppinui --test -c kms.toml``: every slot of a KMS, with the login that the KMS would use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.rig.canary import draw
from tests.rig.canary_watch import Watch
from tests.rig.odd_module import OddModule, Switches, answers, crashes, hangs
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.softhsm import USER_PIN, SoftHsm, Token

MakeTokens = Callable[..., SoftHsm]
MakeOdd = Callable[[Switches], OddModule]


@pytest.fixture
def kms(tmp_path: Path) -> Callable[..., Path]:
    """`kms((5, "1234"), (7, "<NO_LOGIN>"))`: a kms.toml with these slots of an "other" HSM."""

    def write(*slots: tuple[int, str]) -> Path:
        path = tmp_path / "hsm.conf"  # it is told by its contents
        path.write_text(settings("other", slots))
        path.chmod(0o600)
        return path

    return write


def settings(model: str, slots: Sequence[tuple[int, str]]) -> str:
    ids = ", ".join(str(number) for number, _ in slots)
    pins = ", ".join(f'"{pin}"' for _, pin in slots)
    return f'hsm_model = "{model}"\nhsm_admin = ["admin"]\nhsm_slot = [{ids}]\nhsm_password = [{pins}]\n'


def as_other(module: OddModule | SoftHsm) -> dict[str, str]:
    """The environment in which this module is the library of an "other" HSM."""
    if isinstance(module, OddModule):
        return {"OTHER_HSM_PKCS11_LIB": str(module.path)}
    return {"OTHER_HSM_PKCS11_LIB": str(module.module), **module.environ}


def results(out: str) -> list[tuple[str, str, str]]:
    """Slot, outcome, and where it stopped, of the JSON form."""
    return [
        (f"{one['hsm']}.{one['slot']}", one["outcome"], one["stages"][-1]["name"])
        for one in json.loads(out)["results"]
    ]


def flags_of(tokens: SoftHsm, label: str) -> str:
    """What pkcs11-tool says of a token."""
    listed = subprocess.run(
        ["pkcs11-tool", "--module", str(tokens.module), "-L"],
        capture_output=True,
        text=True,
        check=True,
        env=tokens.environ,
    ).stdout
    return next(block for block in listed.split("Slot ") if label in block)


def test_two_slots_are_tested_with_their_pins_and_one_without(
    make_tokens: MakeTokens, kms: Callable[..., Path]
) -> None:
    tokens = make_tokens("PAYMENTS", Token("SIGNING", pin="second-pin"), "NOBODY")
    first, second, third = tokens.slot_ids
    path = kms((first, USER_PIN), (second, "second-pin"), (third, "<NO_LOGIN>"))

    ran = ppinui("--test", "-c", path, environ=as_other(tokens))

    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"Load config file: '{path}'",
        "",
        f"hsm0: Load '{tokens.module}', firmware: 2.6 ",
        f"    slot{first} (id={first}), user=PAYMENTS: OK",
        f"    slot{second} (id={second}), user=SIGNING: OK",
        f"    slot{third} (id={third}), user=NOBODY: OK",
        "",
        "Number of tested HSMs: 1 (number of partitions: 3)",
        "Number of failures: 0",
    ]
    assert ran.error == [
        f"hsm0.slot{third}: login: skipped, as the application does not log in to this slot; crypto was "
        "not tried either"
    ]


def test_crypto_is_tried_on_request_where_there_is_a_login(
    make_tokens: MakeTokens, kms: Callable[..., Path]
) -> None:
    tokens = make_tokens("A", "B")
    path = kms((tokens.slot_ids[0], USER_PIN), (tokens.slot_ids[1], "<NO_LOGIN>"))
    ran = ppinui("test", "--crypto", "--format", "json", "-c", path, environ=as_other(tokens))
    report = json.loads(ran.out)

    assert ran.code == 0
    assert [[stage["name"] for stage in one["stages"]] for one in report["results"]] == [
        ["load", "slot", "token", "session", "login", "crypto"],
        ["load", "slot", "token", "session", "login"],
    ]
    assert report["module"] == report["results"][0]["module"] == str(tokens.module)
    assert report["results"][0]["secrets"] == {"pin": "configuration"}


def test_a_wrong_pin_is_offered_once_and_not_again(make_tokens: MakeTokens, kms: Callable[..., Path]) -> None:
    tokens = make_tokens("PAYMENTS", "SIGNING")
    path = kms((tokens.slot_ids[0], "wrong"), (tokens.slot_ids[1], USER_PIN))
    assert "count low" not in flags_of(tokens, "PAYMENTS")

    first = ppinui("--test", "-c", path, environ=as_other(tokens))
    assert first.code == 1
    assert "user=PAYMENTS: CKR_PIN_INCORRECT" in first.out
    assert "user=SIGNING: OK" in first.out
    assert "count low" in flags_of(tokens, "PAYMENTS")

    second = ppinui("--test", "-c", path, environ=as_other(tokens))
    assert second.code == 1
    assert "user=PAYMENTS: PIN_COUNT_LOW" in second.out
    assert "--spend-one-try" in second.err


def test_a_corrected_pin_is_offered_with_the_user_s_word(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A"}))
    module.set_wrong_pins("A", 1)
    path = kms((5, "1234"))

    assert ppinui("--test", "-c", path, environ=as_other(module)).code == 1
    assert module.attempts == ()
    assert ppinui("--test", "--spend-one-try", "-c", path, environ=as_other(module)).code == 0
    assert [attempt.pin for attempt in module.attempts] == ["1234"]


def test_the_final_try_needs_its_own_word(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A"}))
    module.set_wrong_pins("A", 2)
    path = kms((5, "1234"))

    ran = ppinui("--test", "--spend-one-try", "-c", path, environ=as_other(module))
    assert "PIN_FINAL_TRY" in ran.out
    assert module.attempts == ()


def test_an_empty_pin_is_a_login_without_a_pointer_to_one(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A", 6: "B"}, pins={"A": "", "*": "1234"}))
    ran = ppinui("--test", "-c", kms((5, ""), (6, "1234")), environ=as_other(module))

    assert ran.code == 0, ran.err
    assert [(attempt.slot, attempt.pin) for attempt in module.attempts] == [(5, ""), (6, "1234")]


def test_softhsm_takes_no_empty_pin(make_tokens: MakeTokens, kms: Callable[..., Path]) -> None:
    tokens = make_tokens("A")
    ran = ppinui("--test", "-c", kms((tokens.slot_ids[0], "")), environ=as_other(tokens))
    assert "user=A: CKR_ARGUMENTS_BAD" in ran.out


def test_instances_with_libraries_of_their_own(make_tokens: MakeTokens, odd: MakeOdd, tmp_path: Path) -> None:
    tokens, module = make_tokens("SOFT"), odd(Switches(slots={5: "ODD", 6: "EVEN"}))
    path = tmp_path / "kms.toml"
    path.write_text(
        "[[hsm_instances]]\n"
        + settings("softhsm2", [(tokens.slot_ids[0], USER_PIN)])
        + "[[hsm_instances]]\n"
        + settings("other", [(5, "1234"), (6, "1234")])
    )
    environ = {**as_other(module), **tokens.environ, "SOFTHSM2_PKCS11_LIB": str(tokens.module)}

    ran = ppinui("--test", "-c", path, "--format", "json", environ=environ)
    report = json.loads(ran.out)
    assert ran.code == 0
    assert [(one["hsm"], one["user"], one["module"]) for one in report["results"]] == [
        ("hsm0", "SOFT", str(tokens.module)),
        ("hsm1", "ODD", str(module.path)),
        ("hsm1", "EVEN", str(module.path)),
    ]
    assert (report["module"], report["tested_hsms"]) == (None, 2)
    for selection, expected in (
        (["--hsm", "1"], ["hsm1.slot5", "hsm1.slot6"]),
        (["--hsm", "softhsm2"], [f"hsm0.slot{tokens.slot_ids[0]}"]),
        (["--slotid", "6"], ["hsm1.slot6"]),
    ):
        ran = ppinui("--test", "-c", path, "--format", "json", *selection, environ=environ)
        assert [name for name, _, _ in results(ran.out)] == expected


@pytest.mark.parametrize(
    "option", [["--user", "A"], ["--slot", "slot5"], ["-s", "x"], ["--lanes", "hsm"], ["--secrets", "file"]]
)
def test_options_that_make_no_sense_say_what_does(
    option: list[str], odd: MakeOdd, kms: Callable[..., Path]
) -> None:
    module = odd(Switches(slots={5: "A"}))
    ran = ppinui("--test", "-c", kms((5, "1234")), *option, environ=as_other(module))
    assert ran.code == 2
    assert "does not go with a kms.toml" in ran.err
    assert module.calls == ()


def test_a_selection_of_nothing_names_what_there_is(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    ran = ppinui("--test", "-c", kms((5, "1234")), "--hsm", "3", environ={})
    assert ran.code == 2
    assert "hsm0 (other) with slot 5" in ran.err


def test_a_slot_that_is_not_there_is_told_with_those_that_are(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A"}))
    ran = ppinui("--test", "-c", kms((5, "1234"), (9, "1234")), environ=as_other(module))
    assert "slot5 (id=5), user=A: OK" in ran.out
    assert "slot9 (id=9), user=unknown: CKR_SLOT_ID_INVALID" in ran.out
    assert "the module has the slots 5 'A'" in ran.err


def test_a_missing_library_is_named_with_what_to_do(kms: Callable[..., Path], tmp_path: Path) -> None:
    environ = {"OTHER_HSM_PKCS11_LIB": str(tmp_path / "gone.so")}
    ran = ppinui("--test", "-c", kms((5, "1234")), environ=environ)
    assert ran.code == 1
    assert "MODULE_MISSING" in ran.out
    assert f"sudo ln -s LIBRARY {tmp_path / 'gone.so'}" in ran.err


def test_module_goes_before_what_the_kms_would_load(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A"}))
    assert ppinui("--test", "-c", kms((5, "1234")), "--module", module.path, environ={}).code == 0


def test_a_file_of_which_nobody_knows_whose_pin_is_whose_costs_no_try(odd: MakeOdd, tmp_path: Path) -> None:
    module = odd(Switches(slots={5: "A", 6: "B"}))
    path = tmp_path / "kms.toml"
    path.write_text('hsm_model = "other"\nhsm_slot = [5, 6]\nhsm_password = ["1234"]\n')
    ran = ppinui("--test", "-c", path, environ=as_other(module))
    assert ran.code == 2
    assert ran.error[0].endswith(
        "hsm_slot has 2 entries and hsm_password 1 entry: which PIN is whose, nobody "
        "can say, and the KMS leaves out what has no partner"
    )
    assert f"{path}:3:1" in ran.error[1]
    assert module.attempts == ()


def test_two_pins_for_one_slot_cost_one_try(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={5: "A"}))
    path = kms((5, "other-pin"))
    path.write_text(f"{path.read_text()}[[hsm_instances]]\n{settings('other', [(5, '1234')])}")
    ran = ppinui("--test", "-c", path, environ=as_other(module))
    assert "PIN_CONTRADICTED" in ran.out
    assert [attempt.pin for attempt in module.attempts] == ["1234"]


def test_a_library_with_two_names_gets_one_pin_for_a_slot(odd: MakeOdd, tmp_path: Path) -> None:
    module = odd(Switches(slots={5: "A", 6: "B"}))
    link = tmp_path / "libkmshsm.so"
    link.symlink_to(module.path)
    Path(f"{link}.control").symlink_to(f"{module.path}.control")
    path = tmp_path / "kms.toml"
    flat = settings("softhsm2", [(5, "wrong"), (6, "1234")])
    path.write_text(f"{flat}[[hsm_instances]]\n{settings('other', [(5, 'also wrong')])}")

    ran = ppinui(
        "--test",
        "-c",
        path,
        environ={"OTHER_HSM_PKCS11_LIB": str(link), "SOFTHSM2_PKCS11_LIB": str(module.path)},
    )

    assert ran.code == 1
    assert "PIN_CONTRADICTED" in ran.out
    assert [attempt.pin for attempt in module.attempts] == ["also wrong", "1234"]


def test_a_pin_of_a_secret_backend_is_not_offered_as_it_stands(
    odd: MakeOdd, kms: Callable[..., Path]
) -> None:
    module = odd(Switches(slots={5: "A"}))
    path = kms((5, "secret://kv/hsm#pin"))
    ran = ppinui("--test", "-c", path, environ=as_other(module))
    assert ran.code == 1
    assert "PIN_ELSEWHERE" in ran.out
    assert module.attempts == ()

    asked = ppinui("--test", "--login", "-c", path, stdin="1234\n", environ=as_other(module))
    assert asked.code == 0
    assert [attempt.pin for attempt in module.attempts] == ["1234"]


@pytest.mark.parametrize(
    ("faults", "name"),
    [
        ((answers("C_GetTokenInfo", 0x30, at=7),), "CKR_DEVICE_ERROR"),
        ((answers("C_GetSlotInfo", 0x30, at=7),), "CKR_DEVICE_ERROR"),
        ((crashes("C_OpenSession", at=7),), "MODULE_CRASHED"),
        ((hangs("C_Login", at=7),), "MODULE_HUNG"),
    ],
)
def test_a_module_that_fails_at_one_slot_is_tested_at_the_others(
    faults: Any, name: str, odd: MakeOdd, kms: Callable[..., Path]
) -> None:
    module = odd(Switches(slots={5: "A", 7: "B", 9: "C"}, faults=faults))
    path = kms((5, "1234"), (7, "1234"), (9, "1234"))
    ran = ppinui("--test", "-c", path, "--timeout", "2", environ=as_other(module))
    lines = [line.rpartition(": ")[2] for line in ran.out.splitlines() if line.startswith("    slot")]
    assert lines == ["OK", name, "OK"]
    assert all(attempt.pin == "1234" for attempt in module.attempts)
    assert len({attempt.slot for attempt in module.attempts}) == len(module.attempts)


def test_sixty_four_slots_go_through_one_process(odd: MakeOdd, kms: Callable[..., Path]) -> None:
    module = odd(Switches(slots={number: f"T{number}" for number in range(64)}))
    ran = ppinui("--test", "-c", kms(*((number, "1234") for number in range(64))), environ=as_other(module))
    assert ran.code == 0
    assert "(number of partitions: 64)" in ran.out
    assert len(module.attempts) == 64
    assert len({attempt.pid for attempt in module.attempts}) == 1


def test_a_primus_under_a_kms_reads_its_own_configuration(
    odd: MakeOdd, kms: Callable[..., Path], tmp_path: Path
) -> None:
    module = odd(Switches(slots={5: "A", 6: "B"}, manufacturer="Securosys SA", model="Primus HSM"))
    primus = tmp_path / "primus.cfg"
    primus.write_text('primus: { hsms: { hsm0: { host = "127.0.0.1"; port = "1"; }; }; };\n')
    environ = {**as_other(module), "SECUROSYS_PKCS11_CONF": str(primus)}
    ran = ppinui("--test", "-c", kms((5, "1234"), (6, "1234")), environ=environ)
    assert ran.code == 0, ran.err
    assert {given.path for given in module.configurations} == {str(primus)}


def test_a_pin_is_nowhere_where_others_could_find_it(odd: MakeOdd, tmp_path: Path) -> None:
    canaries = [draw("pin-canary-a"), draw("pin-canary-b")]
    module = odd(
        Switches(
            slots={5: "A", 6: "B"},
            pins={"A": canaries[0], "B": canaries[1]},
            faults=(hangs("C_OpenSession", at=6),),
        )
    )
    # The file itself holds them, and the module writes down what it was given.
    path = module.records / "kms.toml"
    path.write_text(settings("other", [(5, canaries[0]), (6, canaries[1])]))
    path.chmod(0o600)
    environ = {**as_other(module), "TMPDIR": str(tmp_path)}
    watch = Watch(canaries, tmp_path)
    found: list[str] = []

    said = ""
    for arguments in (
        ("--test", "--timeout", "2", "-c", path),
        ("--test", "--format", "json", "--slotid", "5", "-c", path),
        ("kms", "check", path),
        ("kms", "show", path, "--format", "json"),
        ("kms", "export", path, "--slot", "6", "--dry-run"),
        ("kms", "export", path, "--slot", "6", "--as", "flags"),
    ):
        with subprocess.Popen(
            [*PPINUI, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(environ),
            text=True,
        ) as process:
            while process.poll() is None:
                found += watch.found()
            assert process.stdout is not None
            said += process.stdout.read()

    assert "slot5 (id=5), user=A: OK" in said
    assert "hsm_slot = [6]" in said
    assert watch.in_text(said) == []
    assert [line for line in found + watch.found() if str(module.path.parent) not in line] == []
