"""A document gives back every byte, and shows what stands where."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Kind, encode, load, parse
from ppinui.libconfig.edit import set_value
from tests.libconfig.c_libconfig import Witness
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user

STRANGE = 'a\t=\t1 ;\r\n# eins\r\n//zwei\n/* drei\n */b: { c = "\udce9" "x" /* y */ "z", }'


def test_the_vendors_templates_come_back_unchanged(cluster: Path, standalone: Path) -> None:
    for template in (cluster, standalone):
        assert encode(load(template).text) == template.read_bytes()


def test_crlf_tabs_latin_1_and_a_missing_last_newline_come_back_unchanged() -> None:
    assert parse(STRANGE).text == STRANGE
    assert encode(STRANGE).count(b"\xe9") == 1


def test_every_setting_of_the_template_has_its_path_type_and_value(standalone: Path) -> None:
    settings = {setting.path: setting.value for setting in load(standalone).walk() if setting.kind.scalar}
    assert settings["version"] == "1.0"
    assert settings["primus.wait_delay"] == 250
    assert settings["primus.connect_on_init"] is True
    assert settings["primus.hsms.hsm0.port"] == "2310"
    assert settings["primus.hsms.hsm0.slots.slot0.id"] == 0
    assert settings["primus.log.trace_mask"] == 0
    assert len(settings) == 19


def test_settings_come_in_the_order_of_the_file_parents_first(standalone: Path) -> None:
    paths = [setting.path for setting in load(standalone).walk()]
    assert paths[:4] == ["version", "primus", "primus.wait_delay", "primus.wait_max_tries"]
    assert paths.index("primus.hsms") < paths.index("primus.hsms.hsm0") < paths.index("primus.hsms.hsm0.host")


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        ("1", Kind.INT, 1),
        ("-007", Kind.INT, -7),
        ("+3", Kind.INT, 3),
        ("0x1F", Kind.INT, 31),
        ("0xFFFFFFFF", Kind.INT, -1),
        ("3000000000", Kind.INT, -1294967296),
        ("99999999999999999999", Kind.INT, -1),
        ("-" + "9" * 5000, Kind.INT, 0),
        ("0" * 5000 + "12", Kind.INT, 12),
        ("9" * 5000 + "L", Kind.INT64, 2**63 - 1),
        ("0x" + "F" * 5000, Kind.INT, -1),
        ("9" * 400 + ".0", Kind.FLOAT, float("inf")),
        ("3000000000L", Kind.INT64, 3000000000),
        ("0XffLL", Kind.INT64, 255),
        ("99999999999999999999L", Kind.INT64, 2**63 - 1),
        ("0xFFFFFFFFFFFFFFFFL", Kind.INT64, -1),
        ("1.5", Kind.FLOAT, 1.5),
        (".", Kind.FLOAT, 0.0),
        ("1e999", Kind.FLOAT, float("inf")),
        ("TrUe", Kind.BOOL, True),
        ("FALSE", Kind.BOOL, False),
        ('"x"', Kind.STRING, "x"),
        ('"a" /* and "c" */ "b"\n"d"', Kind.STRING, "abd"),
        (r'"\n\r\t\f\\\""', Kind.STRING, '\n\r\t\f\\"'),
        (r'"\a\q\x4"', Kind.STRING, r"\a\q\x4"),
        (r'"\x41\xc3\xa9"', Kind.STRING, "Aé"),
        (r'"\xe9"', Kind.STRING, "\udce9"),
        (r'"a\x00b"', Kind.STRING, "ab"),
        ('"a\0b"', Kind.STRING, "a"),
    ],
)
def test_a_value_is_what_the_c_library_reads(raw: str, kind: Kind, value: object, witness: Witness) -> None:
    (said,) = witness.read([encode(f"a = {raw};")])
    assert said.rows == ((0, "a", kind.value, encode(value) if isinstance(value, str) else value),)
    setting = parse(f"a = {raw};").get("a")
    assert setting is not None
    assert setting.raw == raw
    assert setting.kind is kind
    assert setting.value == value
    assert type(setting.value) is type(value)


def test_groups_arrays_and_lists_show_their_children_by_name_and_number() -> None:
    document = parse('a = { b = [1, 2]; c = ( "x", { d = true; } ); };')
    group = document.get("a")
    assert group is not None
    assert [child.name for child in group.children] == ["b", "c"]
    assert document.get("a.b.[1]").value == 2  # type: ignore[union-attr]
    inner = document.get("a.c.[1].d")
    assert inner is not None
    assert inner.path == "a.c.[1].d"
    assert inner.value is True
    assert [setting.path for setting in document.walk()] == [
        *("a", "a.b", "a.b.[0]", "a.b.[1]", "a.c", "a.c.[0]", "a.c.[1]", "a.c.[1].d"),
    ]


def test_what_is_not_there_is_none() -> None:
    document = parse("a = { b = [1]; };")
    for path in ("x", "a.x", "a.b.[1]", "a.b.x", "a.b.[0].x", "a.", ".a"):
        assert document.get(path) is None, path
    assert document.get("") == document.root


def test_a_group_has_no_scalar_value() -> None:
    with pytest.raises(TypeError):
        _ = parse("a = { };").root.value


def test_offsets_and_places_point_at_names_and_values() -> None:
    document = parse("\n  port = \t2310 ;\n", "my.cfg")
    setting = document.get("port")
    assert setting is not None
    assert document.text[setting.start : setting.end] == "port = \t2310 ;"
    assert document.text[setting.value_start : setting.value_end] == "2310"
    assert str(setting.place) == "my.cfg:2:3"
    assert str(document.place_of(setting.value_start)) == "my.cfg:2:11"
    assert not setting.read_only


def test_comments_of_all_kinds_are_found_and_marks_in_strings_are_none() -> None:
    text = 'a = "# // /*"; # one\r\n// two\n/* three\n */ b = 1; /* four'
    comments = list(parse(text).comments())
    assert [comment.text for comment in comments] == ["# one", "// two", "/* three\n */", "/* four"]
    assert all(text[comment.start : comment.end] == comment.text for comment in comments)


def test_duplicates_can_be_read_when_asked_for() -> None:
    document = parse("a = 1; b = { c = 1; c = 2; }; a = 2; a = 3;", allow_duplicates=True)
    assert [(setting.path, setting.value) for setting in document.duplicates] == [
        ("b.c", 2),
        ("a", 2),
        ("a", 3),
    ]
    assert document.get("a").value == 1  # type: ignore[union-attr]
    assert parse("a = 1;").duplicates == ()


def test_settings_of_one_document_can_be_compared_and_kept_in_sets() -> None:
    document = parse("a = 1; b = 1;")
    assert document.get("a") == document.get("a")
    assert document.get("a") != document.get("b")
    assert len({*document.walk(), *document.walk()}) == 2
    assert document.get("a") != parse("a = 1; b = 1;").get("a")


def test_a_setting_shows_its_path_and_place_but_never_its_value() -> None:
    shown = repr(parse('primus: { pin = "FXAJX"; };').get("primus.pin"))
    assert shown == "<Setting primus.pin (string) at primus.cfg:1:11>"


def test_an_edit_leaves_the_old_document_as_it_was() -> None:
    old = parse("a = 1; b = 2;")
    new = set_value(old, "a", 10)
    assert old.text == "a = 1; b = 2;"
    assert new.text == "a = 10; b = 2;"
    assert new.get("b").value == 2  # type: ignore[union-attr]
    assert new.get("b").place.column == 9  # type: ignore[union-attr]


def test_a_missing_file_is_a_message_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError) as missing:
        load(tmp_path / "primus.cfg")
    assert missing.value.lines() == (
        "ppinui: the configuration cannot be read: No such file or directory",
        f"  where: {tmp_path}/primus.cfg",
        "  fix: check the path, or name the file with -c FILE",
    )


def test_a_file_of_another_group_says_which_membership_is_missing() -> None:
    def read(path: Path) -> str:
        with pytest.raises(PpinuiError) as refused:
            load(path)
        return refused.value.remedy

    with folder_of_ordinary_user() as folder:
        path = folder / "primus.cfg"
        path.touch(mode=0o000)
        assert "newgrp primus" in as_ordinary_user(lambda: read(path))


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(PpinuiError, match="cannot be read: Is a directory"):
        load(tmp_path)
