"""The marked blocks of README.md, run one after another on a new machine: they show what README shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.program import CHECKOUT
from tests.primus_sim.stand import Parts
from tests.readme.blocks import Block, marked_blocks
from tests.readme.machine import Machine

BLOCKS = marked_blocks((CHECKOUT / "README.md").read_text())


@pytest.fixture(scope="module")
def complaints(primus_parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Block, str]]:
    """What is not as it says, of each block. All are run, in order, whichever are asked for."""
    with Machine(tmp_path_factory.mktemp("reader") / "machine", primus_parts) as machine:
        yield {block: machine.do(block) for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line {block.line}, {block.heading}")
def test_a_block_does_what_readme_shows(block: Block, complaints: dict[Block, str]) -> None:
    assert complaints[block] == ""
