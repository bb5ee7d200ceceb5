"""Every rule on the contents of a primus.cfg: a file that breaks it, and a near one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.checks.registry import check_document, check_text
from ppinui.config.checks.subject import Profile
from ppinui.config.primus_config import read
from ppinui.diagnostic import Severity
from ppinui.libconfig.document import parse
from tests.config.check_cases import (
    CASES,
    HOST,
    ID,
    OTHER_USER,
    PORT,
    PRIORITY,
    PROXY,
    USER,
    Case,
    Edit,
    text_of,
)
from tests.config.sound_file import SOUND, edited, line_of, without

ERROR, NOTE = Severity.ERROR, Severity.NOTE
EXAMPLES = sorted((Path(__file__).parents[1] / "rig" / "examples").glob("*.cfg"))


def ids(case: Case) -> str:
    profile = f"-{case.profile.value}" if case.profile else ""
    return f"{case.check}{profile}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_broken_rule_is_reported_once_with_its_place_severity_and_remedy(case: Case) -> None:
    text = text_of(case.broken)

    problems = check_text(text, "primus.cfg", profile=case.profile)

    (found,) = [problem for problem in problems if problem.code == case.check]
    assert found.severity is case.severity
    assert (found.place.file, found.place.line) == ("primus.cfg", line_of(text, case.at))
    assert found.message
    assert not found.message.endswith(".")
    assert found.remedy[0].islower()
    assert not found.remedy.endswith(".")
    assert {problem.code for problem in problems} - case.also == {case.check}


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_what_comes_close_to_breaking_a_rule_is_not_reported(case: Case) -> None:
    problems = check_text(text_of(case.near), profile=None if case.near == () else case.profile)

    assert case.check not in {problem.code for problem in problems}


def test_a_sound_file_has_no_problem() -> None:
    assert check_text(SOUND) == ()
    assert check_text(SOUND, profile=Profile.PRODUCTION) == ()
    assert check_text(SOUND, profile=Profile.CLOUDHSM) == ()


def test_a_problem_names_the_setting_by_its_path() -> None:
    (problem,) = check_text(edited((ID, "id = -1L;")), profile=None)[:1]

    assert problem.subject == "primus.hsms.hsm0.slots.slot0.id"
    assert "hsm0.slot0.id" in problem.message


def test_what_is_missing_is_reported_at_the_group_that_lacks_it() -> None:
    (problem,) = check_text(edited((USER, "")))

    assert problem.subject == "primus.hsms.hsm0.slots.slot0"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_vendors_examples_have_no_errors_and_no_warnings(example: Path) -> None:
    problems = check_text(example.read_text())

    assert {problem.severity for problem in problems} == {NOTE}
    assert {problem.code for problem in problems} <= {
        "placeholder-value",
        "clear-proxy-password-in-comment",
        "log-file-writable-by-all",
    }


def test_the_vendors_examples_are_there() -> None:
    assert len(EXAMPLES) == 2


def test_a_placeholder_is_reported_once_however_often_it_is_there() -> None:
    text = (EXAMPLES[0].parent / "cluster-two-partitions.cfg").read_text()

    problems = [problem for problem in check_text(text) if "SERVICE_USER" in problem.message]

    assert [problem.message for problem in problems] == [
        "hsm1.slot0.proxy_user (and 3 more) is still 'SERVICE_USER', as in the vendor's template"
    ]


# Rules for ids, where the cases above say too little


def test_an_id_that_two_partitions_share_is_reported_with_both_and_with_the_right_id() -> None:
    (problem,) = [
        problem
        for problem in check_text(
            edited(("id = 2; /* 11 */", "id = 1; # 11"), ("id = 1; /* 10 */", "id = 9;"))
        )
        if problem.code == "id-shared-by-partitions"
    ]

    assert problem.message == "id 1 is partition 'BETA' on hsm1 and partition 'ALPHA' on hsm0"
    assert problem.remedy == "give hsm1.slot1 id 2, unless a user_name is wrong"


def test_an_odd_copy_is_the_one_that_is_reported_not_the_usual_ones() -> None:
    third = SOUND[SOUND.index("    hsm1:") : SOUND.index("    };\n  };\n  log:")].replace("hsm1", "hsm2")
    text = edited(
        ("    hsm0:\n", f"{third.replace('ch02', 'us02')}    }};\n    hsm0:\n"), (ID, "id = 7; # odd")
    )

    (problem,) = check_text(text)

    assert problem.code == "ids-differ-across-hsms"
    assert problem.place.line == line_of(text, "# odd")
    assert "id 7 on hsm0 and 1 elsewhere" in problem.message


def test_one_partition_may_have_several_ids_if_it_has_them_on_every_hsm() -> None:
    parallel = 'slot2: {{ user_name = "ALPHA"; proxy_user = "ticket"; id = {}; }};\n'
    both = (
        ("}; /* slots of hsm0 */", parallel.format(3) + "};"),
        ("}; /* slots of hsm1 */", parallel.format(3) + "};"),
    )

    assert check_text(edited(*both)) == ()
    assert [problem.code for problem in check_text(edited(both[0]))] == ["ids-differ-across-hsms"]


def test_one_slot_id_twice_on_one_hsm_is_one_problem_not_two() -> None:
    (problem,) = [
        p for p in check_text(edited(("id = 2; /* 01 */", "id = 1; # 01"))) if "hsm0.slot1" in p.message
    ]

    assert problem.code == "duplicate-id-in-hsm"
    assert problem.remedy == "give hsm0.slot1 id 2"


def test_standalone_hsms_with_the_same_ids_for_different_partitions_are_all_reported() -> None:
    problems = check_text(
        edited((OTHER_USER, 'user_name = "C";'), ('user_name = "BETA"; /* 11 */', 'user_name = "D";'))
    )

    assert [problem.code for problem in problems] == ["id-shared-by-partitions"] * 2


# FortiGate

FORTIGATE: tuple[Edit, ...] = (
    (HOST, 'host = "192.0.2.1";'),
    ("ch02-api.cloudshsm.com", "2001:db8::1"),
    ("write_log_file = true", "write_log_file = false"),
    ("write_syslog = true", "write_syslog = false"),
    ("trace_level = 4", "trace_level = 0"),
)


def test_a_file_made_for_a_fortigate_passes_its_profile() -> None:
    assert check_text(edited(*FORTIGATE), profile=Profile.FORTIGATE) == ()


@pytest.mark.parametrize(
    ("left_out", "check", "at"),
    [
        (0, "fortigate-host", "ch01"),
        (1, "fortigate-host", "ch02"),
        (2, "fortigate-log", "write_log_file"),
        (3, "fortigate-log", "write_syslog"),
        (4, "fortigate-trace-level", "trace_level"),
    ],
)
def test_each_rule_of_a_fortigate_is_checked(left_out: int, check: str, at: str) -> None:
    text = edited(*(edit for number, edit in enumerate(FORTIGATE) if number != left_out))

    (problem,) = check_text(text, profile=Profile.FORTIGATE)

    assert (problem.code, problem.severity, problem.place.line) == (check, ERROR, line_of(text, at))


def test_a_fortigate_has_to_connect_at_once() -> None:
    text = edited(*FORTIGATE, ("connect_on_init = true", "connect_on_init = false"))

    (problem,) = check_text(text, profile=Profile.FORTIGATE)

    assert problem.code == "fortigate-connect-on-init"
    assert problem.remedy == "set it: ppinui config set connect_on_init=true"


def test_an_absent_setting_counts_with_its_default() -> None:
    text = edited(*FORTIGATE[:3], FORTIGATE[4], ("write_syslog = true;", ""))

    (problem,) = check_text(text, profile=Profile.FORTIGATE)

    assert problem.message == "log.write_syslog is by default true: a FortiGate needs false"
    assert problem.subject == "primus.log"


# CloudHSM


def test_the_clones_that_are_missing_are_named() -> None:
    text = edited(without("hsm1:", "/* slots of hsm1 */\n    };"))

    (problem,) = check_text(text, profile=Profile.CLOUDHSM)

    assert problem.message == (
        "partition 'ALPHA' and 1 more: only ch01-api.cloudshsm.com is configured, not ch02-api.cloudshsm.com"
    )


def test_a_service_with_one_endpoint_lacks_no_clone() -> None:
    text = edited(without("hsm1:", "/* slots of hsm1 */\n    };"), ("ch01", "pla07"))

    assert check_text(text, profile=Profile.CLOUDHSM) == ()


# Files with syntax errors


def test_a_syntax_error_is_one_problem_with_its_place() -> None:
    text = edited((PORT, "port = 23l0;"))

    (problem,) = check_text(text, "/etc/primus/primus.cfg")

    assert (problem.severity, problem.code) == (ERROR, "syntax-error")
    assert str(problem.place).startswith(f"/etc/primus/primus.cfg:{line_of(text, '23l0')}:")
    assert "found" in problem.message
    assert "expected" in problem.message


def test_what_stands_before_a_syntax_error_is_checked_and_nothing_is_called_missing() -> None:
    text = edited((HOST, 'host = "10.0.0.1:2310";'), (PRIORITY, "priority = ;"), ("250", "true"))

    checks = [problem.code for problem in check_text(text, profile=Profile.CLOUDHSM)]

    assert checks == ["wrong-type", "host-with-port", "syntax-error"]


def test_passwords_are_found_on_both_sides_of_a_syntax_error() -> None:
    text = edited(
        (HOST, f'{HOST} pin = "first-1";'),
        (PRIORITY, "priority = ;"),
        (OTHER_USER, f'{OTHER_USER} /* proxy_password = "second-2" */'),
    )

    checks = [problem.code for problem in check_text(text)]

    assert checks == ["clear-pin", "syntax-error", "clear-proxy-password-in-comment"]


@pytest.mark.parametrize("cut", range(1, len(SOUND) - 5, 7))
def test_a_file_that_ends_too_early_is_a_syntax_error_and_little_more(cut: int) -> None:
    problems = check_text(SOUND[:cut])

    in_disorder = {"syntax-error", "misplaced-setting", "unknown-setting", "misspelt-setting"}
    whole_but_short = {"no-primus", "missing-version"}
    assert {problem.code for problem in problems} <= in_disorder | whole_but_short
    assert problems


def test_a_text_of_another_kind_altogether_is_a_syntax_error() -> None:
    for text in ("<xml/>", "\ufeff" + SOUND, "[primus]\nhost=1\n", "{"):
        assert "syntax-error" in {problem.code for problem in check_text(text)}


def test_duplicates_do_not_hide_other_problems() -> None:
    text = edited((ID, f"{ID} id = 1;"), (PORT, "port = 2310;"))

    assert [problem.code for problem in check_text(text)] == ["port-as-int", "duplicate-setting"]


# What must never show


CANARY = "cAnArY-7Xq"


@pytest.mark.parametrize(
    "edits",
    [
        ((PORT, f'{PORT}\npin = "{CANARY}";'),),
        ((PORT, f"{PORT}\npin = {CANARY};"),),
        ((PORT, f'{PORT}\npin = ("{CANARY}", "{CANARY}");'),),
        ((PORT, f'{PORT}\npin = "{CANARY}\\t";'),),
        ((PORT, f'{PORT}\nproxy_password = "C:\\temp{CANARY}";'),),
        ((PORT, f'{PORT}\n# pin = "{CANARY}"'),),
        ((PROXY, f'{PROXY}\nproxy_password = "{CANARY}'),),
        ((PROXY, f'{PROXY}\nproxy_password "{CANARY}";'),),
        (("version", f'# managed by puppet, pin = "{CANARY}"\nversion'),),
    ],
)
def test_no_problem_ever_shows_a_password(edits: tuple[Edit, ...]) -> None:
    problems = check_text(edited(*edits))

    assert problems
    assert CANARY not in "\n".join(map(repr, problems))


# Documents and included files


def test_a_document_is_checked_like_its_text() -> None:
    text = edited((PORT, "port = 2310;"))

    assert check_document(parse(text)) == check_text(text)


def test_an_included_file_is_checked_with_its_own_places(tmp_path: Path) -> None:
    (tmp_path / "slots.cfg").write_text('slot0: { user_name = "ALPHA"; id = "1"; pin = "x-1"; };\n')
    text = edited(
        without("slot0:", "/* 01 */\n        };"),
        ("      slots:\n      {\n        \n", '      slots:\n      {\n@include "slots.cfg"\n'),
    )

    problems = check_text(text, include_dir=tmp_path)

    places = {(problem.code, Path(problem.place.file).name, problem.place.line) for problem in problems}
    assert ("wrong-type", "slots.cfg", 1) in places
    assert ("clear-pin", "slots.cfg", 1) in places


def test_problems_come_in_the_order_of_the_file() -> None:
    text = edited((OTHER_USER, ""), (HOST, ""), ('version = "1.0";', ""))

    lines = [problem.place.line for problem in check_text(text)]

    assert lines == sorted(lines)


def test_a_remedy_for_a_copy_names_the_id_of_its_partition() -> None:
    text = edited(("id = 1; /* 10 */", ""))

    (problem,) = check_text(text)

    assert problem.remedy == "add id = 1;"
    assert read(parse(text)).next_free_id == 3


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("/* setup password: FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3 */", "clear-pin-in-comment"),
        ("# told by phone: FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3\n", "clear-pin-in-comment"),
        ('x = "FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3";', "clear-pin"),
        ('Pin = "abc";', "clear-pin"),
        ('pins = [ "abc", "def" ];', "clear-pin"),
        ('setup_password = "abc";', "clear-pin"),
        ('proxy_pasword = "abc";', "clear-proxy-password"),
        ('password = "abc";', "clear-password"),
        ('pin = "abc;\n', "clear-pin"),
    ],
)
def test_a_password_of_any_name_or_shape_is_found_once(line: str, check: str) -> None:
    found = [problem for problem in check_text(line) if problem.code.startswith("clear-")]

    assert [problem.code for problem in found] == [check]


def test_no_message_repeats_a_setup_password() -> None:
    text = 'primus: { hsms: { hsm0: { host = "FXAJX-XWVQ3-DC0O5-3SLQF-LJ9L3 "; }; }; };'

    assert "XWVQ3" not in repr(check_text(text))


def test_names_that_are_no_utf8_are_shown_byte_by_byte() -> None:
    found = check_text('primus: { hsms: { hsm0: { host = "PARTITI\udcd6N "; }; }; };')

    assert any(r"'PARTITI\xd6N '" in problem.message for problem in found)
    assert not any("udcd6" in problem.message for problem in found)
