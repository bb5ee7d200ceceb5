"""What comes by @include is shown with its file, and is not ours to edit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ppinui.libconfig.compatibility import find_warnings
from ppinui.libconfig.document import ConfigSyntaxError, Document, EditRefused, parse
from ppinui.libconfig.edit import remove, rename, set_value
from ppinui.libconfig.includes import decode
from ppinui.libconfig.insert import copy, insert
from tests.libconfig.c_libconfig import Witness
from tests.libconfig.made_documents import exactly, tree_of

MAIN = """\
primus:
{
  wait_delay = 250;
  @include "hsms.cfg"
  log: { };
};
"""
HSMS = """\
# two HSMs
hsms:
{
  hsm0: { host = "a"; };
  hsm1: { host = "b"; };
};
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    (tmp_path / "hsms.cfg").write_text(HSMS)
    return parse(MAIN, include_dir=tmp_path)


def test_included_settings_stand_where_the_file_is_included(document: Document) -> None:
    assert document.text == MAIN
    assert [setting.path for setting in document.walk()] == [
        *("primus", "primus.wait_delay", "primus.hsms", "primus.hsms.hsm0", "primus.hsms.hsm0.host"),
        *("primus.hsms.hsm1", "primus.hsms.hsm1.host", "primus.log"),
    ]


def test_an_included_setting_is_read_only_and_knows_its_file(document: Document, tmp_path: Path) -> None:
    host = document.get("primus.hsms.hsm1.host")
    assert host is not None
    assert host.read_only
    assert host.value == "b"
    assert str(host.place) == f"{tmp_path}/hsms.cfg:5:11"
    assert HSMS[host.value_start : host.value_end] == '"b"'
    log = document.get("primus.log")
    assert log is not None
    assert not log.read_only
    assert str(log.place) == "primus.cfg:5:3"
    assert MAIN[log.start : log.end] == "log: { };"
    primus = document.get("primus")
    assert primus is not None
    assert not primus.read_only
    assert MAIN[primus.start : primus.end] == MAIN.rstrip("\n")


def test_editing_an_included_setting_is_refused_and_names_the_file(
    document: Document, tmp_path: Path
) -> None:
    edits = [
        lambda: set_value(document, "primus.hsms.hsm0.host", "c"),
        lambda: insert(document, "primus.hsms", "hsm2", {}),
        lambda: copy(document, "primus.hsms.hsm0", "hsm2"),
        lambda: remove(document, "primus.hsms.hsm0"),
        lambda: rename(document, "primus.hsms", "others"),
    ]
    for edit in edits:
        with pytest.raises(EditRefused) as refused:
            edit()
        assert refused.value.remedy == f"edit {tmp_path}/hsms.cfg instead"


def test_own_settings_can_be_edited_around_an_include(document: Document) -> None:
    edited = rename(
        insert(
            insert(set_value(document, "primus.wait_delay", 300), "primus", "wait_max_tries", 5),
            "primus.log",
            "trace_level",
            4,
        ),
        "primus",
        "first",
    )
    assert edited.text == (
        MAIN.replace("250;\n", "300;\n  wait_max_tries = 5;\n")
        .replace("log: { }", "log: { trace_level = 4; }")
        .replace("primus:", "first:")
    )
    assert edited.get("first.hsms.hsm1.host").value == "b"  # type: ignore[union-attr]


def test_a_group_that_includes_a_file_is_copied_and_removed_with_the_directive(document: Document) -> None:
    copied = copy(document, "primus", "second")
    assert copied.text == MAIN + MAIN.replace("primus:", "second:")
    assert remove(copied, "second").text == MAIN
    assert remove(copied, "primus").get("second.hsms.hsm1.host").value == "b"  # type: ignore[union-attr]


def test_an_edited_document_sees_the_included_file_as_it_was_read(document: Document, tmp_path: Path) -> None:
    (tmp_path / "hsms.cfg").unlink()
    assert set_value(document, "primus.wait_delay", 1).get("primus.hsms.hsm0") is not None


def test_a_relative_name_is_looked_for_in_the_working_directory_as_in_c(
    tmp_path: Path, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hsms.cfg").write_text(HSMS)
    monkeypatch.chdir(tmp_path)
    document = parse(MAIN)
    (said,) = witness.read([MAIN.encode()], folder=tmp_path)
    assert exactly(tree_of(document.root)) == exactly(said.tree())
    (warning,) = find_warnings(document)
    assert warning.message == (
        "the included file is looked for in the working directory of each program, not beside this file"
    )
    assert str(warning.place) == "primus.cfg:4:3"


def test_a_missing_file_is_an_error_at_its_directive(tmp_path: Path) -> None:
    with pytest.raises(ConfigSyntaxError) as missing:
        parse(MAIN, include_dir=tmp_path)
    assert str(missing.value.at) == "primus.cfg:4:3"
    assert missing.value.found == '@include "hsms.cfg", which cannot be opened (No such file or directory)'
    assert f"in the include directory {tmp_path}" in missing.value.remedy


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "hsms.cfg").write_text("\nhsms: { host = ; };\n")
    with pytest.raises(ConfigSyntaxError) as wrong:
        parse(MAIN, include_dir=tmp_path)
    assert str(wrong.value.at) == f"{tmp_path}/hsms.cfg:2:16"


def test_files_that_include_one_another_end_at_the_depth_of_the_c_library(
    tmp_path: Path, witness: Witness
) -> None:
    def chain(length: int) -> bytes:
        for number in range(1, length):
            (tmp_path / f"{number}.cfg").write_text(f'a{number} = 1;\n@include "{number + 1}.cfg"\n')
        (tmp_path / f"{length}.cfg").write_text("last = 1;\n")
        return b'@include "1.cfg"\n'

    for length, accepted in ((10, True), (11, False)):
        text = chain(length)
        (said,) = witness.read([text], include_dir=tmp_path)
        assert said.accepted is accepted
        if accepted:
            assert parse(decode(text), include_dir=tmp_path).get("last") is not None
        else:
            with pytest.raises(ConfigSyntaxError, match="at most 10 files that include one another"):
                parse(decode(text), include_dir=tmp_path)
    (tmp_path / "loop.cfg").write_text('@include "loop.cfg"\n')
    with pytest.raises(ConfigSyntaxError) as loop:
        parse('@include "loop.cfg"\n', include_dir=tmp_path)
    assert loop.value.remedy == "break the circle of includes"


@pytest.mark.parametrize(
    ("main", "included"),
    [
        ('a =\n@include "x"\n;', "1"),
        ('a = "x"\n@include "x"\n', '"y";'),
        ('a = [ 1,\n@include "x"\n];', "2, 3"),
        ('a = {\n@include "x"\n', "b = 1; }"),
        ('@include "x"\nb = 1; };', "a = { c = 2;"),
        ('@include "x"\n/* ends here */ b = 1;', "a = 1; /* begins"),
        ('@include "x"\n" b = 1;', 'a = "begins'),
        ('@include "x" b = 1;', "a = 1"),
        ('@include "x"b = 1;', "a = 1"),
        ('\n \t@include \t"x"\n@include "y"\n', "a = 1;"),
        ('@include "x"\n', "a = 1; # no newline"),
        ('@include "x"\n', 'a = 1; @include "y"'),
        ('@include "x"@include "y"\n', "a = 1;"),
        ('a = 1; /*\n@include "x"\n*/', "b = 1;"),
        ('@include "\\x"\n', "a = 1;"),
    ],
)
def test_includes_are_read_character_by_character_as_in_c(
    main: str, included: str, tmp_path: Path, witness: Witness
) -> None:
    (tmp_path / "x").write_text(included)
    (tmp_path / "y").write_text("y = 1;")
    (said,) = witness.read([main.encode()], include_dir=tmp_path)
    if said.accepted:
        document = parse(main, include_dir=tmp_path)
        assert document.text == main
        assert exactly(tree_of(document.root)) == exactly(said.tree())
        for setting in document.walk():
            assert setting.read_only or setting.place.file == "primus.cfg"
    else:
        with pytest.raises(ConfigSyntaxError):
            parse(main, include_dir=tmp_path)


def test_an_included_folder_or_unreadable_name_is_an_error(tmp_path: Path) -> None:
    os.mkdir(tmp_path / "x")
    for name in ("x", "x/y", ""):
        with pytest.raises(ConfigSyntaxError, match="which cannot be opened"):
            parse(f'@include "{name}"\n', include_dir=tmp_path)
