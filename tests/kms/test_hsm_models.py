"""The library that a KMS loads for each model."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.cli.kms.kms_grammar import MODELS
from ppinui.kms.hsm_models import NAMES, LibraryMissing, Model, library_of, require_library


def test_the_command_line_knows_the_models() -> None:
    assert MODELS == NAMES


@pytest.mark.parametrize(
    ("model", "place"),
    [
        (Model.OTHER, "lib/libkmshsm.so"),
        (Model.PROTECCIO, "lib/libnethsm.so"),
        (Model.CRYPT2PAY, "lib/libpkcs11c2p.so"),
        (Model.UTIMACO, "lib/libcs_pkcs11_R3.so"),
        (Model.SOFTHSM2, "usr/lib/softhsm/libsofthsm2.so"),
        (Model.SMARTCARDHSM, "usr/local/lib/libsc-hsm-pkcs11.so"),
    ],
)
def test_each_model_has_one_place(model: Model, place: str, tmp_path: Path) -> None:
    assert library_of(model, environ={}, root=tmp_path).path == tmp_path / place


def test_the_kms_s_variable_goes_first(tmp_path: Path) -> None:
    library = library_of(Model.OTHER, environ={"OTHER_HSM_PKCS11_LIB": str(tmp_path / "lib.so")})
    assert library.path == tmp_path / "lib.so"
    assert "OTHER_HSM_PKCS11_LIB" in library.rule


def test_a_library_that_is_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libkmshsm.so").touch()
    library = library_of(Model.OTHER, environ={}, root=tmp_path)
    assert require_library(library, root=tmp_path) == tmp_path / "lib/libkmshsm.so"


def test_a_missing_library_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing) as caught:
        require_library(library_of(Model.OTHER, environ={}, root=tmp_path), root=tmp_path)
    assert caught.value.place == str(tmp_path / "lib/libkmshsm.so")
    assert caught.value.remedy.endswith(f"sudo ln -s LIBRARY {tmp_path / 'lib/libkmshsm.so'}")


def test_a_library_that_lies_elsewhere_is_to_be_linked(tmp_path: Path) -> None:
    elsewhere = tmp_path / "opt/utimaco/lib/libcs_pkcs11_R3.so"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.touch()
    with pytest.raises(LibraryMissing) as caught:
        require_library(library_of(Model.UTIMACO, environ={}, root=tmp_path), root=tmp_path)
    assert caught.value.remedy == f"sudo ln -s {elsewhere} {tmp_path / 'lib/libcs_pkcs11_R3.so'}"


def test_a_link_that_leads_nowhere_says_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libkmshsm.so").symlink_to("/gone/libvendor.so")
    with pytest.raises(LibraryMissing, match=r"leads nowhere: /gone/libvendor\.so is not there"):
        require_library(library_of(Model.OTHER, environ={}, root=tmp_path), root=tmp_path)
