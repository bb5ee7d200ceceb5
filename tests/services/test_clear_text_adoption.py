"""Finding clear-text passwords in a primus.cfg, and the file without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.config.primus_config import read
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import parse
from ppinui.secrets.secret import Secret
from ppinui.services.clear_text_adoption import (
    ClearSecrets,
    files_with,
    find_clear_secrets,
    without_clear_secrets,
)

TEXT = """\
/* pin = "SETUP-1"; the first one, and proxy_password = "other" */
primus: { hsms: {
  hsm0: { host = "a"; port = "1";
    pin = "SETUP-1"; // given by the HSM's officer
    slots: {
      slot0: { user_name = "A"; id = 0; proxy_user = "S"; proxy_password = "geheim-1"; };
      slot1: { user_name = "B"; id = 1; proxy_user = "S";
        /* proxy_password = "geheim-1"; */
        proxy_password = "geheim" "-1";
      };
      slot2: { user_name = "A"; id = 2; };
    };
  };
}; };
"""


def found_in(text: str) -> ClearSecrets:
    return find_clear_secrets(read(parse(text)))


def test_each_password_is_found_once_with_all_its_places() -> None:
    found = found_in(TEXT)
    (proxy,) = found.proxies
    assert (proxy.user, proxy.password) == ("S", Secret("geheim-1"))
    assert proxy.paths == (
        "primus.hsms.hsm0.slots.slot0.proxy_password",
        "primus.hsms.hsm0.slots.slot1.proxy_password",
    )
    (pin,) = found.pins
    assert (pin.hsm, pin.setup_password, pin.partitions) == ("hsm0", Secret("SETUP-1"), ("A", "B"))
    assert "geheim" not in repr(found)
    assert "SETUP" not in repr(found)


def test_the_file_without_them_has_no_copy_either() -> None:
    text = without_clear_secrets(found_in(TEXT)).text
    assert "geheim" not in text
    assert "SETUP-1" not in text
    assert 'proxy_password = "other"' in text
    assert not found_in(text)
    assert read(parse(text)).hsms[0].slots[1].proxy_user == "S"


@pytest.mark.parametrize(
    ("slots", "message"),
    [
        ('slot0: { user_name = "A"; id = 0; proxy_password = "x"; };', "without a service user"),
        (
            'slot0: { user_name = "A"; id = 0; proxy_user = "S"; proxy_password = 1234; };',
            "a string in quotes",
        ),
        (
            'slot0: { user_name = "A"; id = 0; proxy_user = "S"; proxy_password = "x"; };'
            'slot1: { user_name = "B"; id = 1; proxy_user = "S"; proxy_password = "y"; };',
            "two different passwords",
        ),
    ],
)
def test_what_nobody_can_make_sense_of_is_an_error_with_its_line(slots: str, message: str) -> None:
    with pytest.raises(PpinuiError, match=message) as caught:
        found_in(f'primus: {{ hsms: {{ hsm0: {{ host = "a";\n slots: {{ {slots} }}; }}; }}; }};')
    assert caught.value.place.startswith("primus.cfg:2:")


def test_copies_of_the_file_are_found(tmp_path: Path) -> None:
    config = tmp_path / "primus.cfg"
    for name in ("primus.cfg", "primus.cfg.bak", "primus.cfg~", ".primus.cfg.swp", "other.cfg"):
        (tmp_path / name).write_text("geheim-1")
    (tmp_path / "primus.cfg.clean").write_text("nothing")
    names = [path.name for path in files_with([Secret("geheim-1")], config)]
    assert names == [".primus.cfg.swp", "primus.cfg.bak", "primus.cfg~"]
