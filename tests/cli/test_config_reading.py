"""``ppinui config path``, ``show``, ``get``, ``check``: looking at a configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ppinui.cli.main import main
from ppinui.config.checks.registry import check_file
from tests.cli.conftest import SECRETS
from tests.rig.program import environment, ppinui
from tests.rig.terminal import Terminal

Captured = pytest.CaptureFixture[str]


def test_path_prints_the_file_and_says_which_rule_found_it(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "path"]) == 0

    assert capsys.readouterr() == (f"{config}\n", "found by: -c\n")


def test_path_follows_the_provider_s_variable(config: Path) -> None:
    ran = ppinui("config", "path", environ={"SECUROSYS_PKCS11_CONF": str(config)})

    assert (ran.code, ran.out) == (0, f"{config}\n")
    assert ran.err == "found by: the environment variable SECUROSYS_PKCS11_CONF\n"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("primus.hsms.hsm0.slots.slot0.user_name", "PAYMENTS"),
        ("hsm0.slot0.user_name", "PAYMENTS"),
        ("hsm0.port", "2310"),
        ("hsm0.slot1.id", "2"),
        ("connect_on_init", "true"),
        ("log.trace_mask", "0"),
        ("retry_factor", "1.5"),
        ("hsm0.slot1.color", "blue"),
        ("vendor_extra.[1]", "2"),
    ],
)
def test_get_prints_the_bare_value(path: str, value: str, config: Path, capsys: Captured) -> None:
    assert main(["config", "get", path, "-c", str(config)]) == 0

    assert capsys.readouterr() == (f"{value}\n", "")


def test_get_gives_a_program_every_byte(tmp_path: Path) -> None:
    file = tmp_path / "primus.cfg"
    file.write_bytes(b'primus: { hsms: { hsm0: { host = "caf\xe9\\x1b[m"; }; }; };')

    assert (
        ppinui("-c", file, "config", "get", "hsm0.host").out.encode("utf-8", "surrogateescape")
        == b"caf\xe9\x1b[m\n"
    )


def test_get_steers_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / "primus.cfg"
    file.write_text('primus: { hsms: { hsm0: { host = "\\x1b[2Jgone"; }; }; };')
    with Terminal(
        ["python3", "-m", "ppinui", "-c", file, "config", "get", "hsm0.host"], environ=environment()
    ) as terminal:
        assert terminal.finish().shown == "\\x1b[2Jgone\r\n"


@pytest.mark.parametrize(("path", "kind"), [("hsm0", "group"), ("vendor_extra", "array"), ("log", "group")])
def test_get_of_a_group_says_that_it_is_one(path: str, kind: str, config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "get", path]) == 2

    message, where, remedy = capsys.readouterr().err.splitlines()
    assert f"is a {kind}, and has no value of its own" in message
    assert where.startswith(f"  where: {config}:")
    assert "config show" in remedy


def test_get_of_what_is_not_there_names_what_is(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "get", "hsm0.prot"]) == 2

    assert "hsm0.port" in capsys.readouterr().err.splitlines()[2]


def test_get_masks_a_password_unless_it_is_to_be_revealed(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "get", "hsm0.pin"]) == 0
    assert capsys.readouterr().out == "••••\n"

    assert main(["-c", str(config), "config", "get", "hsm0.pin", "--reveal"]) == 0
    assert capsys.readouterr().out == "FXAJX-XWVQ3\n"


@pytest.fixture
def misspelt(tmp_path: Path) -> Path:
    """Passwords that the library would not find, and one where no password belongs."""
    file = tmp_path / "misspelt.cfg"
    file.write_text(
        'primus: { hsms: { hsm0: { host = "h"; port = "1"; Pin = "CANARY-1"; pins = [ "CANARY-2" ]; slots: {'
        ' slot0: { user_name = "U"; id = 1; proxy_pasword = "CANARY-3"; setup_password = "CANARY-4";'
        ' client_id = "CANAR-CANAR-CANAR-CANAR-CANAR"; }; }; }; }; };'
    )
    return file


@pytest.mark.parametrize("options", [[], ["--format", "json"]], ids=["text", "json"])
def test_show_hides_passwords_of_misspelt_names_and_of_a_known_shape(
    options: list[str], misspelt: Path, capsys: Captured
) -> None:
    assert main(["-c", str(misspelt), "config", "show", *options]) == 0
    assert "CANAR" not in capsys.readouterr().out

    assert main(["-c", str(misspelt), "config", "show", "--reveal", *options]) == 0
    shown = capsys.readouterr().out
    assert all(f"CANARY-{number}" in shown for number in (1, 2, 3, 4))
    assert "CANAR-CANAR" in shown


@pytest.mark.parametrize(
    "path", ["Pin", "pins.[0]", "slot0.proxy_pasword", "slot0.setup_password", "slot0.client_id"]
)
def test_get_hides_them_too(path: str, misspelt: Path, capsys: Captured) -> None:
    assert main(["-c", str(misspelt), "config", "get", f"hsm0.{path}"]) == 0
    assert capsys.readouterr().out == "••••\n"


def test_show_is_readable(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "show"]) == 0

    assert capsys.readouterr() == (
        f"""\
{config} (found by: -c)

hsm0: 10.1.2.3 port 2310, priority 0
    slot0 (id=1), user=PAYMENTS, client=pay
    slot1 (id=2), user=SIGNING, client=sign

hsm1: 10.1.2.4 port 2410, priority 1
    slot0 (id=1), user=PAYMENTS, client=pay

primus
    wait_delay = 250 ms
    wait_max_tries = 5 (default)
    connect_on_init = true

log
    file = "/var/log/primus/primus.log"
    write_log_file = true (default)
    write_syslog = true (default)
    trace_linenumber = false (default)
    trace_timestamp = true (default)
    trace_function = true (default)
    trace_inout = false (default)
    trace_pid = true (default)
    trace_filename = false (default)
    trace_mask = 0x00
    trace_level = 4

clear-text secrets
    line 17: primus.hsms.hsm0.pin = ••••

unknown settings, kept as they are
    line 8: primus.vendor_extra = (array of 3)
    line 9: primus.retry_factor = 1.5
    line 31: primus.hsms.hsm0.slots.slot1.color = "blue"
""",
        "",
    )


def test_show_reveals_passwords_when_told_to(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "show", "--reveal"]) == 0

    assert 'line 17: primus.hsms.hsm0.pin = "FXAJX-XWVQ3"' in capsys.readouterr().out


def test_show_of_an_empty_file_says_that_nothing_is_there(tmp_path: Path, capsys: Captured) -> None:
    empty = tmp_path / "primus.cfg"
    empty.touch()
    assert main(["-c", str(empty), "config", "show"]) == 0

    shown = capsys.readouterr().out
    assert "no HSMs" in shown
    assert "wait_delay = 250 ms (default)" in shown


def test_show_as_json_has_places_and_values(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "show", "--format", "json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["config"] == str(config)
    assert shown["found_by"] == "-c"
    assert [hsm["name"] for hsm in shown["hsms"]] == ["hsm0", "hsm1"]
    assert shown["hsms"][0] == {
        "name": "hsm0",
        "path": "primus.hsms.hsm0",
        "file": str(config),
        "line": 13,
        "host": "10.1.2.3",
        "port": "2310",
        "priority": 0,
        "pin": "••••",
        "slots": shown["hsms"][0]["slots"],
    }
    assert shown["hsms"][1]["slots"] == [
        {
            "name": "slot0",
            "path": "primus.hsms.hsm1.slots.slot0",
            "file": str(config),
            "line": 44,
            "id": 1,
            "user_name": "PAYMENTS",
            "client_id": "pay",
            "proxy_user": None,
            "proxy_password": None,
        }
    ]
    assert shown["globals"]["wait_max_tries"] == 5
    assert shown["log"]["trace_level"] == 4
    assert shown["unknown"] == [
        "primus.vendor_extra",
        "primus.retry_factor",
        "primus.hsms.hsm0.slots.slot1.color",
    ]
    assert {
        "path": "primus.retry_factor",
        "kind": "float",
        "value": 1.5,
        "documented": False,
        "file": str(config),
        "line": 9,
    } in shown["settings"]


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_nothing_that_is_shown_holds_a_password(output_format: str, config: Path, capsys: Captured) -> None:
    for action in ("show", "check"):
        main(["-c", str(config), "config", action, "--format", output_format])
        shown = capsys.readouterr()
        for secret in SECRETS:
            assert secret not in shown.out + shown.err


def test_check_lists_each_problem_with_place_and_remedy(config: Path, capsys: Captured) -> None:
    config.write_text(config.read_text().replace('"2410"', '"port"'))
    assert main(["-c", str(config), "config", "check"]) == 1

    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert any(line.startswith(f"{config}:40:") and ": error: " in line for line in lines)
    assert all(line.startswith("    fix: ") for line in lines[1::2])
    assert shown.err.startswith(f"{config}: 1 error, ")


def test_check_is_content_with_warnings(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "check"]) == 0

    assert ": warning: " in capsys.readouterr().out


def test_check_reports_a_syntax_error_as_a_problem(config: Path, capsys: Captured) -> None:
    config.write_text("primus: {\n")
    assert main(["-c", str(config), "config", "check"]) == 1

    assert f"{config}:2:" in capsys.readouterr().out


def test_check_takes_the_rules_of_a_deployment(config: Path, capsys: Captured) -> None:
    main(["-c", str(config), "config", "check", "--format", "json"])
    usual = json.loads(capsys.readouterr().out)
    main(["-c", str(config), "config", "check", "--format", "json", "--profile", "fortigate"])
    fortigate = json.loads(capsys.readouterr().out)

    assert len(fortigate["problems"]) > len(usual["problems"])


def test_check_as_json_says_all_that_is_known(config: Path, capsys: Captured) -> None:
    assert main(["-c", str(config), "config", "check", "--format", "json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    problems = check_file(config)
    assert shown["config"] == str(config)
    assert [
        (found["check"], found["line"], found["message"], found["remedy"]) for found in shown["problems"]
    ] == [(problem.code, problem.place.line, problem.message, problem.remedy) for problem in problems]
    assert shown["errors"] + shown["warnings"] + shown["notes"] == len(problems)


def test_check_of_a_file_that_cannot_be_read_is_wrong_input(tmp_path: Path, capsys: Captured) -> None:
    assert main(["-c", str(tmp_path / "none"), "config", "check"]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_latin_1_name_is_shown_byte_by_byte(tmp_path: Path) -> None:
    file = tmp_path / "primus.cfg"
    file.write_bytes(
        b'primus: { hsms: { hsm0: { host = "h"; port = "1"; slots: { slot0: {'
        b' user_name = "PARTITI\xd6N"; id = 1; }; }; }; }; };'
    )

    for command in (["show"], ["check", "--profile", "cloudhsm"]):
        ran = ppinui("-c", file, "config", *command)
        assert r"PARTITI\xd6N" in ran.out
        assert "\udcd6" not in ran.out
        assert "udcd6" not in ran.out
    data = json.loads(ppinui("-c", file, "config", "show", "--format", "json").out)
    assert data["hsms"][0]["slots"][0]["user_name"] == r"PARTITI\xd6N"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for command in ("show", "check"):
        ran = ppinui("-c", pipe, "config", command)
        assert ran.code == 2
        assert "not a regular file" in ran.error[0]


def test_the_remedies_of_check_can_be_pasted(tmp_path: Path) -> None:
    file = tmp_path / "my primus.cfg"
    file.write_text('version = "1.0"; primus: { };\n')

    remedy = ppinui("-c", file, "config", "check").out

    assert f"-m ppinui -c '{file}' config add-hsm --host HOST" in remedy


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("hsm0.priority", "'primus.hsms.hsm0.priority' is not set, and 0 holds"),
        ("log.write_syslog", "'primus.log.write_syslog' is not set, and true holds"),
        ("hsm1.pin", "'primus.hsms.hsm1.pin' is not set"),
    ],
)
def test_get_of_a_documented_setting_that_is_not_there_says_its_default(
    path: str, message: str, config: Path, capsys: Captured
) -> None:
    assert main(["-c", str(config), "config", "get", path]) == 2

    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"ppinui: {message}"
    assert f"config set {path}" in said[2]
