"""The main job from beginning to end: a configuration is looked at, edited, checked, tested, and put back."""

from __future__ import annotations

import json
from pathlib import Path

from ppinui.demo.demo_config import Endpoint, Partition, configuration
from tests.rig.listeners import accepting
from tests.rig.program import ppinui
from tests.rig.softhsm import USER_PIN, SoftHsm


def test_an_hsm_moves_and_its_partitions_are_tested_where_it_is_now(tmp_path: Path, softhsm: SoftHsm) -> None:
    file = tmp_path / "primus.cfg"
    environ = {**softhsm.environ, "PPINUI_MODULE": str(softhsm.module), "SECUROSYS_PKCS11_CONF": str(file)}
    with accepting() as old_home, accepting() as new_home:
        partitions = (Partition("PARTITION-A", 0), Partition("PARTITION-B", 1))
        text = configuration([Endpoint(old_home.host, old_home.port, partitions)], tmp_path / "primus.log")
        file.write_text(text)
        old_home.close()

        down = ppinui("--test", environ=environ)
        assert down.code == 1
        assert "Number of failures: 2" in down.out

        moved = ppinui("config", "set", f"hsm0.port={new_home.port}", environ=environ)
        assert moved.code == 0, moved.err
        assert file.read_text() == text.replace(str(old_home.port), str(new_home.port))

        assert ppinui("config", "check", environ=environ).code == 0

        words = ["--user-name", "PARTITION-C", "--id", "2", "--client-id", "ppinui demo"]
        added = ppinui("config", "add-slot", "hsm0", *words, environ=environ)
        assert (added.code, added.out) == (0, "primus.hsms.hsm0.slots.slot2\n")

        up = ppinui("--test", "--crypto", "--format", "json", environ=environ, stdin=f"{USER_PIN}\n" * 3)
        assert up.code == 0, up.err
        found = json.loads(up.out)
        assert (found["tested_hsms"], found["partitions"], found["failures"]) == (1, 3, 0)
        assert {slot["port"] for slot in found["results"]} == {str(new_home.port)}

        assert ppinui("config", "remove", "hsm0.slot2", environ=environ).code == 0
        assert ppinui("config", "set", f"hsm0.port={old_home.port}", environ=environ).code == 0
        assert file.read_text() == text
