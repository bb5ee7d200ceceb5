"""The typed view of a primus.cfg, and short paths into it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ppinui.config.paths import resolve_path, short_path
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.config.settings import (
    GLOBAL_SETTINGS,
    HSM_SETTINGS,
    LOG_SETTINGS,
    SLOT_SETTINGS,
    Level,
    SettingType,
    spec_of,
)
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import parse
from tests.config.sound_file import SOUND, edited


def config_of(text: str) -> PrimusConfig:
    return read(parse(text))


def hsm_text(settings: str) -> str:
    return f"primus = {{ hsms = {{ hsm0 = {{ {settings} }}; }}; }};"


# The table of settings


@pytest.mark.parametrize(
    ("path", "kind", "default", "limits"),
    [
        ("version", SettingType.STRING, "1.0", ""),
        ("primus.wait_delay", SettingType.INT, 250, "0–2147483647"),
        ("primus.wait_max_tries", SettingType.INT, 5, "0–2147483647"),
        ("primus.connect_on_init", SettingType.BOOL, True, ""),
        ("primus.hsms.hsm0.host", SettingType.STRING, None, ""),
        ("primus.hsms.hsm0.port", SettingType.STRING, None, "1–65535"),
        ("primus.hsms.hsm12.priority", SettingType.INT, 0, "0–127"),
        ("primus.hsms.any.slots", SettingType.GROUP, None, ""),
        ("primus.hsms.hsm0.slots.slot0.user_name", SettingType.STRING, None, ""),
        ("primus.hsms.hsm0.slots.slot3.id", SettingType.INT, None, "0–2147483647"),
        ("primus.log.file", SettingType.STRING, "/tmp/primus.log", ""),
        ("primus.log.write_syslog", SettingType.BOOL, True, ""),
        ("primus.log.trace_inout", SettingType.BOOL, False, ""),
        ("primus.log.trace_mask", SettingType.INT, 0, "0–2147483647"),
        ("primus.log.trace_level", SettingType.INT, 4, "0–7"),
    ],
)
def test_a_setting_is_described_as_the_vendor_documents_it(
    path: str, kind: SettingType, default: object, limits: str
) -> None:
    spec = spec_of(path)

    assert spec is not None
    assert (spec.type, spec.default, spec.limits) == (kind, default, limits)
    assert spec.meaning


@pytest.mark.parametrize(
    "path",
    ["", "host", "primus.host", "primus.hsms", "primus.hsms.hsm0", "primus.hsms.hsm0.slots.slot0", "a.b.c"],
)
def test_what_is_not_documented_has_no_description_but_the_groups_have(path: str) -> None:
    spec = spec_of(path)

    assert spec is None or spec.type is SettingType.GROUP


def test_passwords_are_marked_as_such() -> None:
    secret = {spec.name for level in Level for spec in level.specs.values() if spec.secret}
    assert secret == {"pin", "proxy_password"}
    assert [spec.name for spec in HSM_SETTINGS + SLOT_SETTINGS if spec.secret] == ["pin", "proxy_password"]


def test_what_a_slot_cannot_do_without_is_marked_as_required() -> None:
    assert [spec.name for spec in HSM_SETTINGS if spec.required] == ["host", "port", "slots"]
    assert [spec.name for spec in SLOT_SETTINGS if spec.required] == ["user_name", "id"]


# Reading


def test_the_cluster_of_the_vendors_template_is_read(cluster: Path) -> None:
    config = config_of(cluster.read_text())

    first, second = config.hsms
    assert (first.name, first.host, first.port, first.priority) == ("hsm1", "a-api.cloudshsm.com", "2310", 0)
    assert (second.name, second.path, second.priority) == ("hsm2", "primus.hsms.hsm2", 1)
    slot = second.slots[1]
    assert (slot.name, slot.hsm, slot.user_name, slot.id) == ("slot1", "hsm2", "PARTITION_NAME2", 2)
    assert (slot.client_id, slot.proxy_user) == ("Client_ID2", "SERVICE_USER")
    assert slot.path == "primus.hsms.hsm2.slots.slot1"
    assert not slot.has_clear_proxy_password
    assert config.unknown == first.unknown == slot.unknown == ()


def test_the_copies_of_a_partition_belong_together(cluster: Path) -> None:
    partitions = config_of(cluster.read_text()).partitions()

    assert {name: [f"{slot.hsm}.{slot.name}" for slot in slots] for name, slots in partitions.items()} == {
        "PARTITION_NAME1": ["hsm1.slot0", "hsm2.slot0"],
        "PARTITION_NAME2": ["hsm1.slot1", "hsm2.slot1"],
    }


def test_globals_and_log_are_complete_with_defaults() -> None:
    config = config_of("primus = { wait_delay = 9; log = { trace_level = 7; }; };")

    assert config.globals == {
        "version": "1.0",
        "wait_delay": 9,
        "wait_max_tries": 5,
        "connect_on_init": True,
    }
    assert config.log["trace_level"] == 7
    assert config.log["file"] == "/tmp/primus.log"
    assert set(config.log) == {spec.name for spec in LOG_SETTINGS}
    assert set(config.globals) == {"version"} | {
        spec.name for spec in GLOBAL_SETTINGS if spec.type is not SettingType.GROUP
    }


@pytest.mark.parametrize(
    "text", ["", "primus = 5;", "primus = { hsms = []; log = 1; };", "hsms = { hsm0 = {}; };"]
)
def test_a_file_without_hsms_is_read_as_one_without_hsms(text: str) -> None:
    config = config_of(text)

    assert config.hsms == ()
    assert config.partitions() == {}
    assert config.next_free_id == 0


def test_a_value_of_a_wrong_type_leaves_its_field_empty() -> None:
    (hsm,) = config_of(
        hsm_text('host = 5; priority = "1"; slots = { slot0 = { id = "1"; user_name = 2; }; };')
    ).hsms

    assert (hsm.host, hsm.port, hsm.priority) == (None, None, 0)
    assert (hsm.slots[0].id, hsm.slots[0].user_name, hsm.slots[0].client_id) == (None, None, None)
    assert config_of('primus = { wait_delay = "9"; };').globals["wait_delay"] is None


@pytest.mark.parametrize(
    ("written", "port"), [('"2310"', "2310"), ('" 23"', " 23"), ("2310", "2310"), ("true", None)]
)
def test_a_port_is_the_text_as_written_or_the_digits_of_an_int(written: str, port: str | None) -> None:
    (hsm,) = config_of(hsm_text(f"port = {written};")).hsms

    assert hsm.port == port


def test_clear_text_passwords_are_told_of_and_not_shown() -> None:
    config = config_of(hsm_text('pin = "geheim-1"; slots = { slot0 = { proxy_password = "geheim-2"; }; };'))

    (hsm,) = config.hsms
    assert hsm.has_clear_pin
    assert hsm.slots[0].has_clear_proxy_password
    assert "geheim" not in repr(config) + repr(hsm) + repr(hsm.slots[0])


def test_unknown_settings_are_kept_with_the_group_that_they_stand_in() -> None:
    config = config_of(
        'extra = 1; primus = { more = "x"; log = { depth = 2; }; hsms = { stray = 3; hsm0 = { region = 4;'
        " slots = { other = 5; slot0 = { tag = 6; }; }; }; }; };"
    )

    (hsm,) = config.hsms
    assert [setting.path for setting in config.unknown] == [
        "extra",
        "primus.more",
        "primus.hsms.stray",
        "primus.log.depth",
    ]
    assert [setting.path for setting in hsm.unknown] == [
        "primus.hsms.hsm0.region",
        "primus.hsms.hsm0.slots.other",
    ]
    assert [setting.name for setting in hsm.slots[0].unknown] == ["tag"]


def test_a_documented_group_in_the_wrong_place_is_no_hsm() -> None:
    config = config_of("primus = { hsms = { slots = { }; backup = { }; }; };")

    assert [hsm.name for hsm in config.hsms] == ["backup"]
    assert [setting.name for setting in config.unknown] == ["slots"]


def test_what_an_included_file_holds_is_read(tmp_path: Path) -> None:
    (tmp_path / "hsm0.cfg").write_text('hsm0 = { host = "h"; };\n')
    document = parse('primus = { hsms = {\n@include "hsm0.cfg"\n}; };', include_dir=tmp_path)

    config = read(document)
    (hsm,) = config.hsms
    assert (hsm.host, config.setting_of(hsm).read_only) == ("h", True)


# Short paths


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("hsm0.slot0.user_name", "primus.hsms.hsm0.slots.slot0.user_name"),
        ("hsm0.slots.slot0.user_name", "primus.hsms.hsm0.slots.slot0.user_name"),
        ("hsms.hsm0.slot0.user_name", "primus.hsms.hsm0.slots.slot0.user_name"),
        ("primus.hsms.hsm0.slot0.user_name", "primus.hsms.hsm0.slots.slot0.user_name"),
        ("primus.hsms.hsm0.slots.slot0.user_name", "primus.hsms.hsm0.slots.slot0.user_name"),
        ("hsm0.port", "primus.hsms.hsm0.port"),
        ("hsm0.slot1", "primus.hsms.hsm0.slots.slot1"),
        ("hsm0", "primus.hsms.hsm0"),
        ("log.trace_level", "primus.log.trace_level"),
        ("wait_delay", "primus.wait_delay"),
        ("version", "version"),
        ("primus", "primus"),
    ],
)
def test_a_short_path_stands_for_the_full_one(short: str, full: str) -> None:
    document = parse(SOUND)

    assert resolve_path(document, short) == full
    assert resolve_path(document, short_path(full)) == full


def test_elements_and_unknown_settings_have_paths_too() -> None:
    document = parse(hsm_text('region = "x"; tags = [ 1, 2 ];'))

    assert resolve_path(document, "hsm0.region") == "primus.hsms.hsm0.region"
    assert resolve_path(document, "hsm0.tags.[1]") == "primus.hsms.hsm0.tags.[1]"


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("hsm0.prot", "did you mean hsm0.port"),
        ("hsm0.slot0.username", "did you mean hsm0.slot0.user_name?"),
        ("hsm7.port", "there is: hsm0, hsm1"),
        ("hsm0.slot7.id", "there is: hsm0.slot0, hsm0.slot1"),
        ("hsm0.pn", "did you mean hsm0.pin"),
        ("log.trace_filname", "did you mean log.trace_filename"),
        ("log.trace_lvl", "did you mean log.trace_level"),
        ("zebra", "a path begins with one of: hsm0, hsm1, wait_delay"),
        ("hsm0.zebra", "in hsm0 there is: host, port, priority, slots, slot0, slot1, pin"),
        ("hsm0.port.zebra", "there is nothing in hsm0.port"),
        ("", "a path begins with"),
        ("hsm0..port", "in hsm0 there is"),
        ("hsm0.port.", "there is nothing in hsm0.port"),
    ],
)
def test_an_unknown_path_is_answered_with_what_is_there(path: str, remedy: str) -> None:
    with pytest.raises(PpinuiError) as error:
        resolve_path(parse(SOUND, "/etc/primus/primus.cfg"), path)

    assert error.value.message == f"there is no setting {path!r}"
    assert error.value.place == "/etc/primus/primus.cfg"
    assert remedy in error.value.remedy


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("hsm0.slot0.client_id", "primus.hsms.hsm0.slots.slot0.client_id"),
        ("hsm0.pin", "primus.hsms.hsm0.pin"),
        ("log.trace_pid", "primus.log.trace_pid"),
        ("hsm0.port", "primus.hsms.hsm0.port"),
    ],
)
def test_a_documented_setting_that_is_not_there_yet_has_a_path_where_it_may_be_made(
    path: str, full: str
) -> None:
    document = parse(edited(('client_id = "app"; /* 00 */', "")))

    assert resolve_path(document, path, must_exist=False) == full


def test_a_setting_that_nobody_documents_is_not_made_by_a_typo() -> None:
    with pytest.raises(PpinuiError, match=r"there is no setting 'hsm0\.prot'"):
        resolve_path(parse(SOUND), "hsm0.prot", must_exist=False)


# Speed


def test_a_thousand_hsms_are_read_quickly() -> None:
    slots = "".join(
        f'slot{n}:\n{{\n client_id = "c";\n user_name = "P{n}"; /* comment */\n id = {n};\n}};\n'
        for n in range(4)
    )
    hsms = "".join(
        f'hsm{n}:\n{{\n host = "h{n}.example.com";\n port = "2310";\n slots:\n{{\n{slots}}};\n}};\n'
        for n in range(1000)
    )
    document = parse(f"primus:\n{{\nhsms:\n{{\n{hsms}}};\n}};\n")

    start = time.process_time()
    config = read(document)
    seconds = time.process_time() - start

    assert len(config.slots) == 4000
    assert seconds < 1.5  # ten times what it takes, so that a busy machine does not fail
