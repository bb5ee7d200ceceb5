"""Every command line of ours that README shows is one that the program understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ppinui.cli.command_grammar import build_parser, parse
from ppinui.cli.man_page import commands
from tests.readme.blocks import fenced_blocks
from tests.rig.program import CHECKOUT

README = (CHECKOUT / "README.md").read_text()
NAMES = {command.prog for command in commands(build_parser())}
_START = re.compile(
    r"(?:[$#] )?(?:.* \| )?(?:ExecStart=\S*/)?(?:sudo (?:-\w+ (?:[a-z]\w* )?)*)?(?:[A-Z_]+=\S+ )*(?=ppinui )"
)
_END = re.compile(r" (?:\d?[<>]\S+|\||;|&&|#).*$")


def command_lines(markdown: str) -> Iterator[str]:
    """What stands behind ``ppinui`` in blocks of code and between back-quotes, without the shell's part."""
    lines = [
        line
        for block in fenced_blocks(markdown)
        for line in "\n".join(block.lines).replace("\\\n", " ").splitlines()
    ]
    for line in [*lines, *spans(re.sub(r"(?ms)^```.*?^```$", "", markdown))]:
        if start := _START.match(line):
            yield _END.sub("", line[start.end() :]).removeprefix("ppinui ")


def spans(text: str) -> list[str]:
    """What stands between back-quotes."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def table_of_commands(markdown: str) -> Iterator[str]:
    """What README's table of ppin's commands and ours has, as it would stand behind ``ppinui``."""
    table = markdown.partition("\n| ppin | ")[2].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        theirs, ours, _ = row.strip("|").split("|")
        yield from spans(theirs)
        group = ""
        for words in spans(ours):
            # "`secret import`, `export`": what one leaves out stands in the one before.
            first, _, rest = words.partition(" ")
            group = f"{first} " if rest else group
            yield words if rest else group + words


@pytest.mark.parametrize("line", sorted(set(command_lines(README))))
def test_a_command_line_is_understood(line: str) -> None:
    understand(line)


@pytest.mark.parametrize("line", list(table_of_commands(README)))
def test_the_table_of_commands_is_understood(line: str) -> None:
    understand(line)


def understand(line: str) -> None:
    """Raises PpinuiError for what the grammar does not have. A command's mere name stands for the command."""
    if f"ppinui {line}" in NAMES:
        return
    words = shlex.split(line.replace("COMMAND -h", "config -h"))
    with suppress(SystemExit):  # after --help
        parse(words)


def test_the_words_of_a_shell_are_told_from_ours() -> None:
    markdown = """
Call `ppinui
doctor`, or `ppin -l`, or `ppinui.cli`:
```
$ sudo -u signer -H PPINUI_KEYRING=vault ppinui -l --keyring vault | cat
# ppinui run -- nginx -g 'off;' 3</run/file
cat pins | ppinui --test 2>/dev/null
ppinui config set a=1 \\
    b=2   # both
ExecStart=/usr/local/bin/ppinui secret status
  fix: ppinui what is shown
```
"""
    assert list(command_lines(markdown)) == [
        "-l --keyring vault",
        "run -- nginx -g 'off;'",
        "--test",
        "config set a=1      b=2  ",
        "secret status",
        "doctor",
    ]
