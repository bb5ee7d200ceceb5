"""The configuration that is made for one slot: what stays, what is forced, and that libconfig reads it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import libconf
import pytest

from ppinui.config.primus_config import PrimusConfig, read
from ppinui.config.single_slot import slot_configuration
from ppinui.libconfig.document import encode, parse
from tests.libconfig.c_libconfig import Tree, Witness

LOG = "/run/ppinui/private.log"

RICH = """\
version = "1.0";
site = { name = "Zurich" /* as in */ "-1"; racks = [ 0x0A, 11 ]; mixed = ( 1, "two", { three = 3L; } ); };
primus:
{
  wait_delay = 0xFA; # as it is written
  future = "kept";
  connect_on_init = true;
  hsms:
  {
    comment = "stands among the HSMs";
    hsm0: { host = "other"; port = "1"; slots: { slot0: { user_name = "OTHER"; id = 9; }; }; };
    hsm1:
    {
      host = "h\\xc3\\xa4"; port = "2310"; priority = 3; pin = "setup-1";
      region = 7;
      slots:
      {
        note = "stands among the slots";
        slot0: { user_name = "ALPHA"; id = 1; proxy_user = "s"; proxy_password = "clear-1"; tag = 0x01L; };
        slot1: { user_name = "BETA"; id = 2; };
      };
    };
  };
  log: { file = "/tmp/primus.log"; trace_level = 7; trace_mask = 7; write_log_file = false; colour = true; };
};
"""


def extracted(config: PrimusConfig, path: str, log_file: str = LOG) -> str:
    (slot,) = [slot for slot in config.slots if slot.path.endswith(path)]
    return slot_configuration(config, slot, log_file=log_file)


def plain(tree: Tree) -> Any:
    """Values without their kinds."""
    _, held = tree
    if isinstance(held, dict):
        return {name: plain(child) for name, child in held.items()}
    return [plain(child) for child in held] if isinstance(held, list) else held


def read_by_c(witness: Witness, text: str) -> Any:
    (verdict,) = witness.read([encode(text)])
    assert verdict.accepted
    return plain(verdict.tree())


def test_it_holds_that_slot_and_its_hsm_and_all_that_is_global(witness: Witness) -> None:
    text = extracted(read(parse(RICH)), "hsm1.slots.slot0")

    held = read_by_c(witness, text)
    log = held["primus"].pop("log")
    assert held == {
        "version": "1.0",
        "site": {"name": "Zurich-1", "racks": [10, 11], "mixed": [1, "two", {"three": 3}]},
        "primus": {
            "wait_delay": 250,
            "future": "kept",
            "connect_on_init": False,
            "hsms": {
                "comment": "stands among the HSMs",
                "hsm1": {
                    "host": "hä",
                    "port": "2310",
                    "priority": 3,
                    "pin": "setup-1",
                    "region": 7,
                    "slots": {
                        "note": "stands among the slots",
                        "slot0": {
                            "user_name": "ALPHA",
                            "id": 1,
                            "proxy_user": "s",
                            "proxy_password": "clear-1",
                            "tag": 1,
                        },
                    },
                },
            },
        },
    }
    assert log == {
        "colour": True,
        "file": LOG,
        "write_log_file": True,
        "write_syslog": False,
        "trace_level": 4,
        "trace_mask": 0,
        "trace_timestamp": True,
        "trace_function": True,
        "trace_pid": True,
        "trace_linenumber": False,
        "trace_inout": False,
        "trace_filename": False,
    }


def test_values_stand_as_they_are_written() -> None:
    text = extracted(read(parse(RICH)), "hsm1.slots.slot0")

    for written in ("wait_delay = 0xFA;", "tag = 0x01L;", 'host = "h\\xc3\\xa4";', "racks = [ 0x0A, 11 ];"):
        assert written in text


@pytest.mark.parametrize("name", ["cluster", "standalone"])
def test_every_slot_of_the_vendors_templates_gets_a_text_that_both_libconfigs_read(
    name: str, request: pytest.FixtureRequest, witness: Witness
) -> None:
    example: Path = request.getfixturevalue(name)
    config = read(parse(example.read_text()))

    for slot in config.slots:
        text = slot_configuration(config, slot, log_file=LOG)

        held = read_by_c(witness, text)
        assert libconf.loads(text) == held
        (hsm,) = held["primus"]["hsms"].values()
        assert hsm["slots"] == {
            slot.name: {
                key: value
                for key in ("client_id", "user_name", "proxy_user", "id")
                if (value := getattr(slot, key)) is not None
            }
        }


def test_a_file_without_log_and_globals_gets_what_a_test_needs(witness: Witness) -> None:
    config = read(parse("primus = { hsms = { hsm0 = { slots = { slot0 = { id = 0 } } } } } # end\n"))

    held = read_by_c(witness, extracted(config, "slot0"))

    assert held["primus"]["connect_on_init"] is False
    assert held["primus"]["log"]["file"] == LOG
    assert held["primus"]["hsms"] == {"hsm0": {"slots": {"slot0": {"id": 0}}}}


@pytest.mark.parametrize(
    "log_file", ['/tmp/a "b"/\\c.log', "/tmp/tab\t.log", "/tmp/ä.log", "/tmp/\udcff.log"]
)
def test_any_name_of_a_log_file_can_be_written(log_file: str, witness: Witness) -> None:
    held = read_by_c(witness, extracted(read(parse(RICH)), "hsm1.slots.slot1", log_file))

    assert held["primus"]["log"]["file"] == log_file


def test_included_files_are_written_out(tmp_path: Path, witness: Witness) -> None:
    (tmp_path / "globals.cfg").write_text('site = { name = "Bern"; # with a comment\n};\n')
    (tmp_path / "hsm0.cfg").write_text('hsm0 = { host = "h"; slots = {\n@include "slots.cfg"\n}; };\n')
    (tmp_path / "slots.cfg").write_text('slot0 = { user_name = "P"; extra = { a = ( 1, [ 2 ] ); }; };\n')
    text = '@include "globals.cfg"\nprimus = { hsms = {\n@include "hsm0.cfg"\n}; };\n'

    config = read(parse(text, include_dir=tmp_path))
    made = extracted(config, "slot0")

    held = read_by_c(witness, made)
    assert held["site"] == {"name": "Bern"}
    assert held["primus"]["hsms"]["hsm0"] == {
        "host": "h",
        "slots": {"slot0": {"user_name": "P", "extra": {"a": [1, [2]]}}},
    }


def test_latin_1_bytes_stay_what_they_are() -> None:
    text = b'primus = { hsms = { hsm0 = { slots = { slot0 = { user_name = "M\xfcller"; }; }; }; }; };'
    config = read(parse(text.decode("utf-8", "surrogateescape")))

    assert b'"M\xfcller"' in encode(extracted(config, "slot0"))


def test_the_cost_is_that_of_one_hsm_not_of_the_file() -> None:
    slots = "".join(f'slot{n} = {{ user_name = "P{n}"; id = {n}; client_id = "c"; }};\n' for n in range(4))
    hsms = "".join(
        f'hsm{n} = {{ host = "h{n}"; port = "2310"; slots = {{\n{slots}}}; }};\n' for n in range(1000)
    )
    config = read(parse(f"primus = {{ hsms = {{\n{hsms}}}; }};\n"))

    start = time.process_time()
    texts = [slot_configuration(config, slot, log_file=LOG) for slot in config.slots]
    seconds = time.process_time() - start

    assert len(texts) == 4000
    assert max(map(len, texts)) < 1000
    assert seconds < 2
