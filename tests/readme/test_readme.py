"""The marked blocks of README.md, run one after another on a new machine: they show what README shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.primus_sim.stand import Parts
from tests.readme.blocks import PROMPT, Block, Command, Reply, fenced_blocks, marked_blocks
from tests.readme.machine import Machine
from tests.rig.program import CHECKOUT

README = (CHECKOUT / "README.md").read_text()
BLOCKS = marked_blocks(README)


@pytest.fixture(scope="module")
def machine(primus_parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("reader") / "machine", primus_parts) as machine:
        yield machine


@pytest.fixture(scope="module")
def complaints(machine: Machine) -> dict[Block, str]:
    """What is not as it says, of each block. All are run, in order, whichever are asked for."""
    return {block: machine.do(block) for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line {block.line}, {block.heading}")
def test_a_block_does_what_readme_shows(block: Block, complaints: dict[Block, str]) -> None:
    assert complaints[block] == ""


def test_whatever_readme_shows_of_the_program_is_run() -> None:
    unmarked = [block for block in fenced_blocks(README) if not block.marker]

    assert [block.line for block in unmarked if any(f"{PROMPT}ppinui" in line for line in block.lines)] == []


def test_the_program_is_the_installed_one_and_not_the_checkout(machine: Machine) -> None:
    asked = machine.run("command -v ppinui; python -c 'import ppinui; print(ppinui.__file__)'")

    assert asked.code == 0
    assert all("/machine/environment/" in line for line in asked.shown.splitlines())


def test_a_block_that_does_something_else_is_complained_of(machine: Machine) -> None:
    block = Block(
        1,
        "",
        (Command("echo one", ("two",)), Command("false", ()), Command("read -p 'name: ' it", ("name: x",))),
        before=("exit 3",),
        replies=(Reply("name:", "y"), Reply("PIN:", "{PIN of PAYMENTS}")),
    )

    assert [line for line in machine.do(block).splitlines() if line] == [
        "$ exit 3",
        "ended with 3, not 0:",
        "$ echo one",
        "--- README.md",
        "+++ shown",
        "@@ -1 +1 @@",
        "-two",
        "+one",
        "$ false",
        "ended with 1, not 0:",
        "$ read -p 'name: ' it",
        "--- README.md",
        "+++ shown",
        "@@ -1 +1 @@",
        "-name: x",
        "+name: y",
        "nobody asked: PIN:",
    ]
