"""Reading a kms.toml: its HSMs, and each thing that is wrong with it, at its place."""

from __future__ import annotations

import pytest

from ppinui.diagnostic import Severity
from ppinui.kms.hsm_models import Model
from ppinui.kms.kms_file import KmsFile, Login
from ppinui.kms.kms_reader import parse
from ppinui.secrets.secret import Secret

SEED = """hsm_model = "other"
hsm_admin = "ADMIN" # defaults to "admin"
hsm_slot = [0, 4, 7, 9, ] # the slots
hsm_password = ["000111", "", "<NO_LOGIN>", "secret://kv/hsm#pin", ] # in the same order
"""
INSTANCES = """default_username = "admin"

[[hsm_instances]]
hsm_model    = "softhsm2"
hsm_admin    = ["tech@example.com"]
hsm_slot     = [0]
hsm_password = ["one"]

[[hsm_instances]]
hsm_model    = "utimaco"
hsm_slot     = [0, 1]
hsm_password = ["two", "three"]

[db]
database_type = "sqlite"
"""


def found(text: str, severity: Severity | None = None) -> list[str]:
    """The problems as ``LINE:COLUMN check``."""
    return [
        f"{problem.place.line}:{problem.place.column} {problem.code}"
        for problem in parse(text, "kms.toml").problems
        if severity is None or problem.severity is severity
    ]


def logins(file: KmsFile) -> list[tuple[int | None, Login]]:
    return [(slot.id, slot.login) for instance in file.instances for slot in instance.slots]


def test_the_flat_form_is_read_with_each_way_to_log_in() -> None:
    file = parse(SEED, "kms.toml")
    (instance,) = file.instances

    assert (instance.name, instance.path, instance.model) == ("hsm0", "", Model.OTHER)
    assert instance.admins == ("ADMIN",)
    assert logins(file) == [(0, Login.PIN), (4, Login.EMPTY), (7, Login.NONE), (9, Login.ELSEWHERE)]
    assert instance.slots[0].pin == Secret("000111")
    assert [slot.pin for slot in instance.slots[1:]] == [None, None, None]
    assert str(instance.slots[1].place) == "kms.toml:3:16"
    assert found(SEED) == ["2:1 admin-not-list"]


def test_several_instances_go_before_the_flat_form() -> None:
    file = parse('hsm_model = "other"\nhsm_slot = [3]\nhsm_password = ["x"]\n' + INSTANCES, "kms.toml")

    assert [(one.name, one.path, one.model) for one in file.instances] == [
        ("hsm0", "hsm_instances[0]", Model.SOFTHSM2),
        ("hsm1", "hsm_instances[1]", Model.UTIMACO),
        ("hsm2", "", Model.OTHER),
    ]
    assert [slot.id for one in file.instances for slot in one.slots] == [0, 0, 1, 3]
    assert not file.problems


def test_what_is_read_shows_no_pin() -> None:
    file = parse(INSTANCES.replace('"two"', '"canary-4711"'), "kms.toml")
    assert "canary-4711" not in repr(file)


def test_wiping_leaves_no_pin() -> None:
    file = parse(SEED, "kms.toml")
    file.wipe()
    assert file.instances[0].slots[0].pin == Secret("")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('hsm_model = "other"\nhsm_slot = 5\nhsm_password = ["x"]', ["2:1 slot-not-array"]),
        ('hsm_model = "other"\nhsm_slot = [5]\nhsm_password = "x"', ["3:1 password-not-array"]),
        ('hsm_model = "other"\nhsm_slot = [5, 6]\nhsm_password = ["x"]', ["3:1 lengths-differ"]),
        ('hsm_model = "other"\nhsm_slot = [5]\nhsm_password = ["x", "y"]', ["3:1 lengths-differ"]),
        ('hsm_model = "other"\nhsm_slot = [5, 5]\nhsm_password = ["x", "y"]', ["2:16 slot-twice"]),
        ('hsm_model = "other"\nhsm_slot = ["0x1F"]\nhsm_password = ["x"]', ["2:13 slot-not-a-number"]),
        ('hsm_model = "other"\nhsm_slot = [-1]\nhsm_password = ["x"]', ["2:13 slot-not-a-number"]),
        ('hsm_model = "other"\nhsm_slot = [true]\nhsm_password = ["x"]', ["2:13 slot-not-a-number"]),
        ('hsm_model = "other"\nhsm_slot = [1]\nhsm_password = [1234]', ["3:17 password-not-text"]),
        ('hsm_model = "other"\nhsm_slot = [1]\nhsm_password = ["<password>"]', ["3:17 password-placeholder"]),
        ('hsm_model = "other"\nhsm_slot = [1]', ["2:1 no-passwords"]),
        ('hsm_model = "other"\nhsm_password = ["x"]', ["1:1 no-slots"]),
        ('hsm_model = "Luna"\nhsm_slot = [1]\nhsm_password = ["x"]', ["1:1 unknown-model"]),
        ('hsm_slot = [1]\nhsm_password = ["x"]', ["1:1 no-model"]),
        (
            'hsm_model = "other"\nhsm_admin = [1]\nhsm_slot = [1]\nhsm_password = ["x"]',
            ["2:1 admin-not-text"],
        ),
        ("hsm_instances = 3", ["1:1 instances-not-tables"]),
        ("hsm_slot = [1\nx", ["2:1 not-toml"]),
        ('a = 1\na = 2\nhsm_model = "other"', ["3:1 not-toml"]),
        ('a = "\udcff"', ["1:6 not-toml"]),
        ('a = 1\nhsm_instances = [{\nhsm_model = "other"}]', ["2:19 not-toml"]),
        (
            'hsm_model = "other"\nhsm_slot = []\nhsm_password = "x"',
            ["2:1 no-slots", "3:1 password-not-array"],
        ),
        ('hsm_model = "other"\nhsm_password = 5', ["1:1 no-slots", "2:1 password-not-array"]),
        ('hsm_model = "other"\n"hsm_\\u0073lot" = [true]\nhsm_password = ["x"]', ["2:20 slot-not-a-number"]),
        ('\ufeffhsm_model = "other"\nhsm_slot = 5\nhsm_password = ["x"]', ["2:1 slot-not-array"]),
    ],
)
def test_an_error_is_found_at_its_place(text: str, problems: list[str]) -> None:
    assert found(text, Severity.ERROR) == problems


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('hsm_model = "other"\nhsm_slot = [0x1F]\nhsm_password = ["x"]', ["2:13 slot-not-decimal"]),
        (
            'hsm_model = "other"\nhsm_slots = [1]\nhsm_slot = [1]\nhsm_password = ["x"]',
            ["2:1 unknown-setting"],
        ),
        ('[http]\nport = 1\nhsm_slot = [1]\nhsm_password = ["x"]', ["3:1 setting-in-other-table"] * 1),
        (
            'hsm_model = "other"\nhsm_admin = ["*"]\nhsm_slot = [1]\nhsm_password = ["x"]',
            ["2:1 admin-everyone"],
        ),
    ],
)
def test_a_warning_is_found_at_its_place(text: str, problems: list[str]) -> None:
    assert found(text, Severity.WARNING)[: len(problems)] == problems


def test_an_hsm_without_slots_is_not_used() -> None:
    text = 'hsm_model = "other"\nhsm_slot = []\nhsm_password = []'
    assert found(text) == ["2:1 no-slots"]


def test_a_hexadecimal_text_is_told_in_decimal() -> None:
    (problem,) = parse('hsm_model = "other"\nhsm_slot = ["0x1F"]\nhsm_password = ["x"]', "kms.toml").problems
    assert "31" in problem.remedy


def test_a_model_in_other_letters_is_recognised() -> None:
    (problem,) = parse('hsm_model = "SoftHSM2"\nhsm_slot = [1]\nhsm_password = ["x"]', "kms.toml").problems
    assert problem.remedy == 'write hsm_model = "softhsm2"'


@pytest.mark.parametrize(
    "text",
    [
        'hsm_model = "other"\nhsm_slot = ["canary-4711"]\nhsm_password = ["x"]',
        'hsm_model = "other"\nhsm_slot = [1]\nhsm_password = [canary-4711]',
        'hsm_model = "other"\nhsm_slot = [1]\nhsm_password = "canary-4711"',
        'hsm_model = "other"\nhsm_slot = [1]\nhsm_password = ["canary-4711" "x"]',
        'hsm_model = "other"\nhsm_slot = [1]\nhsm_password = ["canary-4711", 5]',
    ],
)
def test_no_problem_shows_a_pin(text: str) -> None:
    problems = parse(text, "kms.toml").problems
    assert problems
    assert "canary" not in str(problems)


def test_without_a_word_about_it_the_admin_is_the_kms_own_default() -> None:
    (instance,) = parse('hsm_model = "other"\nhsm_slot = [1]\nhsm_password = ["x"]', "kms.toml").instances
    assert instance.admins == ("admin",)
