"""The demo's primus.cfg is one that a newcomer can learn from: commented, complete, without problems."""

from __future__ import annotations

from pathlib import Path

from ppinui.config.additions import add_slot
from ppinui.config.checks.registry import check_text
from ppinui.config.primus_config import read
from ppinui.demo.demo_config import Endpoint, Partition, configuration
from ppinui.diagnostic import Severity
from ppinui.libconfig.document import parse

ENDPOINTS = (
    Endpoint("127.0.0.1", 4001, (Partition("A", 0), Partition("B", 1))),
    Endpoint("127.0.0.1", 4002, (Partition("C", 2), Partition("D", 3))),
)


def test_it_says_what_it_was_made_of() -> None:
    config = read(parse(configuration(ENDPOINTS, Path("/tmp/primus.log"))))

    assert [(hsm.name, hsm.host, hsm.port) for hsm in config.hsms] == [
        ("hsm0", "127.0.0.1", "4001"),
        ("hsm1", "127.0.0.1", "4002"),
    ]
    assert [(slot.hsm, slot.name, slot.user_name, slot.id) for slot in config.slots] == [
        ("hsm0", "slot0", "A", 0),
        ("hsm0", "slot1", "B", 1),
        ("hsm1", "slot0", "C", 2),
        ("hsm1", "slot1", "D", 3),
    ]
    assert config.log["file"] == "/tmp/primus.log"


def test_it_has_comments_of_all_three_kinds() -> None:
    comments = [comment.text for comment in parse(configuration(ENDPOINTS, Path("/l"))).comments()]

    assert {comment[:2] for comment in comments} >= {"/*", "//"}
    assert any(comment.startswith("#") for comment in comments)


def test_it_has_no_errors_to_be_checked() -> None:
    problems = check_text(configuration(ENDPOINTS, Path("/var/log/primus.log")), "primus.cfg")

    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []


def test_a_path_with_quotes_and_backslashes_is_written_as_libconfig_wants_it() -> None:
    odd = Path('/tmp/a "b" \\t c/primus.log')

    assert read(parse(configuration(ENDPOINTS, odd))).log["file"] == str(odd)


def test_a_slot_added_to_it_looks_like_its_siblings() -> None:
    document = parse(configuration(ENDPOINTS, Path("/l")))
    edited, _ = add_slot(document, "hsm0", user_name="E", id=4)

    assert "}; /* end slot2 */\n" in edited.text
