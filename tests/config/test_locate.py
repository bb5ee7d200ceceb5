"""Which primus.cfg and .secrets.cfg are taken, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ppinui.config.locate import Location, locate, search_places, secrets_location
from ppinui.errors import PpinuiError
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user

Search = Callable[..., Location]

BOTH = pytest.mark.parametrize(
    ("search", "name", "option", "variable"),
    [
        (locate, "primus.cfg", "-c", "SECUROSYS_PKCS11_CONF"),
        (secrets_location, ".secrets.cfg", "-s", "SECUROSYS_SECRETS_CONF"),
    ],
    ids=["primus.cfg", ".secrets.cfg"],
)


def _put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@BOTH
def test_etc_primus_goes_before_the_folder_that_updates_overwrite(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    last = _put(tmp_path / "usr/local/primus/etc" / name)
    assert search(environ={}, root=tmp_path) == Location(last, str(last.parent), exists=True)
    first = _put(tmp_path / "etc/primus" / name)
    assert search(environ={}, root=tmp_path) == Location(first, str(first.parent), exists=True)


@BOTH
def test_the_variable_goes_before_the_folders_and_the_option_before_all(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    _put(tmp_path / "etc/primus" / name)
    environ = {variable: str(_put(tmp_path / "by-variable"))}
    assert search(environ=environ, root=tmp_path) == Location(
        tmp_path / "by-variable", f"the environment variable {variable}", exists=True
    )
    mine = _put(tmp_path / "mine")
    assert search(mine, environ=environ, root=tmp_path) == Location(mine, option, exists=True)


@BOTH
def test_a_variable_that_names_no_file_is_an_error_that_names_the_variable(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    _put(tmp_path / "etc/primus" / name)
    with pytest.raises(PpinuiError) as caught:
        search(environ={variable: "/no/such/file"}, root=tmp_path)
    assert variable in caught.value.message
    assert caught.value.place == "/no/such/file"


@BOTH
def test_an_option_that_names_no_file_is_an_error_that_names_the_option(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    _put(tmp_path / "etc/primus" / name)
    with pytest.raises(PpinuiError) as caught:
        search(tmp_path / "missing", environ={}, root=tmp_path)
    assert caught.value.message.startswith(f"{option} names a file that is not there")
    with pytest.raises(PpinuiError) as caught:
        search(tmp_path, environ={}, root=tmp_path)
    assert caught.value.message == f"{option} names a folder, not a file"


@BOTH
def test_where_no_file_is_all_places_are_named(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    with pytest.raises(PpinuiError) as caught:
        search(environ={}, root=tmp_path)
    message, where, remedy = caught.value.lines()
    assert option in message
    assert variable in message
    assert f"{tmp_path}/etc/primus/{name}, {tmp_path}/usr/local/primus/etc/{name}" in where
    assert f"{option} FILE" in remedy


@BOTH
def test_an_empty_variable_counts_as_not_set(
    tmp_path: Path, search: Search, name: str, option: str, variable: str
) -> None:
    found = search(environ={variable: ""}, root=_put(tmp_path / "etc/primus" / name).parents[2])
    assert found.path == tmp_path / "etc/primus" / name


def test_a_new_file_belongs_where_the_first_rule_says(tmp_path: Path) -> None:
    new = locate(environ={}, root=tmp_path, must_exist=False)
    assert (new.path, new.exists) == (tmp_path / "etc/primus/primus.cfg", False)
    named = locate("new.cfg", environ={}, root=tmp_path, must_exist=False)
    assert named == Location(Path("new.cfg"), "-c", exists=False)
    by_variable = locate(environ={"SECUROSYS_PKCS11_CONF": "/no/such"}, must_exist=False)
    assert (by_variable.path, by_variable.exists) == (Path("/no/such"), False)


def test_a_folder_in_the_place_of_the_file_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "etc/primus/primus.cfg").mkdir(parents=True)
    last = _put(tmp_path / "usr/local/primus/etc/primus.cfg")
    assert locate(environ={}, root=tmp_path).path == last


def test_a_link_without_a_target_counts_as_missing(tmp_path: Path) -> None:
    link = tmp_path / "etc/primus/primus.cfg"
    link.parent.mkdir(parents=True)
    link.symlink_to("gone.cfg")
    with pytest.raises(PpinuiError):
        locate(environ={}, root=tmp_path)


def test_a_folder_that_is_closed_to_us_is_not_passed_by_in_silence() -> None:
    with folder_of_ordinary_user() as root:
        closed = _put(root / "etc/primus/primus.cfg").parent
        _put(root / "usr/local/primus/etc/primus.cfg")
        closed.chmod(0)

        def search(explicit: Path | None) -> tuple[str, str, str]:
            with pytest.raises(PpinuiError) as caught:
                locate(explicit, environ={}, root=root)
            return caught.value.lines()

        try:
            for explicit in (None, closed / "primus.cfg"):
                message, where, remedy = as_ordinary_user(partial(search, explicit))
                assert "may not look" in message
                assert str(closed / "primus.cfg") in where
                assert "group primus" in remedy
            assert as_ordinary_user(
                lambda: [place.exists for place in search_places(environ={}, root=root)]
            ) == [
                False,
                True,
            ]
        finally:
            closed.chmod(0o755)


def test_the_search_can_be_shown_place_by_place(tmp_path: Path) -> None:
    _put(tmp_path / "usr/local/primus/etc/.secrets.cfg")
    places = search_places(environ={}, root=tmp_path, secrets=True)
    assert [(str(place.path.relative_to(tmp_path)), place.exists) for place in places] == [
        ("etc/primus/.secrets.cfg", False),
        ("usr/local/primus/etc/.secrets.cfg", True),
    ]
    (only,) = search_places(environ={"SECUROSYS_PKCS11_CONF": "/x/primus.cfg"}, root=tmp_path)
    assert only == Location(
        Path("/x/primus.cfg"), "the environment variable SECUROSYS_PKCS11_CONF", exists=False
    )
