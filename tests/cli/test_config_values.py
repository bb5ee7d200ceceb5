"""Typed values: ``ppinui config set`` and the form accept and reject the same, and read the same in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.paths import resolve_path
from ppinui.config.value_input import parse_value
from ppinui.editing.form_fields import NotAllowedError, fields_of, read_value
from ppinui.libconfig.document import Document, Kind, Scalar, load
from tests.cli.edit_rig import edit

ACCEPTED = [
    ("connect_on_init", "false", False),
    ("connect_on_init", "FALSE", False),
    ("connect_on_init", " False ", False),
    ("hsm1.priority", "3", 3),
    ("hsm1.priority", " 3 ", 3),
    ("hsm1.priority", "+3", 3),
    ("hsm1.priority", "007", 7),
    ("hsm1.priority", "0X1f", 31),
    ("log.trace_mask", "0x05", 5),
    ("wait_delay", "2147483647", 2**31 - 1),
    ("hsm0.host", "hsm.example.com", "hsm.example.com"),
    ("hsm0.host", "2001:db8::1", "2001:db8::1"),
    ("hsm0.port", "2311", "2311"),
    ("hsm0.slot1.user_name", "A B", "A B"),
    ("hsm0.slot0.client_id", " x ", " x "),
    ("log.file", "C:\\temp", "C:\\temp"),
    ("retry_factor", "2.5", 2.5),
    ("retry_factor", " -1e3 ", -1000.0),
    ("retry_factor", ".5", 0.5),
    ("hsm0.slot1.color", "yes", "yes"),
    ("hsm0.slot1.color", "", ""),
]
REJECTED = [
    *(("connect_on_init", text) for text in ("yes", "no", "1", "0", "t", "on")),
    *(
        ("hsm1.priority", text)
        for text in ("0b11", "0o7", "1_0", "3L", "1.0", "high", "-1", "128", "0x80", "٣")
    ),
    *(("hsm1.priority", text) for text in ("+0x1", "-0x1", "0x", "٣", "--1", "3 4", "9" * 5000)),
    *(("wait_delay", text) for text in ("2147483648", "-1", "1e3")),
    *(("hsm0.host", text) for text in ("", "http://x", " x", "a b", "[::1]", "h:2310", "10.0.0.256", "x\ty")),
    *(("hsm0.port", text) for text in ("", "0", "65536", "http", " 2310", "0x10", "+1", "٣")),
    *(("hsm0.slot0.user_name", text) for text in ("", " ", " A", "A\tB")),
    *(("hsm0.slot0.client_id", text) for text in ("a\nb", "a\tb", "a\x7fb", "a\0b")),
    *(("retry_factor", text) for text in ("much", "inf", "nan", "1e400", "1_0", "0x1", ".", "1.5f")),
]


def form_value(document: Document, setting: str, text: str) -> Scalar | None:
    path = resolve_path(document, setting)
    field = next(one for one in fields_of(document, path.rpartition(".")[0]) if one.path == path)
    return read_value(field, text)


@pytest.mark.parametrize(("setting", "text", "value"), ACCEPTED)
def test_both_accept_and_read_the_same(setting: str, text: str, value: Scalar, config: Path) -> None:
    document = load(config)
    assert form_value(document, setting, text) == value

    assert edit(config, "set", f"{setting}={text}") == 0
    new = load(config).get(resolve_path(document, setting))
    assert new is not None
    assert (new.value, type(new.value)) == (value, type(value))


@pytest.mark.parametrize(("setting", "text"), REJECTED)
def test_both_reject(setting: str, text: str, config: Path) -> None:
    before = config.read_bytes()
    with pytest.raises(NotAllowedError):
        form_value(load(config), setting, text)

    assert edit(config, "set", f"{setting}={text}") == 2
    assert config.read_bytes() == before


@pytest.mark.parametrize(("setting", "text"), [("hsm0.host", "http://x"), ("hsm0.slot0.user_name", " A")])
def test_force_overrules_what_a_check_says_and_no_type(setting: str, text: str, config: Path) -> None:
    assert edit(config, "set", f"{setting}={text}", "--force") == 0
    assert edit(config, "set", "hsm0.port=http", "--force") == 2
    assert edit(config, "set", "connect_on_init=yes", "--force") == 2


def test_an_empty_text_takes_an_optional_setting_away_in_the_form_alone(config: Path) -> None:
    assert form_value(load(config), "log.file", "") is None

    assert edit(config, "set", "log.file=") == 0
    assert 'file = "";' in config.read_text()


@pytest.mark.parametrize(
    ("option", "text"), [("--port", "0x10"), ("--port", "٣"), ("--priority", "0b11"), ("--priority", "1_0")]
)
def test_options_that_become_settings_are_read_alike(option: str, text: str, config: Path) -> None:
    assert edit(config, "add-hsm", "--host", "c.example", option, text) == 2


def test_a_slot_id_is_read_alike(config: Path) -> None:
    assert edit(config, "add-slot", "hsm1", "--user-name", "NEW", "--id", "0b11") == 2
    assert edit(config, "add-slot", "hsm1", "--user-name", "NEW", "--id", "0x10") == 0
    assert "id = 16;" in config.read_text()


def test_an_undocumented_number_has_64_bits() -> None:
    assert parse_value("9223372036854775807", Kind.INT, None) == 2**63 - 1
    with pytest.raises(ValueError, match="64 bits"):
        parse_value("9223372036854775808", Kind.INT, None)
