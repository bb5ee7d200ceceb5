"""Telling a kms.toml from a primus.cfg, and finding the one that the KMS takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.kms.kms_locate import is_kms_file, locate_kms
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user


@pytest.mark.parametrize(
    ("text", "is_kms"),
    [
        ('hsm_model = "other"\n', True),
        ("\r\n  hsm_slot=[1]\r\n", True),
        ('[[hsm_instances]]\nhsm_model = "x"\n', True),
        ('default_username = "admin"\n[db]\r\nx = 1\n', True),
        ("primus: {\n hsm_slot = 1;\n};\n", False),
        ("primus:\n{\n hsms: { hsm0: { slots: { }; }; };\n};\n[db]\n", False),
        ('version = "1.0";\n', False),
        ("# hsm_model\n", False),
        ("", False),
    ],
)
def test_a_kms_file_is_told_by_its_contents(text: str, is_kms: bool, tmp_path: Path) -> None:
    path = tmp_path / "primus.cfg"
    path.write_text(text, newline="")
    assert is_kms_file(path) is is_kms


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_kms_file(tmp_path / "pipe")
    assert not is_kms_file(tmp_path / "gone")


def test_the_order_is_that_of_the_kms(tmp_path: Path) -> None:
    environ = {"COSMIAN_KMS_CONF": str(tmp_path / "of-the-variable.toml")}
    assert locate_kms("given.toml", environ=environ, must_exist=False) == Path("given.toml")
    assert locate_kms(None, environ=environ, must_exist=False).name == "of-the-variable.toml"
    assert locate_kms(None, environ={}, root=tmp_path, must_exist=False) == tmp_path / "etc/cosmian/kms.toml"


def test_no_file_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError, match=r"there is no kms\.toml") as caught:
        locate_kms(None, environ={}, root=tmp_path)
    assert caught.value.place == str(tmp_path / "etc/cosmian/kms.toml")


def test_a_folder_that_is_closed_is_an_error_and_no_crash() -> None:
    def look(folder: Path) -> str:
        (folder / "closed").mkdir()
        (folder / "closed").chmod(0)
        try:
            locate_kms(str(folder / "closed/kms.toml"), environ={}, must_exist=False)
        except PpinuiError as error:
            return error.message
        finally:
            (folder / "closed").chmod(0o700)
        return ""

    with folder_of_ordinary_user() as folder:
        message = as_ordinary_user(lambda: look(folder))
    assert message.startswith("this account may not look")
