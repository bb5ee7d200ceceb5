"""What is wrong with a kms.toml besides its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ppinui.diagnostic import Diagnostic
from ppinui.errors import PpinuiError
from ppinui.kms.kms_checks import check_file, is_well_known
from ppinui.secrets.secret import Secret
from tests.rig.softhsm import find_softhsm

Check = Callable[..., tuple[Diagnostic, ...]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """`check('hsm_slot = [1]…', mode=0o644, slots={1: "A"})`: the problems of such a file."""

    def go(
        text: str, *, mode: int = 0o600, slots: Mapping[int, str] | PpinuiError | None = None
    ) -> tuple[Diagnostic, ...]:
        def read(_library: Path) -> Mapping[int, str]:
            if isinstance(slots, PpinuiError):
                raise slots
            assert slots is not None
            return slots

        path = tmp_path / "kms.toml"
        path.write_text(text)
        path.chmod(mode)
        environ = {"OTHER_HSM_PKCS11_LIB": str(find_softhsm())}
        return check_file(path, read_slots=None if slots is None else read, environ=environ, root=tmp_path)

    return go


def kms(*pins: str, slots: str | None = None) -> str:
    passwords = ", ".join(f'"{pin}"' for pin in pins)
    numbers = slots or ", ".join(str(number) for number in range(len(pins)))
    return f'hsm_model = "other"\nhsm_slot = [{numbers}]\nhsm_password = [{passwords}]\n'


def names(problems: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{problem.severity.value} {problem.code}" for problem in problems]


def test_a_sound_file_has_a_note_on_its_clear_text_alone(check: Check) -> None:
    (note,) = check(kms("7H3-kx"))
    assert (note.severity.value, note.code, note.place.line) == ("note", "pin-in-clear-text", 3)
    assert "KMS_HSM_PASSWORD" in note.remedy


def test_a_file_without_pins_has_nothing_to_note(check: Check) -> None:
    assert check(kms("<NO_LOGIN>", "", "secret://kv/hsm")) == ()


@pytest.mark.parametrize(
    ("mode", "pin", "expected"),
    [
        (0o644, "7H3-kx", ["error file-readable-by-all"]),
        (0o644, "<NO_LOGIN>", ["warning file-readable-by-all"]),
        (0o640, "7H3-kx", ["note file-readable-by-group"]),
        (0o640, "<NO_LOGIN>", []),
        (0o602, "<NO_LOGIN>", ["error file-writable-by-all"]),
    ],
)
def test_who_can_read_and_change_the_file(mode: int, pin: str, expected: list[str], check: Check) -> None:
    assert [name for name in names(check(kms(pin), mode=mode)) if "file" in name] == expected


@pytest.mark.parametrize("pin", ["98765432", "000000", "1111", "1234", "ChangeMe"])
def test_a_well_known_pin_is_warned_of_and_not_shown(pin: str, check: Check) -> None:
    problems = check(kms("7H3-kx", pin))
    (warning,) = [problem for problem in problems if problem.code == "pin-well-known"]
    assert (warning.place.line, warning.place.column) == (3, 27)
    assert "slot 1" in warning.message
    assert pin not in str(problems)


def test_other_pins_are_not_well_known() -> None:
    assert not is_well_known(Secret("7H3-kx"))
    assert not is_well_known(Secret("98765433"))


def test_a_file_without_an_hsm_is_told_how_to_get_one(check: Check) -> None:
    assert names(check("[db]\nx = 1\n")) == ["error no-hsm"]


def test_slots_that_the_library_lacks_are_errors_at_their_place(check: Check) -> None:
    (problem,) = check(kms("", "", slots="5, 8"), slots={5: "A", 6: "B"})
    assert (problem.code, problem.place.line, problem.place.column) == ("slot-not-there", 2, 16)
    assert "it has 5 'A', 6 'B'" in problem.remedy


def test_a_library_that_cannot_be_asked_is_a_note(check: Check) -> None:
    (problem,) = check(kms(""), slots=PpinuiError("it hung", "libx.so", "try again"))
    assert (problem.severity.value, problem.code) == ("note", "library-silent")
    assert "it hung" in problem.message


def test_a_missing_library_is_an_error_at_the_model(check: Check) -> None:
    (problem,) = check('hsm_slot = [1]\nhsm_model = "utimaco"\nhsm_password = [""]\n')
    assert problem.code == "library-missing"
    assert problem.subject == "hsm_model"


def test_a_link_that_leads_nowhere_is_a_missing_library(check: Check, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libnethsm.so").symlink_to("/gone/lib.so")
    (problem,) = check('hsm_model = "proteccio"\nhsm_slot = [1]\nhsm_password = [""]\n')
    assert (problem.code, "leads nowhere" in problem.message) == ("library-missing", True)


def test_a_library_that_is_none_is_unusable(check: Check, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libnethsm.so").write_text("not a library")
    (problem,) = check('hsm_model = "proteccio"\nhsm_slot = [1]\nhsm_password = [""]\n')
    assert problem.code == "library-unusable"


def test_both_forms_and_a_slot_of_two_instances_are_warned_of(check: Check) -> None:
    instance = '[[hsm_instances]]\nhsm_model = "other"\nhsm_slot = [3, 1]\nhsm_password = ["", ""]\n'
    assert names(check(kms("", slots="1") + instance)) == [
        "warning two-forms",
        "warning slot-of-two-instances",
    ]
