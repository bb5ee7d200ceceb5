"""The primus.cfg that a set-up wants: new, added to what is there, and again without any change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ppinui.config.checks.registry import check_document
from ppinui.config.primus_config import read
from ppinui.diagnostic import Severity
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, parse
from ppinui.setup.config_plan import ConfigPlan, PlannedHsm, PlannedPartition, draft, other_hsms

MASTER = PlannedHsm("ch01-api.cloudshsm.com", "2310", 0, "master of CloudHSM ECO01/ECO02")
CLONE = PlannedHsm("ch02-api.cloudshsm.com", "2310", 1, "clone of CloudHSM ECO01/ECO02")
PAYMENTS, SIGNING = PlannedPartition("PAYMENTS"), PlannedPartition("SIGNING", 7, "signer")
WANTED = ConfigPlan((MASTER, CLONE), (PAYMENTS, SIGNING), "eqabxrfnqqos")

OLD = """\
// ours
version = "1.0";
primus: {
  hsms: {
    hsm3: { host = "CH01-api.cloudshsm.com."; port = "2310"; priority = 5; // ours too
      slots: { slot0: { user_name = "PAYMENTS"; id = 4; client_id = "shop"; proxy_user = "old"; }; };
    };
    lab: { host = "10.0.0.1"; port = "2310"; slots: { }; };
  };
};
"""


def slots_of(document: Document) -> list[tuple[str, str | None, int | None, str | None, str | None]]:
    return [
        (slot.hsm, slot.user_name, slot.id, slot.client_id, slot.proxy_user) for slot in read(document).slots
    ]


def test_a_new_file_is_in_the_vendors_style_and_nothing_is_wrong_with_it() -> None:
    document = draft(None, WANTED, "primus.cfg")

    config = read(document)
    assert [(hsm.name, hsm.host, hsm.port, hsm.priority) for hsm in config.hsms] == [
        ("hsm0", "ch01-api.cloudshsm.com", "2310", 0),
        ("hsm1", "ch02-api.cloudshsm.com", "2310", 1),
    ]
    assert slots_of(document) == [
        (hsm, *slot)
        for hsm in ("hsm0", "hsm1")
        for slot in (("PAYMENTS", 0, "PAYMENTS", "eqabxrfnqqos"), ("SIGNING", 7, "signer", "eqabxrfnqqos"))
    ]
    assert [problem for problem in check_document(document) if problem.severity is not Severity.NOTE] == []
    for comment in (
        "/*--- HSM1, clone of CloudHSM ECO01/ECO02 */",
        "/* end slot1 */",
        "}; /* end hsms */",
        "/* PKCS#11 slot id, the same on every HSM */",
    ):
        assert comment in document.text


def test_without_a_proxy_there_is_no_line_about_one() -> None:
    assert "proxy" not in draft(None, replace(WANTED, proxy_user=None), "primus.cfg").text


def test_names_with_quotes_are_written_as_they_are() -> None:
    wanted = replace(WANTED, partitions=(PlannedPartition("P", client_id='the "shop"\\'),))

    assert slots_of(draft(None, wanted, "f"))[0][3] == 'the "shop"\\'


@pytest.mark.parametrize("old", [None, parse(OLD)])
def test_a_second_time_changes_nothing(old: Document | None) -> None:
    once = draft(old, WANTED, "primus.cfg")

    assert draft(once, WANTED, "primus.cfg").text == once.text


def test_what_is_there_stays_but_for_what_is_wanted_otherwise() -> None:
    document = draft(parse(OLD), WANTED, "primus.cfg")

    config = read(document)
    assert [(hsm.host, hsm.priority) for hsm in config.hsms] == [
        ("CH01-api.cloudshsm.com.", 0),
        ("10.0.0.1", 0),
        ("ch02-api.cloudshsm.com", 1),
    ]
    assert slots_of(document)[:2] == [
        ("hsm3", "PAYMENTS", 4, "shop", "eqabxrfnqqos"),
        ("hsm3", "SIGNING", 7, "signer", "eqabxrfnqqos"),
    ]
    assert [slot[1:3] for slot in slots_of(document)[2:]] == [("PAYMENTS", 4), ("SIGNING", 7)]
    assert "// ours\n" in document.text
    assert "// ours too" in document.text
    assert [hsm.name for hsm in other_hsms(config, WANTED)] == ["lab"]


def test_an_id_that_another_partition_has_is_an_error() -> None:
    wanted = replace(WANTED, partitions=(PlannedPartition("SIGNING", 4),))

    with pytest.raises(PpinuiError, match=r"id 4 belongs to hsm3\.slot0"):
        draft(parse(OLD), wanted, "primus.cfg")


def test_the_log_goes_where_it_is_wanted() -> None:
    wanted = replace(WANTED, log_file="/srv/log/primus.log")

    assert read(draft(None, wanted, "f")).log["file"] == "/srv/log/primus.log"
    assert read(draft(parse(OLD), wanted, "f")).log["file"] == "/srv/log/primus.log"
