"""The markers of README's blocks: what they mean, what is wrong with them, and what may differ."""

from __future__ import annotations

import pytest

from tests.readme.blocks import Block, Command, MarkerError, Reply, marked_blocks
from tests.readme.comparing import difference


def test_commands_have_what_they_show_below_them() -> None:
    text = "# One\n\n<!-- runs -->\n```\n$ first \\\n    --option\nshown\n\n$ second\n```\n"

    assert marked_blocks(text) == [
        Block(4, "One", (Command("first \\\n    --option", ("shown", "")), Command("second", ())))
    ]


def test_without_a_prompt_every_line_is_a_command_and_nothing_is_compared() -> None:
    (block,) = marked_blocks("<!-- runs -->\n```\nfirst  # and why\n\nsecond\n```\n")

    assert block.commands == (Command("first  # and why", None), Command("second", None))


def test_settings_have_a_line_each() -> None:
    (block,) = marked_blocks(
        '<!-- runs\nbefore: a: b\nbefore: c\nat "PIN: " type {it}\nat "Port [2310]:" type\nexit: 1 0\n'
        "scene: rain\nundone\n-->\n```\n$ x\n```\n"
    )

    assert (block.before, block.exits, block.scene, block.undone) == (("a: b", "c"), (1, 0), "rain", True)
    assert block.replies == (Reply("PIN: ", "{it}"), Reply("Port [2310]:", ""))


def test_a_block_may_be_the_output_of_a_command_that_is_not_shown() -> None:
    (block,) = marked_blocks("<!-- runs\noutput of: it | cat\n-->\n```\n$ shown\n```\n")

    assert block.commands == (Command("it | cat", ("$ shown",)),)


def test_a_block_may_be_a_file() -> None:
    (block,) = marked_blocks("<!-- file: answers.toml -->\n```toml\na = 1\n```\n")

    assert (block.file, block.text, block.commands) == ("answers.toml", "a = 1\n", ())


def test_other_blocks_other_comments_and_markers_inside_a_block_are_none() -> None:
    assert marked_blocks("<!-- note -->\n```\n$ x\n<!-- runs -->\n```\n") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!-- runs -->\n\n```\nx\n```\n", "line 1: a marker stands on the line before a fence"),
        ("```\nx\n```\n<!-- runs\nundone -->", "line 4: a marker stands on the line before a fence"),
        ("\n<!-- runs\nexit 1\n-->\n```\nx\n```\n", "'exit 1' is no setting"),
        ("<!-- runs\nexit: 1\nexit: 2\n-->\n```\nx\n```\n", "'exit: 2' is no setting"),
        ("<!-- runs quickly -->\n```\nx\n```\n", "'quickly' is no setting"),
        ("<!-- file -->\n```\nx\n```\n", "is no marker"),
    ],
)
def test_a_marker_that_cannot_be_understood_is_an_error(text: str, words: str) -> None:
    with pytest.raises(MarkerError, match=words):
        marked_blocks(text)


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        (["saved", "…", "end"], "saved\na\nb\nend\n"),
        (["saved", "…", "end"], "saved\nend\n"),
        (["at … of …"], "at one of two\n"),
        (["fetched (2026-11-21 01:37 UTC)"], "fetched (2031-01-02 23:59 UTC)"),
        (["valid 2026-11-21 to 2026-12-03; in 11 days"], "valid 2031-02-28 to 2031-03-12; in 11 days"),
        (['"milliseconds": 0.191,'], '"milliseconds": 12.5,'),
        (["on port 41925, id=1279540754"], "on port 60001, id=12795407"),
        (["/tmp/ppinui-demo-a7ee3bccb7/primus.cfg"], "/tmp/ppinui-demo-0123456789/primus.cfg"),
        (["mode 0640, root:primus"], "mode 0640, nobody:nogroup"),
        (["ok  version of keyring: 25.7.0"], "ok  version of keyring: 26.0"),
        (["saved"], "47 processes of other users could not be looked at; run as root\nsaved  \n"),
        (["", "first", ""], "first\n"),
    ],
)
def test_what_may_differ(expected: list[str], shown: str) -> None:
    assert difference(expected, shown) == ""


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        (["saved"], "saved\nmore\n"),
        (["saved", "more"], "saved\n"),
        (["at … of two"], "at one\nof two"),
        (["mode 0640, root:primus"], "mode 0644, root:primus"),
        (["to 2026-12-03; in 11 days"], "to 2026-12-03; in 12 days"),
        (["on port 2310"], "on port 2311"),
        (["(id=1)"], "(id=2)"),
        (["wait_delay = 250 ms"], "wait_delay = 251 ms"),
        (["firmware: 2.6"], "firmware: 216"),
        (["a", "b"], "a\n\nb"),
    ],
)
def test_what_may_not_differ(expected: list[str], shown: str) -> None:
    assert difference(expected, shown).startswith("--- README.md\n+++ shown\n")
